"""What a session of the page remembers, in one typed place."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import streamlit as st

from ingest.trash import Discarded
from ingest.upload import Uploaded
from rag.history import Conversation, Turn
from rag.types import Answer, Message
from views.running import Running


@dataclass
class State:
    """One reader's session: the conversation that is open, with its turns, oldest first.

    `asked` is the question to answer next, where it was not typed, and `again` the turn that it asks again; `running`
    is the question that is being answered, and `named` the conversation that the page's address named last, `unopened`
    the sentence why that cannot be opened; `renames` numbers the names that other pages gave to the one that is open.
    `editing` is the id of the turn whose question is being changed, `deleted` the conversation whose deletion can be
    undone, `followups` the questions found for an answer, by its turn's id.
    `recent` is what it added to the corpus and removed from it, the last first; `uploader` numbers the empty fields
    for files that it was given. `page` is the address of the page that is shown, and `opened` what its reader pane is
    open at: a citation as "turn-marker", a passage as "article-number", "" where it is shut. `click` numbers the last
    click that was followed, in the pane, on a mark or on the page.
    """

    conversation: Conversation | None = None
    turns: list[Turn] = field(default_factory=list)
    asked: str = ""
    again: Turn | None = None
    running: Running | None = None
    named: str | None = None
    unopened: str = ""
    renames: int = 0
    editing: str = ""
    deleted: Conversation | None = None
    followups: dict[str, list[str]] = field(default_factory=dict)
    recent: list[Uploaded | Discarded] = field(default_factory=list)
    uploader: int = 0
    page: str = ""
    opened: str = ""
    click: int = 0

    @property
    def answers(self) -> list[Answer]:
        """The answers of the conversation."""
        return [turn.answer for turn in self.turns]

    def history_before(self, turn: Turn | None = None) -> tuple[Message, ...]:
        """The conversation as messages: what stands before a turn, or all of it."""
        before = self.place(turn) if turn else len(self.turns)
        return tuple(
            message
            for answer in self.answers[:before]
            for message in (Message("user", answer.question.text), Message("assistant", answer.text, answer.sources))
        )

    def place(self, turn: Turn) -> int | None:
        """Where a turn stands in the conversation, from 0; None where it does not. One that is not kept has no id."""
        same = (number for number, one in enumerate(self.turns) if one is turn or (turn.id and one.id == turn.id))
        return next(same, None)

    def close(self) -> None:
        """Open no conversation: the next question begins a new one. What is being answered goes on and is kept."""
        self.conversation, self.turns, self.running = None, [], None
        self.unopened, self.editing, self.opened = "", "", ""

    def open(self, name: str) -> None:
        """Open the reader pane at what was chosen on the page."""
        self.opened, self.click = name, self.click + 1

    def follow(self, name: str, click: int) -> None:
        """Do what the pane tells of a click, unless it was made before something was opened from the page."""
        if click > self.click:
            self.opened, self.click = name, click

    def visit(self, page: str) -> None:
        """Go to the page of an address; what was open on another one is shut, and the address names no conversation."""
        if page != self.page:
            self.page, self.opened, self.named = page, "", None


def session() -> State:
    """The state of this session."""
    return st.session_state.setdefault("yinju", State())


def keep_chosen(keys: Iterable[str]) -> None:
    """Keep what is chosen in widgets, by their keys: Streamlit forgets those that a run neither draws nor sets.

    Also a run that the next click ends before it has drawn them.
    """
    for key in keys:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]
