"""What a widget calls when it is used. Streamlit runs it before the page, so what it raises never reaches the page."""

import logging
from collections.abc import Callable

import streamlit as st

from rag.errors import RagError
from views.access import person
from views.messages import error_text, plain

log = logging.getLogger("yinju")


def telling(callback: Callable[..., object], *args: object) -> Callable[[], None]:
    """The callback with its arguments, for a widget: where it cannot do it, a sentence says so, and the page stays."""

    def called() -> None:
        if person() is None:
            return  # the login is over: the page asks for it
        try:
            callback(*args)
        except RagError as error:
            tell(error)

    return called


def tell(error: RagError) -> None:
    """Say what could not be done, until the reader shuts it: nothing else on the page tells."""
    log.warning("what a reader wanted was not done: %s", error)
    st.toast(plain(error_text(error)), icon=":material/error:", duration="infinite")
