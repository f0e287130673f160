"""Who is at the page, and what they may do: everybody everything, until a login is set.

Two ways to log in, each turned on by its settings: passwords that a team shares, or accounts of an OpenID Connect
provider, which Streamlit's own login handles.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rag.settings import Settings, load_settings
from views.messages import JOINER
from views.sessions import SESSIONS, Role, token

EVERY_ACCOUNT = "*"


@dataclass(frozen=True)
class Person:
    """Who is at the page. `name` is what their history is kept under; "" where nobody needs to log in."""

    name: str
    role: Role


def person() -> Person | None:
    """Who is at the page; None before they logged in, and for an account that may not read."""
    settings = load_settings()
    if settings.login == "accounts":
        return person_of_account(st.user.to_dict(), settings)
    if settings.login == "passwords":
        role = SESSIONS.role(token(), settings, time.time())
        return Person(role, role) if role else None
    return Person("", "editor")


def may_edit() -> bool:
    """Whether who is at the page may upload articles and update the index."""
    here = person()
    return here is not None and here.role == "editor"


def reader_name() -> str:
    """What the history of who is at the page is kept under: the same for all who share a password."""
    here = person()
    return here.name if here else ""


def person_of_account(claims: Mapping[str, Any], settings: Settings) -> Person | None:
    """The person of an account's claims; None for one that is not logged in or may not read.

    An account is known by its subject, which the provider never gives to another one, or by an e-mail address that
    the provider has verified: others may be chosen freely.
    """
    if not claims.get("is_logged_in"):
        return None
    names = {str(claims["sub"])} if "@" not in claims["sub"] else set()  # a subject that looks like an address is none
    address = str(claims.get("email", "")).lower()
    if claims.get("email_verified") is True and "@" in address:
        names |= {address, address[address.rindex("@") :]}
    name = f"{claims['iss']} {claims['sub']}"
    for role, allowed in (("editor", settings.editors), ("reader", settings.readers)):
        if allowed == EVERY_ACCOUNT or names & _listed(allowed):
            return Person(name, role)
    return None


def _listed(names: str) -> set[str]:
    """The names of a list with commas; addresses in lower case, as their providers do not tell case apart."""
    listed = (name.replace(JOINER, "").strip() for name in names.split(","))  # copied from the page
    return {name.lower() if "@" in name else name for name in listed} - {""}
