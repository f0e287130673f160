"""What is searched for a question: follow-ups completed, slips corrected, names made the ones that the articles use."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial

from rag.aliases import Aliases
from rag.dates import asks_for_newest, period_of
from rag.lexical import affordable, content_terms
from rag.library import Library
from rag.numerals import other_forms
from rag.rewrite import LOOK_BACK, is_follow_up, stand_alone
from rag.spelling import speller_of
from rag.text import in_standard_words, is_foreign, quoted_names, simplify
from rag.types import ALL, Query, Question, Scope, Step
from rag.written import in_written_words

Change = tuple[str, Callable[[str], str]]
# A picture, the target of a link, an address, a tag of HTML.
_LINK = re.compile(
    r"!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)\s]*\)|(?<![A-Za-z0-9])(?:https?://|www\.)[!-~]+|</?[A-Za-z][^<>]*>"
)
_WORD = r"(?!(?i:vs)(?![A-Za-z0-9]))[A-Za-z][A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*"  # Character.AI
_LATIN = re.compile(rf"(?<![A-Za-z0-9]){_WORD}(?: {_WORD})*(?![A-Za-z0-9])")
FOLLOW_UP = "follow-up"  # the step that completes a question from the conversation
FOLLOW_UP_LLM = f"{FOLLOW_UP} (LLM)"  # the same where an LLM does
NAMED_IN = 20  # chunks nearest to the earlier questions, in which what they name may stand in quotation marks
NAMED_AT_MOST = 0.5
USED = 20  # chunks with a word, from which it does not matter how many more have it
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ．％]+")


def understand(
    question: Question, aliases: Aliases, library: Library, today: date, *, rewritten: str | None = None
) -> Query:
    """The query for a question at a day, with a step for everything that was changed on the way.

    `rewritten` is a follow-up that an LLM has completed; without one the rules do it. The days on which a question
    wants its articles published narrow the scope; the day of an event never does.
    """
    text = rewritten or stand_alone(question, _names_asked_of(question, library))
    steps = [Step(FOLLOW_UP_LLM if rewritten else FOLLOW_UP, text)] * (text != question.text)
    # Aliases on both sides of the spelling: they know slips that are words (小红薯), and a corrected name may be one.
    uses = partial(library.phrase_frequency, most=USED)
    changes: list[Change] = [
        ("links", without_links),
        ("script", to_simplified),
        ("everyday words", lambda text: in_written_words(in_standard_words(text), uses)),
        ("alias", aliases.canonical),
        ("spelling", speller_of(library).corrected),
        ("alias", aliases.canonical),
    ]
    for name, change in changes:
        if (after := change(text)) != text:
            steps.append(Step(name, after))
            text = after
    period = period_of(text, today)
    also = " ".join([*_figures_as_written(text, library), *filter(None, [period.explicit if period else ""])])
    if also:
        steps.append(Step("other forms", f"{text} {also}"))
    days = Scope(period.since, period.until) if period and period.of_articles else ALL
    scope = narrowed(question.scope, days)
    unknown = () if is_foreign(question.text) else unknown_names(text, library)
    newest = asks_for_newest(text)
    if scope is None:
        return Query(text, question.scope, tuple(steps), also, newest, unknown, outside=days)
    return Query(text, scope, tuple(steps), also, newest, unknown)


def _names_asked_of(question: Question, library: Library) -> set[str]:
    """What earlier questions name that articles on them put in quotation marks; empty where it is no follow-up.

    What more than NAMED_AT_MOST of the chunks hold is named everywhere.
    """
    if not is_follow_up(question):
        return set()
    asked = " ".join(simplify(m.content) for m in question.history[-LOOK_BACK:] if m.role == "user")
    terms = affordable(library.document_frequencies(content_terms(asked)))
    near = (library.chunk(hit.chunk_id).text for hit in library.search(terms, NAMED_IN))
    named = {name for text in near for name in quoted_names(text) if name in asked}
    most = max(1, int(library.counts()[1] * NAMED_AT_MOST))
    return {name for name in named if library.phrase_frequency(name, most + 1) <= most}


def unknown_names(text: str, library: Library) -> tuple[str, ...]:
    """The Latin names of a Chinese text, as it writes them, that have a word which no article has."""
    names = list(dict.fromkeys(_LATIN.findall(text)))
    held = library.document_frequencies([word for name in names for word in (*_words(name), *_pieces(name))])
    return tuple(
        name for name in names if not (all(held[w] for w in _words(name)) or all(held[w] for w in _pieces(name)))
    )


def _words(name: str) -> list[str]:
    return name.lower().split()


def _pieces(name: str) -> list[str]:
    """Note9 as an article may write it, Note 9; any other name as it is."""
    apart = re.fullmatch(r"([a-z]{2,})(\d+)", name.lower())
    return list(apart.groups()) if apart else _words(name)


def _figures_as_written(text: str, library: Library) -> list[str]:
    """The other forms of the figures of a text that more chunks hold than the form that was asked."""
    forms = list(other_forms(text))
    if not forms:
        return []  # counting the chunks of a large library takes longer than the rest
    _, most, _ = library.counts()
    frequency = library.phrase_frequency
    return [form for asked, form in forms if frequency(form, most) > frequency(asked, most)]


def without_links(text: str) -> str:
    """A text without Markdown pictures, web addresses and tags of HTML; as it is where it holds nothing else."""
    rest = " ".join(_LINK.sub(" ", text).split())
    return rest if rest and _LINK.search(text) else text


def to_simplified(text: str) -> str:
    """A text in simplified characters, with full-width letters and digits as ordinary ones."""
    return simplify(_WIDE.sub(lambda wide: unicodedata.normalize("NFKC", wide[0]), text))


def narrowed(scope: Scope, days: Scope) -> Scope | None:
    """A scope with the days of articles narrowed to those of another; None where they have no day in common."""
    later = max(filter(None, (scope.since, days.since)), default=None)
    earlier = min(filter(None, (scope.until, days.until)), default=None)
    if later and earlier and later > earlier:
        return None
    return replace(scope, since=later, until=earlier)
