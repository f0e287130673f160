"""python -m rag: ask in a terminal, and verify what was exported."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from rich.console import Console

from rag.asked import to_question
from rag.errors import RagError, ScopeError, exit_code
from rag.scope import read_scope
from rag.settings import Settings, load_settings
from rag.terminal import NOW, json_line, print_answer, print_search, standing_line, until_read
from rag.text import visible
from rag.types import ALL, Answer, Question, Scope
from rag.verify import STATES, read_export, verify

EPILOG = """exit codes: 0 answered (a refusal is an answer); 1 no usable index or model, or a line of --batch could not
be read; 2 wrong arguments or settings"""


VERIFY = "核对导出的对话：每一处引文是否仍在现有索引的文章里，是否移动、改动或消失。"
VERIFY_EPILOG = """exit codes: 0 every quote stands, if elsewhere; 1 some have changed or are gone; 2 no usable index or
export, wrong arguments"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["verify"]:
        return verify_command(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m rag", description="向文章库提问，每句话都带出处。", epilog=EPILOG)
    parser.add_argument("question", nargs="?", help="问题")
    parser.add_argument("--json", action="store_true", help="输出 JSON（字段见 docs/answer.md）")
    parser.add_argument("--explain", action="store_true", help="另外输出检索详情：查了什么，各候选段落为何排在那里")
    parser.add_argument("--show-prompt", action="store_true", help="只显示会发给大模型的提示词，不回答，也不发送")
    parser.add_argument("--batch", action="store_true", help="从标准输入逐行读 JSON 问题，逐行输出 JSON 回答")
    parser.add_argument("--index", type=Path, metavar="DIR", help="索引文件夹（默认 YINJU_INDEX，即 .index）")
    add_scope_options(parser)
    options = parser.parse_args(arguments)
    if options.batch == (options.question is not None):
        parser.error("请给出一个问题，或用 --batch 从标准输入读问题（二者取一）")
    try:
        scope = scope_of(options)
        question = to_question({"question": options.question or "", "scope": scope.to_json()})
    except ScopeError as error:
        parser.error(error.chinese)
    except ValueError:  # the shell gave bytes that are no text
        parser.error("问题或范围里有不是 UTF-8 的字符：请用 UTF-8 编码输入")
    if options.show_prompt and (options.batch or options.json or options.explain):
        parser.error("--show-prompt 只显示提示词，不能与 --batch、--json、--explain 同用")
    if options.batch and scope != ALL:
        parser.error("用 --batch 时，范围写在每行的 scope 里（见 docs/answer.md）")
    try:
        settings = load_settings(index=options.index)
        if options.batch:
            return answer_batch(settings, explain=options.explain)
        if options.show_prompt:
            return show_prompt(question, settings)
        return answer_one(question, settings, as_json=options.json, explain=options.explain)
    except RagError as error:
        return failed(error, exit_code(error))


def verify_command(arguments: list[str]) -> int:
    """Say of each quote of an export whether it still stands; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m rag verify", description=VERIFY, epilog=VERIFY_EPILOG)
    parser.add_argument("file", type=Path, metavar="FILE", help="导出的 .md、.html 或 .json，或 --json 输出的回答")
    parser.add_argument("--json", action="store_true", help="逐处输出一行 JSON（字段见 docs/history.md）")
    parser.add_argument("--index", type=Path, metavar="DIR", help="索引文件夹（默认 YINJU_INDEX，即 .index）")
    options = parser.parse_args(arguments)
    from rag.index import open_library  # imports of a second: not for --help

    try:
        library = open_library(load_settings(index=options.index).index)
        found = verify(read_export(options.file), library)
    except RagError as error:
        return failed(error, 2)
    for standing in found:
        print(json_line(standing.to_json()) if options.json else visible(standing_line(standing)))
    if not options.json:
        counts = "，".join(f"{NOW[state]} {sum(one.state == state for one in found)}" for state in STATES)
        print(f"共 {len(found)} 处引文：{counts}")
    return int(any(one.state in ("changed", "gone") for one in found))


def failed(error: RagError, code: int) -> int:
    """Say what is wrong on standard error; gives the exit code."""
    print(f"错误：{visible(error.chinese)}", file=sys.stderr)
    return code


def add_scope_options(parser: argparse.ArgumentParser) -> None:
    """The options that say which articles may answer."""
    scope = parser.add_argument_group("范围", "只在符合条件的文章里找答案；同一选项可以写多次，符合其中一个即可")
    scope.add_argument("--since", metavar="DATE", help="这一天及以后发表（YYYY-MM-DD；没有注明日期的文章不算）")
    scope.add_argument("--until", metavar="DATE", help="这一天及以前发表")
    scope.add_argument("--source", metavar="NAME", dest="sources", action="append", help="作者或发布者")
    scope.add_argument("--tag", metavar="TAG", dest="tags", action="append", help="标签")
    scope.add_argument(
        "--article", metavar="ID", dest="articles", action="append", help="文章：在文章库里的路径，不带后缀"
    )


def scope_of(options: argparse.Namespace) -> Scope:
    """The scope that the options give. Raises ScopeError."""
    return read_scope({name: getattr(options, name) for name in ("since", "until", "sources", "tags", "articles")})


def answer_one(question: Question, settings: Settings, *, as_json: bool, explain: bool) -> int:
    """Answer one question on standard output."""
    from rag.chain import AnswerChain  # imports of several seconds: not for --help

    console = Console(highlight=False)
    with Console(stderr=True).status("检索、阅读、核对……"):
        answer = AnswerChain(settings).invoke(question)
    if as_json:
        print(json_line(answer.to_json(explain=explain)))
        return 0
    print_answer(answer, console)
    if explain and answer.search:
        print_search(answer.search, console)
    return 0


def show_prompt(question: Question, settings: Settings) -> int:
    """Print the messages that an LLM would be sent for a question, with the hash of their file; nothing is sent.

    A question that asks several things is sent as several.
    """
    from rag.chain import AnswerChain
    from rag.prompt import PROMPTS, passages_before, prompt_messages

    chain = AnswerChain(settings.model_copy(update={"llm": ""}))
    generation = chain.index.current()
    path = PROMPTS / "answer.md"
    print(f"# prompts/{path.name}  sha256 {sha256(path.read_bytes()).hexdigest()[:12]}\n")
    for part in chain.parts(question):
        search = chain.retrieve(part, generation)
        before = passages_before(part, search.passages, generation.library, search.query.scope)
        messages, _ = prompt_messages(part, (*search.passages, *before), settings)
        for message in messages:
            print(f"## {message.type}\n{visible(str(message.content))}\n")
    return 0


def answer_batch(settings: Settings, *, explain: bool) -> int:
    """Answer the questions of standard input; gives the exit code."""
    from rag.chain import AnswerChain

    chain = AnswerChain(settings)
    chain.index.current()  # without one no line can be answered
    if isinstance(sys.stdin, TextIOWrapper):  # bytes that are no text spoil their line alone
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return answer_lines(sys.stdin, chain.invoke, explain=explain)


def answer_lines(lines: Iterable[str], ask: Callable[[Any], Answer], *, explain: bool = False) -> int:
    """Answer a JSON question per line with a JSON answer per line, in the same order, as they are ready.

    A line that cannot be read or answered gives {"id", "error"} in its place and the exit code 1.
    """
    code = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = None
        try:
            row = json.loads(line)
            result = ask(row).to_json(explain=explain)
        except (ValueError, ArithmeticError, RecursionError, RagError) as error:
            id_ = row.get("id") if isinstance(row, dict) else None
            problem = "it is nested too deeply" if isinstance(error, RecursionError) else error
            result, code = {"id": id_ if isinstance(id_, str) else "", "error": f"line {number}: {problem}"}, 1
        print(json_line(result), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(until_read(main))
