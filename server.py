"""The server of the page: `streamlit run server.py`. What it sends lets a browser load nothing from elsewhere.

Words of articles and of models are escaped wherever they are shown; with these headers, one that slips through still
loads no image, runs no script of another host, and tells no other host what was read.
"""

from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from views.returning import Returning
from views.shell import Shell

HEADERS = {
    # Streamlit styles its elements in place and compiles WebAssembly, our components load as blobs. The one script in
    # its page itself, a flag for crawlers, is not run, which harms nothing.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SafeHeaders:
    """An ASGI middleware: every response has HEADERS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers)


MIDDLEWARE = [Middleware(SafeHeaders), Middleware(Returning), Middleware(Shell)]
app = st.App(Path(__file__).with_name("app.py"), middleware=MIDDLEWARE)
