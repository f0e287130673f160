"""Question sets: JSON Lines, one question a line, checked against set.schema.json when they are read."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from eval.metrics import Place
from eval.schemas import wrong_in
from rag.errors import ScopeError
from rag.library import Library
from rag.scope import read_scope
from rag.types import Article, Message, Question


class SetError(ValueError):
    """A question set that cannot be used; the message names the file and each line, or each question, that is wrong."""


@dataclass(frozen=True)
class Evidence:
    """Words of an article that settle a question."""

    article: str
    quote: str


@dataclass(frozen=True)
class SetQuestion:
    """One question of a set with what a right answer holds, and the number of its line in the file."""

    id: str
    type: str
    question: Question
    answerable: bool
    gold: tuple[tuple[str, ...], ...]
    forbid: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    tags: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)


def load_set(path: Path) -> list[SetQuestion]:
    """The questions of a set. Raises SetError for an empty set, and naming every unreadable line and repeated id."""
    questions: dict[str, SetQuestion] = {}
    wrong: list[str] = []
    for number, line in enumerate(_text_of(path).split("\n"), 1):  # not splitlines: JSON may hold U+2028
        if not line.strip():
            continue
        row, problems = read_line(line)
        if not problems and row["id"] in questions:
            problems = [f"the id {row['id']} is there twice, first in line {questions[row['id']].line}"]
        wrong += [f"{path}, line {number}: {problem}" for problem in problems]
        if not problems:
            questions[row["id"]] = to_question(row, number)
    if wrong:
        raise SetError("\n".join(wrong))
    if not questions:
        raise SetError(f"{path} holds no question")
    return list(questions.values())


def _text_of(path: Path) -> str:
    """The text of a file of JSON Lines, with or without a byte order mark. Raises SetError with the remedy."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SetError(f"{path} cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise SetError(f"{path} cannot be read: it is no UTF-8; save it as UTF-8") from error
    try:
        whole = json.loads(text)
    except ValueError:
        return text
    if isinstance(whole, list) or "\n" in text.strip():
        raise SetError(
            f"{path} is one JSON value; write one object a line instead, without brackets around all of them"
        )
    return text


def read_line(line: str) -> tuple[Any, list[str]]:
    """What a line holds, and what is wrong with it: where in the line and what, one string a problem."""
    try:
        row = json.loads(line, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        return None, [f"no JSON, {error.msg} at column {error.colno}"]
    except ValueError as error:
        return None, [str(error)]
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        return None, [f"half a character, {error.object[error.start : error.end]!r}, which no file can hold"]
    if wrong := wrong_in(row, "set"):
        return row, wrong
    try:
        read_scope(row.get("scope"))
    except ScopeError as error:
        return row, [f"scope: {error}"]
    return row, []


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if repeated := [key for key in dict(pairs) if keys.count(key) > 1]:
        raise ValueError(f"the key {repeated[0]} is there twice")
    return dict(pairs)


def to_question(row: dict[str, Any], line: int = 0) -> SetQuestion:
    """The question of an object that the schema allows."""
    history = tuple(Message(turn["role"], turn["content"]) for turn in row.get("history", []))
    return SetQuestion(
        id=row["id"],
        type=row["type"],
        question=Question(row["question"], history, row["id"], read_scope(row.get("scope"))),
        answerable=row["answerable"],
        gold=tuple(map(tuple, row["gold"])),
        forbid=tuple(row.get("forbid", [])),
        evidence=tuple(Evidence(e["article"], e["quote"]) for e in row["evidence"]),
        tags=tuple(row.get("tags", [])),
        line=line,
    )


def locate(question: SetQuestion, library: Library) -> list[Place]:
    """Every place where a quote of the question's evidence stands. Raises SetError naming a stale quote.

    So does an article of the scope that is not there: with no article to read, every refusal would be right.
    A quote that has mark-up inside is found in the raw file.
    """
    for article in question.question.scope.articles:
        _article(question.id, article, library)
    return [place for evidence in question.evidence for place in _places(question.id, evidence, library)]


def _article(id_: str, article: str, library: Library) -> Article:
    try:
        return library.article(article)
    except KeyError:
        bare = str(PurePosixPath(article).with_suffix(""))
        remedy = f"; without the suffix: {bare}" if bare in library.article_ids() else ""
        raise SetError(f"{id_}: stale label, there is no article {article}{remedy}") from None


def _places(id_: str, evidence: Evidence, library: Library) -> list[Place]:
    article = _article(id_, evidence.article, library)
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
