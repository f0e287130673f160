"""python -m eval COMMAND: question sets, runs and what holds a release to them.

Each command is the function `main(arguments) -> int` of the module of its name, imported when it is called.
"""

import argparse
import sys
from importlib import import_module

COMMANDS = {
    "new": "draft questions from an article, for a person to accept or reject",
    "validate": "whether every line of a set is a question and every quote is in its article",
    "run": "answer and judge the questions of one or more sets",
    "gate": "hold runs to the gates, in CI",
    "accept": "make runs the baselines of the gates",
    "compare": "which questions were newly broken and newly fixed between two runs",
    "report": "a run as one HTML page, with every failed question and why it failed",
    "judge": "what an LLM makes of the answers of a run; never a gate",
    "convert": "a public reading-comprehension set as a corpus and a question set",
    "followups": "how well follow-ups are made to stand alone",
    "typing_errors": "what typing errors cost, and what correcting them gives back",
    "unsupported": "how often the check of an LLM's sentences flags what a text does not say",
    "voices": "how well it is told who says a sentence",
    "fit": "fit the weights of rag/measure.py",
    "fit_followups": "fit the weights of rag/mentions.py",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; gives its exit code."""
    listed = "\n".join(f"  {name:<15}{told}" for name, told in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m eval",
        description=f"commands (python -m eval COMMAND --help tells more):\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…")
    options = parser.parse_args(arguments)
    from rag.terminal import until_read  # not for --help

    return until_read(lambda: import_module(f"eval.{options.command}").main(options.arguments))


if __name__ == "__main__":
    sys.exit(main())
