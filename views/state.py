"""What a session of the page remembers, in one typed place."""

from dataclasses import dataclass, field

import streamlit as st

from ingest.trash import Discarded
from ingest.upload import Uploaded
from rag.types import Answer, Message


@dataclass
class State:
    """One reader's session: the turns of the conversation on the page, oldest first.

    `recent` is what it added to the corpus and removed from it, the last first; `uploader` numbers the empty fields
    for files that it was given.
    """

    turns: list[Answer] = field(default_factory=list)
    recent: list[Uploaded | Discarded] = field(default_factory=list)
    uploader: int = 0

    @property
    def history(self) -> tuple[Message, ...]:
        """The conversation so far as messages."""
        return tuple(
            message
            for answer in self.turns
            for message in (Message("user", answer.question.text), Message("assistant", answer.text))
        )


def session() -> State:
    """The state of this session."""
    return st.session_state.setdefault("yinju", State())
