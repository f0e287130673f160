"""A question, which articles may answer it, and what is searched for it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Message:
    """One turn of a conversation; role is "user" or "assistant". `sources` are the ids of the chunks that it cites."""

    role: str
    content: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scope:
    """Which articles may answer: those that meet every condition given; all of them when none is.

    `since` and `until` are ISO dates, inclusive; an undated article meets neither. `sources` are authors or
    publishers, `tags` and `articles` (ids) as the articles have them; one of each kind that is given must fit.
    """

    since: str | None = None
    until: str | None = None
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The conditions that are given; {} for the empty scope."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items() if v}


ALL = Scope()  # every article may answer


@dataclass(frozen=True)
class Question:
    """What the reader typed, with the turns before it, oldest first, and which articles may answer."""

    text: str
    history: tuple[Message, ...] = ()
    id: str = ""
    scope: Scope = ALL

    def changed(self, change: Callable[[str], str]) -> "Question":
        """The question with a change of all that the reader typed, now and before."""
        history = (
            replace(turn, content=change(turn.content)) if turn.role == "user" else turn for turn in self.history
        )
        return replace(self, text=change(self.text), history=tuple(history))


@dataclass(frozen=True)
class Step:
    """One thing that was done to a question before it was searched, and the query after it."""

    name: str
    query: str


@dataclass(frozen=True)
class Query:
    """What is searched for a question: the text that both indexes are asked, and how the question became it.

    `scope` is the reader's with what the question itself says of the articles it wants. `also` are other ways to
    write the figures and dates of the text, which only the full-text index is asked. `newest`: of passages that fit
    nearly as well, those of newer articles come first. `unknown` are the Latin names of the text that no article has.
    `outside` are the days of the articles it wants where the reader's scope, which `scope` then is, has none of them.
    """

    text: str
    scope: Scope = ALL
    steps: tuple[Step, ...] = ()
    also: str = ""
    newest: bool = False
    unknown: tuple[str, ...] = ()
    outside: Scope = ALL
