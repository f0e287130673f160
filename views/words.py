"""Words that Streamlit has only in English: words.css puts ours in their place, words.js names what is read aloud."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from views.messages import t

ALOUD = {
    "Sidebar": "sidebar",
    "Collapse sidebar": "collapse",
    "Expand sidebar": "expand",
    "App pages": "pages",
    "Chat message from user": "question",
    "Chat message from assistant": "answer",
    "Send message": "send",
    "Show password text": "show",
    "Hide password text": "hide",
    "Choose date": "date",
    "Open": "options",
    "Close": "close",
    "file upload": "upload",
    "Copy to clipboard": "copy",
}


def words_css() -> str:
    """A rule that gives the reader's words to the style sheet, as strings."""
    words = {
        "upload-button": t("upload_button"),
        "upload-drop": t("upload_drop"),
        "upload-limit": t("upload_limit"),
        "lost-title": t("lost_title"),
        "lost-text": t("lost_text"),
        "no-page-title": t("no_page_title"),
        "no-page-text": t("no_page_text"),
        "no-option": t("no_option"),
        "skip": t("skip"),
        "enter": t("enter"),
    }
    return ":root{" + "".join(f'--yj-{name}:"{word}";' for name, word in words.items()) + "}"


def name_aloud() -> None:
    """Give the names of parts of the page that are only read aloud."""
    names = {english: t(f"aloud_{name}") for english, name in ALOUD.items()}
    parts = {
        '[data-testid="stSkipToContent"]': t("skip"),
        '[data-testid="stFileUploaderDropzone"] button': t("upload_button"),
    }
    _names()(key="yj-words", data={"names": names, "parts": parts, "help": ["Help for ", t("aloud_help")]})


@cache
def _names() -> Any:
    path = Path(__file__).with_name("words.js")
    return st.components.v2.component("yinju_words", js=path.read_text(encoding="utf-8"))
