"""The words of the page in each language it speaks: a TOML file per language, with the same keys.

`t("ask")` gives the sentence in the language of the reader's session.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from rag.errors import RagError

LANGUAGES = {"zh": "中文", "en": "English"}
LANGUAGE = "language"  # the key of the session's state
# Made an icon, a link or an address to write to though every sign of Markdown is escaped, unless a joiner parts it.
_READ_ANYWAY = re.compile(r":(?=material/)|https?:(?=//)|www(?=\.)|(?<=[\w.+-])@(?=[\w-])", re.IGNORECASE)
JOINER = "\u2060"


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every sentence in a language, by its key."""
    path = Path(__file__).with_name(f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def language() -> str:
    """The language of the session; Chinese until the reader chooses."""
    return st.session_state.get(LANGUAGE, "zh")


def t(key: str, **values: Any) -> str:
    """The sentence of a key with the values in its slots. Raises KeyError for an unknown key."""
    sentence = catalogue(language())[key]
    return sentence.format(**values) if values else sentence


def plain(text: str) -> str:
    """Words of an article or a reader, for a place where Streamlit reads Markdown: no link, no image, no mark."""
    parted = _READ_ANYWAY.sub(lambda match: match[0] + JOINER, text)
    return re.sub(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])", r"\\\1", parted)


def error_text(error: Exception) -> str:
    """One sentence for an error, with what to do."""
    if not isinstance(error, RagError) or error.chinese == str(error):
        return t("error")
    return f"{error.chinese.rstrip('。')}。" if language() == "zh" else str(error)
