"""「设置」: one reader's choices, kept in a cookie of the browser; no other reader's answers change."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from rag.chain import AnswerChain
from rag.errors import SettingsError
from rag.types import EXTRACTIVE
from views.messages import LANGUAGE, LANGUAGES, language, t
from views.scripts import script

COOKIE = "yinju"
KEPT_SECONDS = 365 * 86_400
THEMES = {"System": "theme_system", "Light": "theme_light", "Dark": "theme_dark"}  # Streamlit's own names
MOST_PASSAGES = 20
KEY, RESETS = "preferences", "preferences-resets"


@dataclass(frozen=True)
class Preferences:
    """What a reader chose; an empty value leaves the server's setting."""

    language: str = "zh"
    theme: str = "System"
    answerer: str = ""
    passages: str = ""
    newer: str = ""

    @classmethod
    def from_cookie(cls, cookie: str) -> "Preferences":
        """The choices that a cookie holds; what it holds beside them is passed over."""
        allowed = {
            "language": set(LANGUAGES),
            "theme": set(THEMES),
            "answerer": {EXTRACTIVE},
            "passages": {str(n) for n in range(1, MOST_PASSAGES + 1)},
            "newer": {"yes", "no"},
        }
        return cls(**{key: value for key, value in parse_qsl(cookie) if value in allowed.get(key, ())})

    @property
    def cookie(self) -> str:
        """The choices that are not the defaults, in characters that a cookie takes as they are."""
        defaults = asdict(Preferences())
        return urlencode({key: value for key, value in asdict(self).items() if value != defaults[key]})

    def options(self) -> dict[str, Any]:
        """The choices as AnswerChain.with_options takes them."""
        return {
            "passages": int(self.passages) if self.passages else None,
            "prefer_newer": self.newer == "yes" if self.newer else None,
            "extractive": self.answerer == EXTRACTIVE,
        }


def preferences() -> Preferences:
    """The reader's choices: the session's, at its start those that the browser kept."""
    if KEY not in st.session_state:
        choose(Preferences.from_cookie(st.context.cookies.get(COOKIE, "")))
    return st.session_state[KEY]


def choose(chosen: Preferences) -> None:
    """Make these the choices of the session."""
    st.session_state[KEY] = chosen
    st.session_state[LANGUAGE] = chosen.language


def keep_preferences(paths: list[str]) -> None:
    """Have the browser keep the choices, and the theme for the pages at these paths; for another theme it reloads."""
    chosen = preferences()
    cookie = f"{COOKIE}={chosen.cookie}; path=/; max-age={KEPT_SECONDS}; SameSite=Strict"
    script("preferences")(key="yj-keep", data={"cookie": cookie, "theme": chosen.theme, "paths": paths})


def with_preferences(chain: AnswerChain) -> AnswerChain:
    """The chain as this reader wants it."""
    try:
        return chain.with_options(**preferences().options())
    except SettingsError:  # kept from a time when the settings allowed it
        return chain


def preferences_page(chain: AnswerChain | None) -> None:
    """Draw the page; `chain` is the one that all share."""
    st.caption(t("preferences_help"))
    _radio("language", LANGUAGES)
    _radio("theme", {name: t(key) for name, key in THEMES.items()})
    st.caption(t("theme_help"))
    if chain is not None:
        _answer_choices(chain)
    if preferences() != Preferences():
        st.button(t("preferences_reset"), icon=":material/restart_alt:", on_click=_reset)


def _answer_choices(chain: AnswerChain) -> None:
    settings = chain.settings
    if chain.model is not None:
        _radio("answerer", {"": t("llm", name=settings.llm), EXTRACTIVE: t("extractive")})
    else:
        st.markdown(f"{t('answerer')}\n\n{t('extractive')}")
        st.caption(t("answerer_none"))
    _radio("newer", {"no": t("newer_no"), "yes": t("newer_yes")}, "yes" if settings.prefer_newer else "no")
    passages, key = preferences().passages, _key("passages")
    given = int(passages) if passages else min(settings.passages, MOST_PASSAGES)
    changed = {"key": key, "on_change": _set, "args": ("passages", key)}
    st.slider(t("passages"), 1, MOST_PASSAGES, given, help=t("passages_help"), **changed)


def _radio(name: str, options: Mapping[str, str], given: str = "") -> None:
    """Draw a choice; `given` is what the settings say where the reader has not chosen."""
    values, key = list(options), _key(name)
    chosen = values.index(getattr(preferences(), name) or given)
    st.radio(t(name), values, chosen, format_func=options.get, key=key, on_change=_set, args=(name, key))


def _key(name: str) -> str:
    """The key of a field; another one in another language and after a reset, since a field keeps the words chosen."""
    return f"choose-{name}-{language()}-{st.session_state.get(RESETS, 0)}"


def _set(name: str, key: str) -> None:
    choose(replace(preferences(), **{name: str(st.session_state[key])}))


def _reset() -> None:
    choose(Preferences())
    st.session_state[RESETS] = st.session_state.get(RESETS, 0) + 1
