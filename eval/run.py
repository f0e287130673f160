"""python -m eval run SET… --out DIR: answer and judge the questions of sets, and print what that measures.

DIR gets settings.json, lines.jsonl (a question a line) and summary.json. The same command with the same DIR goes on
with a run that was broken off. Extractive answers are the same at every run.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.records import STALE, Line, Recorded, RunError, RunFolder, claimed
from eval.sets import SetError, SetQuestion, load_set
from eval.summary import shown
from rag.errors import RagError, SettingsError
from rag.settings import Settings, load_settings
from rag.types import EXTRACTIVE

if TYPE_CHECKING:
    from eval.scoring import Judge
    from rag.chain import AnswerChain
    from rag.library import Library

EPILOG = """exit codes: 0 every question was judged; 1 a question failed, or index, set or settings cannot be used;
2 wrong arguments"""
COLUMNS = ("evidence hit@5", "citation hit", "gold containment", "joint accuracy")
RETRIEVAL_COLUMNS = ("article@1", "evidence hit@1", "evidence hit@5", "evidence recall@10", "MRR@10")
EVERYTHING_READ = {"reader_seconds": 60.0, "read_at_once": 1000}  # a run must not depend on the machine's load
DEPTH = 10  # passages that --retrieval-only looks at, for the metrics at 10
LLM, RETRIEVAL = "llm", "retrieval"

Sets = dict[str, list[SetQuestion]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval run", description=__doc__, epilog=EPILOG)
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET", help="question set (JSON Lines)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run (default: none is kept)")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument("--answerer", choices=(EXTRACTIVE, LLM), default=EXTRACTIVE, help="llm: that of YINJU_LLM")
    judged.add_argument("--retrieval-only", action="store_true", help="judge the passages; write no answers")
    parser.add_argument("--tag", help="only the questions with this tag, such as tune or report")
    parser.add_argument("--limit", type=positive, help="only the first questions of each set")
    parser.add_argument("--parallel", type=positive, default=1, metavar="N", help="questions at a time (1)")
    options = parser.parse_args(arguments)
    answerer = RETRIEVAL if options.retrieval_only else options.answerer
    try:
        sets = read_sets(options.sets, options.tag, options.limit)
        settings = settings_for(answerer, options.index)
        with tempfile.TemporaryDirectory() as scratch, claimed(options.out or Path(scratch)) as out:
            run = run_sets(settings, sets, options.sets, answerer, out, options)
    except (RagError, SetError, RunError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        kept = "; the same command goes on with it" if options.out else ", and nothing of it is kept without --out"
        print(f"the run is broken off{kept}", file=sys.stderr)
        return 130
    failed = failures(run.lines)
    for problem in failed:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if failed else 0


def failures(lines: Iterable[Line]) -> list[str]:
    """What each question failed of, on one line: an error may be words of an article."""
    return [f"{line['id']}: {' '.join(line['error'].split())}" for line in lines if line["error"]]


def positive(text: str) -> int:
    """A whole number from 1 on. Raises ValueError, which argparse reports."""
    if (number := int(text)) < 1:
        raise ValueError(f"{text} is below 1")
    return number


def read_sets(paths: Sequence[Path], tag: str | None, limit: int | None) -> Sets:
    """The questions of each set by its name. Raises SetError where none has the tag, and for a name twice."""
    sets: Sets = {}
    for path in paths:
        questions = [q for q in load_set(path) if tag is None or tag in q.tags]
        if not questions:
            raise SetError(f"no question of {path} has the tag {tag}")
        if path.stem in sets:
            raise SetError(f"two sets are named {path.stem}: rename one, so that a run can tell them apart")
        sets[path.stem] = questions[:limit]
    return sets


def settings_for(answerer: str, index: Path | None) -> Settings:
    """The settings of a run. Raises SettingsError where an LLM is to answer and none is named."""
    settings = load_settings(index=index, passages=DEPTH if answerer == RETRIEVAL else None, **EVERYTHING_READ)
    if answerer == LLM and not settings.llm:
        raise SettingsError("--answerer llm needs YINJU_LLM: set it to provider:model, such as openai:deepseek-chat")
    return settings if answerer == LLM else settings.model_copy(update={"llm": ""})


def run_sets(
    settings: Settings, sets: Sets, paths: Sequence[Path], answerer: str, out: Path, options: argparse.Namespace
) -> Recorded:
    """Answer and judge; prints the summaries and how long it took."""
    from rag.chain import AnswerChain  # imports of several seconds: not for --help

    chain = AnswerChain(settings)
    try:
        chain.warm()
        if foreign_aliases(settings.corpus, chain.index.current().library):
            told = "holds no article of the index: the aliases of its own articles are not used"
            print(f"warning: YINJU_CORPUS, {settings.corpus}, {told}; set it to the indexed folder", file=sys.stderr)
        started = time.perf_counter()
        run, asked = record_run(
            chain, sets, paths, answerer, out, tag=options.tag, limit=options.limit, parallel=options.parallel
        )
        seconds = time.perf_counter() - started
    finally:
        chain.close()
    for name, summary in run.summary().items():
        print_summary(summary, name, RETRIEVAL_COLUMNS if answerer == RETRIEVAL else COLUMNS)
    before = f"; {kept} were answered before" if (kept := len(run.lines) - asked) else ""
    print(f"{asked} questions in {seconds:.1f} s after loading, {asked / seconds:.1f} a second{before}")
    return run


def foreign_aliases(corpus: Path, library: "Library") -> bool:
    """Whether a folder, whose aliases.toml is used, holds no file that the index was made from."""
    paths = library.paths.values()
    return bool(paths) and not any((corpus / path).exists() for path in paths)


def record_run(
    chain: "AnswerChain",
    sets: Sets,
    paths: Sequence[Path],
    answerer: str,
    out: Path,
    *,
    tag: str | None = None,
    limit: int | None = None,
    parallel: int = 1,
) -> tuple[Recorded, int]:
    """The run in the folder `out`, made or completed, and the number of questions that were asked for it."""
    from eval.provenance import describe_run
    from eval.scoring import answers_of, passages_of

    generation = chain.index.current()
    asked = {path: len(questions) for path, questions in zip(paths, sets.values(), strict=True)}
    described = describe_run(chain.settings, generation, asked, answerer=answerer, tag=tag, limit=limit)
    folder = RunFolder(out, described)
    left = [(name, q) for name, questions in sets.items() for q in questions if (name, q.id) not in folder.done]
    judge = passages_of(chain) if answerer == RETRIEVAL else answers_of(chain)
    for line in judged_lines(left, generation.library, judge, parallel):
        folder.add(line)
    return folder.finish(), len(left)


def judged_lines(
    questions: Iterable[tuple[str, SetQuestion]], library: "Library", judge: "Judge", parallel: int = 1
) -> Iterator[Line]:
    """A line for each question, in order; one that raises, or whose evidence is stale, says so and stops no other."""
    with ThreadPoolExecutor(parallel) as threads:
        yield from threads.map(partial(_judged_line, library=library, judge=judge), questions)


def _judged_line(named: tuple[str, SetQuestion], library: "Library", judge: "Judge") -> Line:
    from eval.scoring import line_of
    from eval.sets import locate

    name, question = named
    try:
        return line_of(question, name, judge(question, locate(question, library)), None)
    except SetError as error:
        return line_of(question, name, None, f"{STALE}: {str(error).partition(f'{STALE}, ')[2]}")
    except Exception as error:  # whatever it is: the line tells it, and the run fails at its end
        return line_of(question, name, None, f"{type(error).__name__}: {error}")


def print_summary(summary: dict[str, Any], title: str, columns: Sequence[str]) -> None:
    """A row of the main metrics for each type, all metrics of all questions, and what became of their evidence."""
    console = Console(width=120)
    table = Table("type", *columns, title=f"{escape(title)}: {summary['questions']} questions")
    for type_, figures in {**summary["types"], "all": summary["all"]}.items():
        table.add_row(escape(type_), *(shown(figures.get(name)) for name in columns))
    console.print(table)
    console.print("  ".join(f"{name} {shown(figure)}" for name, figure in summary["all"].items()), highlight=False)
    console.print("evidence:", "; ".join(f"{reason} {count}" for reason, count in summary["evidence"].items()))
