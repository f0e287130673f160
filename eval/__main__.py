"""python -m eval: run a question set and print what it measures; exit code 1 below a floor."""

import argparse
import json
import sys
import tomllib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from eval.run import by_type, run, summarize, to_lines
from eval.sets import SetError, load_set
from rag.errors import RagError
from rag.settings import load_settings

COLUMNS = ("questions", "evidence hit@5", "citation hit", "gold containment", "refusal", "joint accuracy")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval", description=__doc__)
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")
    parser.add_argument("--set", type=Path, default=Path("eval/sets/corpus.jsonl"), help="question set (JSON Lines)")
    parser.add_argument("--limit", type=int, help="only the first questions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the summary as JSON")
    parser.add_argument("--lines", type=Path, metavar="FILE", help="write one JSON line a question")
    parser.add_argument(
        "--floors", type=Path, metavar="FILE", help="TOML table of least (and, under [most], highest) values"
    )
    options = parser.parse_args(arguments)
    console = Console(width=120)
    try:
        settings = load_settings(index=options.index)
        questions = load_set(options.set)[: options.limit]
        from rag.chain import AnswerChain

        chain = AnswerChain(settings)
        judged = run(questions, chain)
    except (RagError, SetError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    summary = summarize(judged)
    types = by_type(judged)
    table = Table("type", *COLUMNS, title=f"{options.set.name} · {settings.llm or 'extractive'}")
    for type_, scores in {**types, "all": summary}.items():
        table.add_row(type_, *(f"{scores[c]:.3g}" if c in scores else "–" for c in COLUMNS))
    console.print(table)
    console.print("  ".join(f"{name} {value:.4g}" for name, value in summary.items()))
    if options.json:
        options.json.write_text(
            json.dumps({"all": summary, "types": types}, ensure_ascii=False, indent=1), encoding="utf-8"
        )
    if options.lines:
        options.lines.write_text(to_lines(judged), encoding="utf-8")
    missed = below_floors(summary, options.floors) if options.floors else []
    for message in missed:
        print(f"FAILED: {message}", file=sys.stderr)
    return 1 if missed else 0


def below_floors(summary: dict[str, float], path: Path) -> list[str]:
    """What a summary misses of the floors in a TOML file; a metric that was not measured misses too."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    missed = []
    for name, floor in table.get("least", {}).items():
        if summary.get(name, float("-inf")) < floor:
            missed.append(f"{name} is {summary.get(name, 'not measured')}, below {floor}")
    for name, ceiling in table.get("most", {}).items():
        if summary.get(name, float("inf")) > ceiling:
            missed.append(f"{name} is {summary.get(name, 'not measured')}, above {ceiling}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
