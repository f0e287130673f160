"""The HTML that a browser gets before the page's first run, with what that run would otherwise make it wait for.

Our style sheets stand in it, so that nothing is drawn without them and then moves; and the parts of Streamlit that the
page draws with are asked for at once, not when the first of each is to be drawn.
"""

import re
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

STYLES = sorted(Path(__file__).parent.glob("*.css"))
CHAT = ("Html", "Button", "TextInput", "BidiComponent", "ChatInput")  # the parts of a page, by their files' names
PARTS = {"library": ("Html", "Button", "TextInput", "ButtonGroup", "FileUploader", "Selectbox", "DataFrame")}
_IMPORTED = re.compile(r'from"\./([\w.-]+\.js)"|import"\./([\w.-]+\.js)"')
_SCRIPT_INSIDE = re.compile(r"<script>[^<]*</script>\s*")
_ONLY_ORIGINAL = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")  # of the file, which we change


class Shell:
    """An ASGI middleware: every HTML page of the app has our styles, and names the parts that it needs.

    `in_use` tells the app whether it is served so; `streamlit run app.py` is not.
    """

    in_use = False

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        Shell.in_use = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, PARTS.get(scope["path"].rpartition("/")[2], CHAT))
        headers = [(name, value) for name, value in scope["headers"] if name not in _ONLY_ORIGINAL]
        await self._app({**scope, "headers": headers}, receive, answer)


class _Answer:
    """Sends an answer on: HTML whole and completed, anything else as it comes."""

    def __init__(self, send: Send, needed: tuple[str, ...]) -> None:
        self._send = send
        self._needed = needed
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if Headers(raw=message["headers"]).get("content-type", "").startswith("text/html"):
                self._start = message
                return
        elif self._start:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": completed(self._body.decode(), self._needed).encode()}
            headers = MutableHeaders(raw=self._start["headers"])
            del headers["etag"], headers["last-modified"]
            headers["content-length"] = str(len(message["body"]))
            await self._send(self._start)
        await self._send(message)


def completed(page: str, needed: tuple[str, ...]) -> str:
    """An HTML page with links to needed parts in its head, and the styles after all that Streamlit puts there.

    It loses the scripts that stand in it: the server's Content-Security-Policy lets none of them run.
    """
    page = _SCRIPT_INSIDE.sub("", page)
    links = "".join(f'<link rel="modulepreload" crossorigin href="./static/js/{name}">' for name in files_of(needed))
    page = page.replace("</head>", f"{links}</head>", 1)
    return page.replace("</body>", f"<style>{style()}</style></body>", 1)


def style() -> str:
    """The style sheets of the page."""
    return "\n".join(path.read_text(encoding="utf-8") for path in STYLES)


@cache
def files_of(needed: tuple[str, ...]) -> tuple[str, ...]:
    """The files of parts of Streamlit and all that they import; what this Streamlit does not have is left out."""
    folder = Path(file_util.get_static_dir()) / "static" / "js"
    waiting = [path.name for part in needed for path in folder.glob(f"{part}.*.js")]
    found: dict[str, None] = {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            text = (folder / name).read_text(encoding="utf-8")
            waiting += [one or other for one, other in _IMPORTED.findall(text)]
    return tuple(found)
