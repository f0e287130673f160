"""Question sets: JSON Lines, one question a line, checked when they are read.

{"id", "type", "question", "history": [{"role", "content"}], "answerable": bool,
 "gold": [[alternative, …], …], "forbid": [string, …], "evidence": [{"article", "quote"}, …], "tags": [string, …]}

An answer is right when every gold group has one alternative in it; `forbid` are strings that only wrong answers have.
Evidence is any sentence that settles the question, or one of its groups.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.metrics import Place
from rag.library import Library
from rag.types import Message, Question


class SetError(ValueError):
    """A question set that cannot be used; the message names the file and the line, or the question."""


@dataclass(frozen=True)
class Evidence:
    """Words of an article that settle a question."""

    article: str
    quote: str


@dataclass(frozen=True)
class SetQuestion:
    """One question of a set with what a right answer holds."""

    id: str
    type: str
    question: Question
    answerable: bool
    gold: tuple[tuple[str, ...], ...]
    forbid: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    tags: tuple[str, ...] = ()


def load_set(path: Path) -> list[SetQuestion]:
    """The questions of a set. Raises SetError for an unreadable line, a repeated id or an empty set."""
    questions: dict[str, SetQuestion] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # not splitlines: JSON may hold U+2028
    except (OSError, UnicodeDecodeError) as error:
        raise SetError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _parse(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SetError(f"{path}, line {number}: {type(error).__name__} {error}") from error
        if question.id in questions:
            raise SetError(f"{path}, line {number}: the id {question.id} is there twice")
        questions[question.id] = question
    if not questions:
        raise SetError(f"{path} holds no question")
    return list(questions.values())


def _parse(row: dict[str, Any]) -> SetQuestion:
    history = tuple(Message(turn["role"], turn["content"]) for turn in row.get("history", []))
    question = SetQuestion(
        id=_text(row["id"]),
        type=_text(row["type"]),
        question=Question(_text(row["question"]), history, row["id"]),
        answerable=row["answerable"],
        gold=tuple(_texts(group) for group in row["gold"]),
        forbid=_texts(row.get("forbid", [])),
        evidence=tuple(Evidence(_text(e["article"]), _text(e["quote"])) for e in row["evidence"]),
        tags=_texts(row.get("tags", [])),
    )
    if question.answerable is not bool(question.gold) or not all(question.gold):
        raise ValueError("answerable questions have gold groups, none of them empty; others have no gold")
    return question


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} should be text")
    return value


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise ValueError(f"{values!r} should be a list")
    return tuple(_text(value) for value in values)


def locate(question: SetQuestion, library: Library) -> list[Place]:
    """Every place where a quote of the question's evidence stands. Raises SetError naming a stale quote.

    A quote that has mark-up inside is found in the raw file.
    """
    return [place for evidence in question.evidence for place in _places(question.id, evidence, library)]


def _places(id_: str, evidence: Evidence, library: Library) -> list[Place]:
    try:
        article = library.article(evidence.article)
    except KeyError:
        raise SetError(f"{id_}: stale label, there is no article {evidence.article}") from None
    quote = re.escape(evidence.quote)
    spans = [match.span() for match in re.finditer(quote, article.text)]
    if not spans:
        in_raw = [match.span() for match in re.finditer(quote, article.raw)]
        spans = [(article.text_offset(start), article.text_offset(end)) for start, end in in_raw]
    places = [(evidence.article, start, end) for start, end in spans if start < end]
    if not places:
        raise SetError(f"{id_}: stale label, {evidence.article} does not say {evidence.quote!r}")
    return places


def locate_all(questions: Iterable[SetQuestion], library: Library) -> list[list[Place]]:
    """The evidence places of each question. Raises SetError naming every question with a stale quote."""
    located, stale = [], []
    for question in questions:
        try:
            located.append(locate(question, library))
        except SetError as error:
            stale.append(str(error))
    if stale:
        raise SetError("\n".join(stale))
    return located
