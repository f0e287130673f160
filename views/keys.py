"""「快捷键」: what the keyboard can do on the page."""

from html import escape

import streamlit as st

from views.messages import t

KEYS = {
    "Alt + /": "key_ask",
    "Alt + .": "key_mark",
    "Enter": "key_open",
    "← →": "key_step",
    "Esc": "key_close",
    "Tab": "key_tab",
}


def show_keys() -> None:
    """Draw the popover; the page's own keys are told by views/reader.js, the others by the browser."""
    with st.popover(t("keys"), icon=":material/keyboard:", type="tertiary"):
        rows = "".join(f"<dt><kbd>{escape(key)}</kbd></dt><dd>{escape(t(name))}</dd>" for key, name in KEYS.items())
        st.html(f'<dl class="yj-keyboard">{rows}</dl>')
