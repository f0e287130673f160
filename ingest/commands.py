"""The commands beside the ingest itself: add, explain, list, status, history, rollback."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from ingest.add import add
from ingest.explain import explain, explain_html
from ingest.failures import read_failures
from ingest.furniture import learned_of, line_numbers, repeated_lines, source_of
from ingest.listing import list_articles
from ingest.load import load_article, read_bytes
from ingest.run import chunker_version
from ingest.status import read_status
from rag.backend import open_backend
from rag.embed import SentenceEmbedder
from rag.errors import IndexMissing, RagError
from rag.index import open_library, read_manifest
from rag.library import IndexedFile
from rag.settings import Settings, load_settings
from rag.text import visible
from rag.types import Article
from rag.writer import IndexWriter, history

SINCE = "%Y-%m-%d %H:%M"
ACTIONS = {"rollback": "从第 {from} 代退回", "restore": "从备份恢复（原第 {from} 代）"}


def parser_of(name: str, description: str, *, index: bool = True) -> argparse.ArgumentParser:
    """The parser of a command's arguments, with --index unless told otherwise."""
    parser = argparse.ArgumentParser(prog=f"python -m ingest {name}", description=description)
    if index:
        parser.add_argument("--index", type=Path, metavar="DIR", help="索引文件夹（默认 YINJU_INDEX，即 .index）")
    return parser


def add_command(arguments: list[str]) -> int:
    """Copy files, folders and web pages into the corpus."""
    parser = parser_of("add", "把文件、文件夹或网址的文章放进文章文件夹；不覆盖已有的文件。", index=False)
    parser.add_argument("sources", nargs="+", metavar="文件或网址", help="网址需先设 YINJU_ALLOW_URLS=1")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="文章文件夹（默认 YINJU_CORPUS，即 corpus）")
    parser.add_argument("--json", action="store_true", help="把结果写成一行 JSON")
    options = parser.parse_args(arguments)
    settings = load_settings(corpus=options.corpus)
    added = add(options.sources, settings.corpus, allow_urls=settings.allow_urls)
    failed = any(one.failed for one in added)
    if options.json:
        print(json.dumps([one.to_json() for one in added], ensure_ascii=False))
    else:
        for one in added:
            print(one.message)
        if not failed:
            print("再运行 python -m ingest，新文章就会进入索引。")
    return 1 if failed else 0


def explain_command(arguments: list[str]) -> int:
    """Show what was recognised of an article, and what was taken out and why."""
    parser = parser_of("explain", "显示一篇文章识别出了什么，删掉了什么、为什么；重复行的证据来自现有索引。")
    parser.add_argument("file", type=Path, metavar="文件", help="文章文件")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="文章文件夹（默认 YINJU_CORPUS，即 corpus）")
    parser.add_argument("--html", type=Path, metavar="FILE", help="另存为网页")
    options = parser.parse_args(arguments)
    settings = load_settings(corpus=options.corpus, index=options.index)
    path: Path = options.file.absolute()
    corpus = settings.corpus.absolute()
    if not path.is_relative_to(corpus):
        corpus = path.parent
    article = load_article(path, corpus, content := read_bytes(path))
    evidence = _repeated(article, settings)
    if evidence:
        article = load_article(path, corpus, content, evidence.keys())
    if options.html:
        _write_page(options.html, explain_html(article, evidence))
        print(f"已写入 {options.html}")
    else:
        explain(article, Console(highlight=False, soft_wrap=True), evidence)
    return 0


def _write_page(target: Path, page: str) -> None:
    try:
        target.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RagError(
            f"{target} cannot be written ({error.strerror}): choose another folder or name",
            f"{target} 写不进去（{error.strerror}）：请换一个文件夹或文件名",
        ) from error


def _repeated(article: Article, settings: Settings) -> dict[str, str]:
    """Keys of the article's lines that its source repeats, each with the evidence, from the published index."""
    try:
        library = open_library(settings.index)
    except RagError:
        return {}
    try:
        files = library.files()
    finally:
        library.close()
    lines = line_numbers(article.text)
    own = IndexedFile("", source_of(article), frozenset(lines))
    files[article.id] = own
    repeated = repeated_lines(files)
    total = sum(file.source == own.source for file in files.values())
    with_line = {number: repeated[own.source][number].articles for number in learned_of(article.id, own, repeated)}
    return {
        lines[number]: f"同一来源（{own.source}）的 {total} 篇文章里有 {count} 篇有这一行"
        for number, count in with_line.items()
    }


def list_command(arguments: list[str]) -> int:
    """List the indexed articles as they were recognised."""
    parser = parser_of("list", "索引里的每篇文章：识别出的日期、标题、作者和来源，新的在前，日期不明的在后。")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="文章文件夹（默认 YINJU_CORPUS，即 corpus）")
    parser.add_argument("--json", action="store_true", help="每篇写成一行 JSON")
    options = parser.parse_args(arguments)
    settings = load_settings(corpus=options.corpus, index=options.index)
    library = open_library(settings.index)
    try:
        listed = list_articles(settings.corpus, library, read_failures(settings.index))
        sentences = library.sentence_counts()
    finally:
        library.close()
    names = ("日期", "标题", "作者", "来源", "句数", "文件")
    table = Table(*(Column(name, overflow="fold") for name in names))  # no title or path is cut off
    indexed = [one for one in listed if one.status not in ("new", "failed")]
    for one in sorted(indexed, key=lambda one: one.metadata.published or "", reverse=True):
        about, count = one.metadata, sentences[one.id]
        if options.json:
            row = {"id": one.id, "file": one.name, **asdict(about), "sentences": count, "status": one.status}
            print(json.dumps(row, ensure_ascii=False))
        values = (about.published or "不明", about.title, about.author or "", about.publisher or "")
        table.add_row(*(Text(visible(v)) for v in (*values, str(count), one.name or "（文件已不在）")))
    if not options.json:
        Console(highlight=False).print(table)
        if waiting := len(listed) - len(indexed):
            print(f"另有 {waiting} 个文件不在索引里：python -m ingest 会编入，编不进的见 python -m ingest status。")
    return 0


def status_command(arguments: list[str]) -> int:
    """Tell what is indexed, since when, and which files failed."""
    parser = parser_of("status", "索引里有什么、从何时起、哪些文件失败及原因。退出码 1：没有可用的索引，或有文件失败。")
    parser.add_argument("--json", action="store_true", help="写成一行 JSON")
    options = parser.parse_args(arguments)
    status = read_status(load_settings(index=options.index).index)
    if options.json:
        print(json.dumps(status, ensure_ascii=False))
    else:
        _print_status(status)
    return 0 if status["usable"] and not status["failures"] else 1


def _print_status(status: Mapping[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if "generation" in status:
        created = datetime.fromisoformat(status["created"]).astimezone().strftime(SINCE)
        console.print(
            f"索引 {status['index']}：第 {status['generation']} 代，{created} 建成，{status['articles']} 篇文章，"
            f"{status['chunks']} 个文本块，向量模型 {status['model']}",
            markup=False,
        )
    if status["problem"]:
        console.print(f"不可用：{status['problem']}", style="red", markup=False)
    if status["writing"]:
        console.print("另一个进程正在更新索引。")
    if status["failures"]:
        table = Table("失败的文件", "原因", "从何时起", "试过", title_justify="left")
        for path, failure in status["failures"].items():
            since = datetime.fromisoformat(failure["since"]).strftime(SINCE)
            tries = f"{failure['tries']} 次" + ("，文件改动后再试" if failure["dead"] else "")
            table.add_row(path, failure["message"], since, tries)
        Console(highlight=False).print(table, markup=False)
    elif status["usable"]:
        console.print("没有失败的文件。")


def history_command(arguments: list[str]) -> int:
    """List what every publish changed."""
    parser = parser_of("history", "每一代索引：何时建成、改了什么，新的在前。")
    parser.add_argument("--json", action="store_true", help="每代写成一行 JSON，旧的在前")
    parser.add_argument("--limit", type=int, metavar="N", help="最多列几代，从最新的数起（默认 20；--json 时全部）")
    options = parser.parse_args(arguments)
    if options.limit is not None and options.limit < 1:
        parser.error("--limit 最小是 1")
    entries = history(load_settings(index=options.index).index)
    if options.json:
        for entry in entries[-(options.limit or len(entries)) :]:
            print(json.dumps(entry, ensure_ascii=False))
        return 0
    if not entries:
        raise IndexMissing(
            "there is no history yet: run python -m ingest first", "还没有历史：请先运行 python -m ingest"
        )
    table = Table("代", "时间", "做了什么", "新增", "更新", "移除", "失败")
    for entry in reversed(entries[-(options.limit or 20) :]):
        created = datetime.fromisoformat(entry["created"]).astimezone().strftime(SINCE)
        action = ACTIONS.get(entry.get("action", ""), "更新索引").format_map(entry)
        counts = [str(entry.get(name, "")) for name in ("added", "changed", "removed", "failed")]
        table.add_row(str(entry["generation"]), created, action, *counts)
    Console(highlight=False).print(table)
    return 0


def rollback_command(arguments: list[str]) -> int:
    """Make the generation before the published one the published one."""
    parser = parser_of(
        "rollback",
        "退回上一代索引；正开着的页面在下一个问题时换过去。"
        "watch 或下一次更新会重新跟上文章文件夹：请先改好有问题的文件。",
    )
    options = parser.parse_args(arguments)
    settings = load_settings(index=options.index)
    read_manifest(settings.index)
    embedder = SentenceEmbedder(settings.embedding_model)
    backend = open_backend(settings)
    with IndexWriter.locked(settings.index, embedder, chunker_version(settings.chunk_tokens), backend) as writer:
        manifest = writer.roll_back()
    print(f"已退回第 {manifest.generation} 代：{manifest.articles} 篇文章，{manifest.chunks} 个文本块")
    print("文章文件夹没有动：watch 或下一次更新会照它重新建索引，请先改好有问题的文件。")
    return 0
