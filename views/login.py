"""Logging in: the form for a shared password, the way to the accounts' provider, and the way out."""

import threading
import time
from collections import defaultdict, deque

import streamlit as st

from rag.settings import Settings, load_settings
from views.access import person
from views.messages import plain, t
from views.returning import keep_address
from views.sessions import SESSION_SECONDS, SESSIONS, TOKEN, keep_token, role_of_password, token

MOST_ATTEMPTS = 10  # wrong passwords from one address in ATTEMPT_SECONDS
ATTEMPT_SECONDS = 600
COOKIE_SECRET = 32  # characters that a cookie's secret must have: who guesses it can be any account


class Attempts:
    """Wrong passwords by address, so that nobody can try many. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)

    def blocked(self, address: str, now: float) -> bool:
        """Whether an address has had as many wrong passwords as it may have."""
        with self._lock:
            for known in [known for known, times in self._times.items() if now - times[-1] > ATTEMPT_SECONDS]:
                del self._times[known]
            recent = [then for then in self._times.get(address, ()) if now - then <= ATTEMPT_SECONDS]
            return len(recent) >= MOST_ATTEMPTS

    def note(self, address: str, now: float) -> None:
        """Count a wrong password."""
        with self._lock:
            self._times[address].append(now)


ATTEMPTS = Attempts()  # of all sessions of this server


def admit() -> bool:
    """Whether who is at the page may go on; if not, what they need to log in is drawn."""
    settings = load_settings()
    if settings.login == "accounts" and not _cookies_are_safe():
        st.error(t("login_unsafe", length=COOKIE_SECRET))
        return False
    here = person()
    if settings.login == "passwords":
        keep_token(token() if here else "")
    if here and settings.login and st.sidebar.button(t("log_out"), icon=":material/logout:"):
        _log_out(settings)
    if here:
        return True
    if settings.login == "passwords":
        _ask_password(settings)
    elif st.user.is_logged_in:
        st.error(t("account_refused", account=plain(str(st.user.get("email") or st.user.get("sub")))))
        st.button(t("log_out"), icon=":material/logout:", on_click=st.logout)
    else:
        keep_address()
        st.button(t("log_in"), icon=":material/login:", on_click=st.login, type="primary")
    return False


def _ask_password(settings: Settings) -> None:
    with st.form("login", border=False):
        given = st.text_input(t("password"), type="password")
        st.caption(t("login_kept", days=SESSION_SECONDS // 86_400))
        if not st.form_submit_button(t("log_in"), type="primary"):
            return
    address, now = st.context.ip_address or "", time.monotonic()
    if ATTEMPTS.blocked(address, now):
        st.error(t("too_many_attempts", minutes=ATTEMPT_SECONDS // 60))
    elif role_of_password(given, settings):
        st.session_state.clear()  # of whoever was here before, whose login ended on another page
        st.session_state[TOKEN] = SESSIONS.open(given, time.time())
        st.rerun()
    else:
        ATTEMPTS.note(address, now)
        st.error(t("wrong_password"))


def _log_out(settings: Settings) -> None:
    SESSIONS.close(token())
    st.session_state.clear()  # the conversation too: the next one at this screen may be someone else
    if settings.login == "accounts":
        st.logout()
    st.rerun()


def _cookies_are_safe() -> bool:
    auth = st.secrets.get("auth", {}) if st.secrets.load_if_toml_exists() else {}
    return len(auth.get("cookie_secret", "")) >= COOKIE_SECRET
