"""What a session of the page remembers, in one typed place."""

from dataclasses import dataclass, field

import streamlit as st

from rag.types import Answer, Message


@dataclass
class State:
    """One reader's session: the turns of the conversation on the page, oldest first."""

    turns: list[Answer] = field(default_factory=list)

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
