"""python -m eval validate SET...: whether question sets can be run: every line is a question, every quote is there.

Each line must fit eval/set.schema.json. Each quote of evidence must stand in its article as the index has it; one that
does not is a stale label: the article changed, or the quote was never in it. Labels are no matter of chunks.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from eval.metrics import contains
from eval.sets import SetError, SetQuestion, load_set, locate
from rag.errors import RagError
from rag.index import open_library
from rag.library import Library
from rag.settings import load_settings

EPILOG = """exit codes: 0 every set can be run; 1 a line is wrong, a label is stale, or the index cannot be read;
2 wrong arguments"""


def stale_labels(questions: Sequence[SetQuestion], library: Library) -> list[str]:
    """One sentence for each question with a quote that its article does not hold, with its line."""
    stale = []
    for question in questions:
        try:
            locate(question, library)
        except SetError as error:
            stale.append(f"line {question.line}: {error}")
    return stale


def doubtful_gold(questions: Sequence[SetQuestion]) -> list[str]:
    """One sentence for each gold group that no quote of its question holds; it may be wrong, or merely not quoted."""
    return [
        f"line {question.line}: {question.id}: no quote holds {' or '.join(group)}"
        for question in questions
        if question.evidence
        for group in question.gold
        if not any(contains(evidence.quote, alternative) for evidence in question.evidence for alternative in group)
    ]


def validate(path: Path, library: Library | None) -> list[str]:
    """Print what a set holds and what is doubtful in it; gives what is wrong. Without a library no label is checked."""
    try:
        questions = load_set(path)
    except SetError as error:
        return str(error).splitlines()
    types = Counter(question.type for question in questions)
    print(f"{path}: {len(questions)} questions: {', '.join(f'{type_} {count}' for type_, count in types.items())}")
    for doubt in doubtful_gold(questions):
        print(f"note: {path}, {doubt}")
    return [f"{path}, {stale}" for stale in (stale_labels(questions, library) if library else [])]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval validate", description=__doc__, epilog=EPILOG)
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")
    parser.add_argument("--form-only", action="store_true", help="check the lines alone, without an index")
    options = parser.parse_args(arguments)
    try:
        library = None if options.form_only else open_library(load_settings(index=options.index).index)
    except RagError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    problems = [problem for path in options.sets for problem in validate(path, library)]
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0
