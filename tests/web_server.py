"""A web server on 127.0.0.1 for tests of fetching: what it answers is told by the test."""

import contextlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ingest.fetch import Limits, is_public

TEXT = "小红书悄然布局跨境电商，首期覆盖美国及港澳市场。\n"
Answer = Callable[[BaseHTTPRequestHandler], None]
PAGE = f"<html><head><title>小红书：出海 / 2025</title></head><body><p>{TEXT}</p></body></html>".encode()


class Server:
    """A web server on 127.0.0.1 that answers each path as it is told, and notes the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append((self.path, dict(self.headers)))
                with contextlib.suppress(OSError):  # the client goes away, as it should
                    outer.answers[self.path.partition("?")[0]](self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def limits(self, **changes: object) -> Limits:
        """The real limits, except that this one server may be reached."""
        ports = frozenset({80, 443, self.port})
        return Limits(**{"ports": ports, "allowed": lambda a: a == "127.0.0.1" or is_public(a), **changes})  # type: ignore[arg-type]


def page(content: bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def redirect(location: str, status: int = 302) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", location.encode().decode("latin-1"))
        handler.end_headers()

    return answer
