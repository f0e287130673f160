"""The question in what a caller gives."""

from typing import Any

from rag.scope import read_scope
from rag.types import Message, Question

Input = Question | str | dict[str, Any]


def to_question(given: Input) -> Question:
    """A question from its text, or from {"question", "history": [{"role", "content", "sources"}], "id", "scope"}.

    Raises ValueError for anything else.
    """
    if isinstance(given, Question):
        return given
    if isinstance(given, str):
        return Question(_valid_text(given))
    if not isinstance(given, dict):
        raise ValueError(f"a question must be text or an object with the key question, not {type(given).__name__}")
    try:
        history = tuple(
            Message(str(turn["role"]), str(turn["content"]), tuple(map(str, turn.get("sources") or ())))
            for turn in given.get("history") or []
        )
        text = given["question"]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f'give "question", and in each turn of "history" "role" and "content" ({error})') from error
    if not isinstance(text, str):
        raise ValueError(f'"question" must be text, not {type(text).__name__}')
    return Question(_valid_text(text), history, str(given.get("id", "")), read_scope(given.get("scope")))


def _valid_text(text: str) -> str:
    """The text, if it can be written as UTF-8. Raises ValueError for half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"the question holds a broken character at {error.start}: send it as UTF-8") from error
    return text
