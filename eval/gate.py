"""python -m eval gate RUN…: hold runs to the gates, and name what fails and which questions it is about."""

import argparse
import sys
from pathlib import Path

from eval.gates import GatesError, judge_runs, load_gates
from eval.verdicts import to_junit, to_markdown

EPILOG = """exit codes: 0 every gate holds; 1 one fails, the gates cannot be read, or a file cannot be written;
2 wrong arguments"""
GATES = Path(__file__).parent / "gates.toml"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval gate", description=__doc__, epilog=EPILOG)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of python -m eval run --out")
    parser.add_argument("--gates", type=Path, default=GATES, metavar="FILE", help="gates (default: eval/gates.toml)")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the summary, also printed, as Markdown")
    options = parser.parse_args(arguments)
    try:
        verdicts = judge_runs(options.runs, load_gates(options.gates))
        markdown = to_markdown(verdicts)
        print(markdown, end="")
        if options.markdown:
            options.markdown.write_text(markdown, encoding="utf-8")
        if options.junit:
            options.junit.write_text(to_junit(verdicts), encoding="utf-8")
    except (GatesError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0 if verdicts and all(verdict.passed for verdict in verdicts) else 1
