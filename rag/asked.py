"""The question in what a caller gives."""

from collections.abc import Iterator
from typing import Any

from rag.scope import read_scope
from rag.types import Message, Question, Scope

Input = Question | str | dict[str, Any]
ROLES = ("user", "assistant")


def to_question(given: Input) -> Question:
    """A question from its text, or from {"question", "history": [{"role", "content", "sources"}], "id", "scope"}.

    Raises ValueError for anything else.
    """
    if isinstance(given, Question):
        return given
    if isinstance(given, str):
        return Question(_text(given, "the question"))
    if not isinstance(given, dict):
        raise ValueError(f"a question must be text or an object with the key question, not {type(given).__name__}")
    if "question" not in given:
        raise ValueError('give the key "question"')
    text, id_ = _text(given["question"], '"question"'), given.get("id")
    history = tuple(_messages(given.get("history")))
    return Question(text, history, "" if id_ is None else _text(id_, '"id"'), _scope(given.get("scope")))


def _messages(turns: object) -> Iterator[Message]:
    for turn in _items(turns, '"history"'):
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            raise ValueError('give in each turn of "history" a "role", "user" or "assistant", and its "content"')
        sources = tuple(_text(id_, '"sources"') for id_ in _items(turn.get("sources"), '"sources"'))
        yield Message(turn["role"], _text(turn.get("content"), '"content"'), sources)


def _scope(given: object) -> Scope:
    scope = read_scope(given)
    for name in (*scope.sources, *scope.tags, *scope.articles):
        _text(name, '"scope"')
    return scope


def _items(given: object, name: str) -> list[Any] | tuple[Any, ...]:
    if given is None:
        return ()
    if not isinstance(given, list | tuple):
        raise ValueError(f"{name} must be a list, not {type(given).__name__}")
    return given


def _text(given: object, name: str) -> str:
    """Text that can be written as UTF-8. Raises ValueError for another type, and for half a surrogate pair."""
    if not isinstance(given, str):
        raise ValueError(f"{name} must be text, not {type(given).__name__}")
    try:
        given.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} holds a broken character at {error.start}: send it as UTF-8") from error
    return given
