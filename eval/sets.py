"""Question sets: JSON Lines, one question a line, checked when they are read.

{"id", "type", "question", "history": [{"role", "content"}], "answerable": bool,
 "gold": [[alternative, …], …], "forbid": [string, …], "evidence": [{"article", "quote"}, …], "tags": [string, …]}

An answer is right when every gold group has one alternative in it. Evidence is any sentence that settles the
question, or one of its groups.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.library import Library
from rag.types import Message, Question, Span


class SetError(ValueError):
    """A question set that cannot be used; the message names the file and the line."""


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


def load_set(path: Path) -> list[SetQuestion]:
    """The questions of a set. Raises SetError for an unreadable line, a repeated id or an empty set."""
    questions: list[SetQuestion] = []
    seen: set[str] = set()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SetError(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _parse(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SetError(f"{path}, line {number}: {type(error).__name__} {error}") from error
        if question.id in seen:
            raise SetError(f"{path}, line {number}: the id {question.id} is there twice")
        seen.add(question.id)
        questions.append(question)
    if not questions:
        raise SetError(f"{path} holds no question")
    return questions


def _parse(row: dict[str, Any]) -> SetQuestion:
    history = tuple(Message(turn["role"], turn["content"]) for turn in row.get("history", []))
    question = SetQuestion(
        id=row["id"],
        type=row["type"],
        question=Question(row["question"], history, row["id"]),
        answerable=row["answerable"],
        gold=tuple(tuple(group) for group in row["gold"]),
        forbid=tuple(row.get("forbid", [])),
        evidence=tuple(Evidence(e["article"], e["quote"]) for e in row["evidence"]),
    )
    if question.answerable != bool(question.gold):
        raise ValueError("answerable questions have gold groups, others have none")
    return question


def locate(evidence: tuple[Evidence, ...], library: Library) -> dict[Evidence, Span]:
    """Where each quote stands in the clean text of its article.

    A quote in which the cleaner removed mark-up is found by its raw span. Raises SetError naming a stale quote.
    """
    found = {}
    for item in evidence:
        try:
            article = library.article(item.article)
        except KeyError:
            raise SetError(f"stale label: there is no article {item.article}") from None
        start = article.text.find(item.quote)
        if start < 0:
            raise SetError(f"stale label: {item.article} does not say {item.quote!r} any more")
        found[item] = (start, start + len(item.quote))
    return found
