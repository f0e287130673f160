"""python -m eval new ARTICLE SET: draft questions from an article, accept or reject each, and add them to a set.

ARTICLE is the id or the file of an article that is indexed. Without an LLM the drafts come from templates; with
YINJU_LLM the model writes others, kept only where the article bears them out. Nothing is added that a person has not
accepted; what was accepted is in the file at once.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from eval.convert import half_of
from eval.drafts import Draft, drafts_of
from eval.sets import SetError, load_set
from rag.durable import append_line
from rag.errors import ModelError, RagError
from rag.index import open_library
from rag.library import Library
from rag.settings import Settings, load_settings
from rag.types import Article

EPILOG = """exit codes: 0 every draft was judged, or the person stopped; 1 the article, the set or the index cannot be
read; 2 wrong arguments"""
CHOICES = "[y] accept  [n] reject  [e] change the question  [g] change the answer  [u] not answerable  [q] stop: "

Ask = Callable[[str], str]


def find_article(name: str, library: Library) -> Article:
    """The article of an id, or of a file's path or name. Raises SetError naming some articles."""
    paths = library.paths
    if name in paths:
        return library.article(name)
    by_likeness = sorted(paths, key=lambda id_: (-_shared(name, paths[id_]), paths[id_].count("/"), id_))
    if by_likeness and _shared(name, paths[by_likeness[0]]):
        return library.article(by_likeness[0])
    ids = sorted(paths)
    raise SetError(f"the index has no article {name}; it has {', '.join(ids[:5])}{', …' if len(ids) > 5 else ''}")


def _shared(name: str, path: str) -> int:
    """How many parts a path has that another ends in: 2 for corpus/子/丙.txt and 子/丙.txt; 0 where neither does."""
    ours, theirs = Path(name).parts, Path(path).parts
    least = min(len(ours), len(theirs))
    return least if least and ours[-least:] == theirs[-least:] else 0


def to_row(draft: Draft, article: Article, id_: str) -> dict[str, Any]:
    """A draft as a line of a question set; a draft without gold is not answerable."""
    answerable = bool(draft.gold)
    return {
        "id": id_,
        "type": draft.type,
        "question": draft.question,
        "history": [],
        "answerable": answerable,
        "gold": [[draft.gold]] if answerable else [],
        "forbid": [],
        "evidence": [{"article": article.id, "quote": draft.quote}] if answerable and draft.quote else [],
        "tags": [half_of(article.id)],
    }


def judge(draft: Draft, ask: Ask) -> Draft | None:
    """What a person makes of a draft; None where it is rejected. Raises EOFError when they stop."""
    while True:
        print(f"\n{draft.type}: {draft.question}\n  answer: {draft.gold or '(none: a refusal is right)'}")
        print(f"  quote: {draft.quote or '(none)'}")
        choice = ask(CHOICES).strip().lower()
        if choice == "y":
            return draft
        if choice == "n":
            return None
        if choice == "q":
            raise EOFError
        if choice == "u":
            draft = Draft("unanswerable", draft.question, "", "")
        if choice in ("e", "g") and (words := ask("new words: ").strip()):
            question, gold = (words, draft.gold) if choice == "e" else (draft.question, words)
            draft = Draft(draft.type, question, gold, draft.quote)


def review(drafts: Iterable[Draft], article: Article, path: Path, ask: Ask) -> int:
    """Ask a person about each draft and append the accepted ones to the set; gives their number.

    Raises SetError where the set cannot be read.
    """
    known = load_set(path) if path.exists() and path.stat().st_size else []
    asked, ids = {question.question.text for question in known}, {question.id for question in known}
    accepted, found = 0, False
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        for draft in drafts:
            found = True
            if draft.question in asked or (kept := judge(draft, ask)) is None:
                continue
            id_ = next(name for n in range(1, len(ids) + 2) if (name := f"{article.id}-{n:02d}") not in ids)
            append_line(path, json.dumps(to_row(kept, article, id_), ensure_ascii=False))
            ids.add(id_)
            asked |= {draft.question, kept.question}
            accepted += 1
    except (EOFError, KeyboardInterrupt):
        print("\nstopped")
    if not found:
        print("no sentence of it makes a question by the templates: write lines of your own, as docs/eval.md tells")
    return accepted


def drafts_for(article: Article, settings: Settings) -> Iterator[Draft]:
    """Those of the LLM, where there is one, until it fails; then those of the templates."""
    if settings.llm:
        from eval.drafts_llm import written_drafts
        from rag.generate import open_model

        try:
            yield from written_drafts(article, open_model(settings))
        except ModelError as error:
            print(f"error: {error}; drafts from templates follow", file=sys.stderr)
    yield from drafts_of(article)


def main(arguments: list[str] | None = None, ask: Ask = input) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval new", description=__doc__, epilog=EPILOG)
    parser.add_argument("article", metavar="ARTICLE")
    parser.add_argument("set", type=Path, metavar="SET", help="the question set; made where there is none")
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(index=options.index)
        article = find_article(options.article, open_library(settings.index))
        print(f"{article.id}: {article.title}")
        accepted = review(drafts_for(article, settings), article, options.set, ask)
    except (RagError, SetError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{accepted} questions added to {options.set}")
    return 0
