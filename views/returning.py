"""Back to where a login with an account began: Streamlit's own ends at the first page, whatever the address was.

The browser keeps the address while it is at the provider, and the server sends it there instead.
"""

import re
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from views.scripts import script

COOKIE = "yinju-return"
KEPT_SECONDS = 600  # that a login may take
_BACK = "oauth2callback"  # where the provider sends the browser
# A page, a conversation: nothing that leads to another host, or here again.
_ADDRESS = re.compile(rf"(?!{_BACK})[a-z]*(?:\?c=[0-9a-f]+)?")


def keep_address() -> None:
    """Have the browser keep the page and the conversation of its address."""
    page = urlsplit(st.context.url or "").path.rpartition("/")[2]
    conversation = st.query_params.get("c")
    kept = page + (f"?c={conversation}" if conversation else "")
    cookie = f"{COOKIE}={kept if _ADDRESS.fullmatch(kept) else ''}; path=/; max-age={KEPT_SECONDS}; SameSite=Lax"
    script("sessions")(key="yj-keep-address", data={"cookie": cookie})


class Returning:
    """An ASGI middleware: what comes back from the provider goes on to the address that the browser kept."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        back = scope["type"] == "http" and scope["path"].endswith(f"/{_BACK}")
        kept = Request(scope).cookies.get(COOKIE, "") if back else ""
        if not kept or not _ADDRESS.fullmatch(kept):
            await self._app(scope, receive, send)
            return

        async def redirected(message: Message) -> None:
            if message["type"] == "http.response.start" and "location" in (headers := MutableHeaders(scope=message)):
                headers["location"] = f"{headers['location'].rstrip('/')}/{kept}"
            await send(message)

        await self._app(scope, receive, redirected)
