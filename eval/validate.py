"""python -m eval validate SET...: whether question sets can be run: every line is a question, every quote is there.

Each line must fit eval/set.schema.json. Each quote of evidence must stand in its article as the index has it; one that
does not is a stale label: the article changed, or the quote was never in it. Labels are no matter of chunks. What may
be meant so and is more often a slip is a note: a question that no answer can get right, or that any answer does.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from eval.metrics import contains, normalize_answer
from eval.sets import SetError, SetQuestion, load_set, locate
from rag.errors import RagError
from rag.index import open_library
from rag.library import Library
from rag.settings import load_settings

EPILOG = """exit codes: 0 every set can be run; 1 a line is wrong, a label is stale, or the index cannot be read;
2 wrong arguments"""


def stale_labels(questions: Sequence[SetQuestion], library: Library) -> dict[SetQuestion, str]:
    """The questions with a quote that its article does not hold, or an article that is not there, each with which."""
    stale = {}
    for question in questions:
        try:
            locate(question, library)
        except SetError as error:
            stale[question] = str(error)
    return stale


def doubts(question: SetQuestion, limit: int) -> Iterator[str]:
    """What is doubtful in a line by itself; `limit` is the longest question that is read, in code points."""
    quotes = [evidence.quote for evidence in question.evidence]
    if not question.answerable and quotes:
        yield "it has evidence, though the articles do not answer it"
    if len(question.question.text) > limit:
        yield f"the question is longer than the {limit} characters that YINJU_QUESTION_LIMIT allows, and is never read"
    for quote in quotes:
        if len(normalize_answer(quote)) < 2:
            yield f"the quote {quote!r} stands in too many places to settle anything"
    for group in question.gold:
        if quotes and not any(contains(quote, alternative) for quote in quotes for alternative in group):
            yield f"no quote holds {' or '.join(group)}"
        for string in question.forbid:
            told = [alternative for alternative in group if contains(alternative, string)]
            if told and not any(contains(quote, string) for quote in quotes):
                yield f"{told[0]} of gold holds {string} of forbid, and no quote does: an answer with it is wrong"
    if question.gold and all(any(contains(question.question.text, one) for one in group) for group in question.gold):
        yield "the question itself holds its gold: an answer that repeats it has it, too"


def doubts_of_scope(question: SetQuestion, library: Library) -> Iterator[str]:
    """What is doubtful in the scope of a question, all of whose labels are there."""
    within = library.articles_within(question.question.scope)
    if within is None:
        return
    if not within:
        yield "no article meets its scope: every answer to it is a refusal"
    elif outside := [evidence.article for evidence in question.evidence if evidence.article not in within]:
        yield f"its evidence in {outside[0]} is outside of its scope"


def unsaid(questions: Sequence[SetQuestion], library: Library) -> Iterator[tuple[SetQuestion, str]]:
    """Each gold group of a question without evidence that no article says or states of itself, with the question."""
    left = [(question, group) for question in questions if not question.evidence for group in question.gold]
    for id_ in library.article_ids():  # each is read once, until all is found
        if not left:
            break
        article = library.article(id_)
        stated = (article.title, article.author, article.publisher, article.published, article.url, *article.tags)
        words = "\n".join([*filter(None, stated), article.text])
        left = [(question, group) for question, group in left if not any(contains(words, one) for one in group)]
    return ((question, f"no article says {' or '.join(group)}") for question, group in left)


def validate(path: Path, library: Library | None, limit: int) -> list[str]:
    """Print what a set holds and what is doubtful in it; gives what is wrong. Without a library no label is checked."""
    try:
        questions = load_set(path)
    except SetError as error:
        return str(error).splitlines()
    types = Counter(question.type for question in questions)
    print(f"{path}: {len(questions)} questions: {', '.join(f'{type_} {count}' for type_, count in types.items())}")
    doubtful = [(question, doubt) for question in questions for doubt in doubts(question, limit)]
    stale = stale_labels(questions, library) if library else {}
    if library:
        located = [question for question in questions if question not in stale]
        doubtful += [(question, doubt) for question in located for doubt in doubts_of_scope(question, library)]
        doubtful += unsaid(located, library)
    for question, doubt in sorted(doubtful, key=lambda found: found[0].line):
        print(f"note: {path}, line {question.line}: {question.id}: {doubt}")
    return [f"{path}, line {question.line}: {label}" for question, label in stale.items()]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval validate", description=__doc__, epilog=EPILOG)
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")
    parser.add_argument("--form-only", action="store_true", help="check the lines alone, without an index")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(index=options.index)
        library = None if options.form_only else open_library(settings.index)
    except RagError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    problems = [problem for path in options.sets for problem in validate(path, library, settings.question_limit)]
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else 0
