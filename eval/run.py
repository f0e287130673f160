"""python -m eval run SET…: run a question set and print what it measures."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from eval.floors import FloorsError, load_floors, missed_limits
from eval.sets import SetError, SetQuestion, load_set
from rag.errors import RagError
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from eval.scoring import Run

EPILOG = """exit codes: 0 every question was judged and no floor is missed; 1 a question failed, a floor is missed, or
index, set or settings cannot be used; 2 wrong arguments"""
COLUMNS = ("questions", "evidence hit@5", "citation hit", "gold containment", "joint accuracy")
RETRIEVAL_COLUMNS = (
    "questions",
    "article@1",
    "article MRR@10",
    "evidence hit@1",
    "evidence hit@5",
    "evidence recall@10",
    "MRR@10",
)
DEPTH = 10  # passages that --retrieval-only looks at, for the metrics at 10


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval run", description=__doc__, epilog=EPILOG)
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")
    parser.add_argument("set", type=Path, metavar="SET", help="question set (JSON Lines)")
    parser.add_argument("--tag", help="only the questions with this tag, such as tune or report")
    parser.add_argument("--limit", type=int, help="only the first questions")
    parser.add_argument("--retrieval-only", action="store_true", help="judge the passages; write no answers")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary as JSON")
    parser.add_argument(
        "--lines", type=Path, metavar="FILE", help="write a JSON line a question, with what became of its evidence"
    )
    parser.add_argument("--floors", type=Path, metavar="FILE", help="TOML with the [least] and [most] values allowed")
    options = parser.parse_args(arguments)
    if options.limit is not None and options.limit < 1:
        parser.error("--limit must be at least 1")
    try:
        settings = load_settings(index=options.index, passages=DEPTH if options.retrieval_only else None)
        limits = load_floors(options.floors) if options.floors else {}
        questions = [q for q in load_set(options.set) if options.tag is None or options.tag in q.tags]
        if not questions:
            raise SetError(f"no question of {options.set} has the tag {options.tag}")
        result = measure_set(questions[: options.limit], settings, options.retrieval_only)
    except (RagError, SetError, FloorsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    summary = result.to_json()
    print_summary(summary, options.set.name, RETRIEVAL_COLUMNS if options.retrieval_only else COLUMNS)
    if options.json:
        options.json.write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if options.lines:
        options.lines.write_text(result.to_lines(), encoding="utf-8")
    problems = [f"{id_}: {error}" for id_, error in result.failed.items()]
    problems += missed_limits(summary["all"], limits)
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0


def measure_set(questions: list[SetQuestion], settings: Settings, retrieval_only: bool) -> "Run":
    """Judge the questions against the index of the settings."""
    from eval.scoring import answers_of, passages_of, run  # imports of several seconds: not for --help
    from rag.chain import AnswerChain

    chain = AnswerChain(settings)
    library = chain.index.current().library
    return run(questions, library, passages_of(chain) if retrieval_only else answers_of(chain))


def print_summary(summary: dict[str, Any], title: str, columns: tuple[str, ...]) -> None:
    """A row of the main metrics for each type, all metrics of all questions, and what became of their evidence."""
    console = Console(width=120)
    table = Table("type", *columns, title=title)
    for type_, scores in {**summary["types"], "all": summary["all"]}.items():
        table.add_row(type_, *(shown(scores.get(name)) for name in columns))
    console.print(table)
    console.print("  ".join(f"{name} {shown(value)}" for name, value in summary["all"].items()))
    console.print("evidence:", "; ".join(f"{reason} {count}" for reason, count in summary["evidence"].items()))


def shown(value: float | None) -> str:
    """A number as it is printed: counts whole, measures to three decimals, a dash for None."""
    return "–" if value is None else f"{value}" if isinstance(value, int) else f"{value:.3f}"
