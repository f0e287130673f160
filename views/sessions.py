"""Logins with a shared password that outlast a reload: the browser keeps a random token, this process the rest.

So there is nothing to sign, no secret lies on the disk, and a login that is over cannot be taken up again with a copy
of its cookie. A server that starts again asks everybody once more.
"""

import hmac
import secrets
import threading
from typing import Literal
from urllib.parse import urlsplit

import streamlit as st

from rag.settings import Settings
from views.scripts import script

Role = Literal["reader", "editor"]
SESSION_SECONDS = 7 * 86_400  # from the password on, however often the page is opened meanwhile
TOKEN = "login-token"  # the key of the session's state


class Sessions:
    """Who logged in, by token. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, float]] = {}  # the password that was given, and until when it counts

    def open(self, password: str, now: float) -> str:
        """The token of a new login."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._known = {known: entry for known, entry in self._known.items() if entry[1] > now}
            self._known[token] = (password, now + SESSION_SECONDS)
        return token

    def role(self, token: str, settings: Settings, now: float) -> Role | None:
        """What a login allows: what its password allows today. None where it is over, or there was none."""
        password, until = self._known.get(token, ("", 0.0))
        return role_of_password(password, settings) if now < until else None

    def close(self, token: str) -> None:
        """End a login, on every page that has it open."""
        with self._lock:
            self._known.pop(token, None)


SESSIONS = Sessions()  # of this server


def role_of_password(given: str, settings: Settings) -> Role | None:
    """What a password allows; None for a wrong one. Takes as long for a wrong one as for a right one."""
    known: tuple[tuple[Role, str], ...] = (
        ("editor", settings.editor_password.get_secret_value()),
        ("reader", settings.reader_password.get_secret_value()),
    )
    matches = [role for role, secret in known if hmac.compare_digest(secret.encode(), given.encode()) and secret]
    return matches[0] if matches else None


def token() -> str:
    """The token of who is at the page: of a login on it, else what the browser kept of an earlier one; "" for none."""
    return st.session_state.get(TOKEN) or st.context.cookies.get(_cookie_name(), "")


def keep_token(kept: str) -> None:
    """Have the browser keep a token; "" has it let go of the one that it kept."""
    if kept != st.context.cookies.get(_cookie_name(), ""):
        seconds = SESSION_SECONDS if kept else 0
        cookie = f"{_cookie_name()}={kept}; path=/; max-age={seconds}; SameSite=Strict"
        script("sessions")(key="yj-keep-login", data={"cookie": cookie})


def _cookie_name() -> str:
    """With the port, which cookies do not tell apart: another server of the host has logins of its own."""
    port = urlsplit(st.context.url or "").port
    return f"yinju-login-{port}" if port else "yinju-login"
