"""An OpenAI-compatible server on loopback that answers as told: for tests of the LLM path without an LLM."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FakeServer(ThreadingHTTPServer):
    """`reply` is what the model writes, after those in `queue`.

    `mode` is ok, error (500), busy (429: rate limit), overflow (400: the prompt is too long), stall, garbage,
    broken, alive (no word, but signs that the server lives) or later (429 with a long Retry-After).

    `finish` is the reason that it gives for its end; `prompts` is what it was asked.
    """

    daemon_threads = True
    reply = ""
    mode = "ok"
    finish: str | None = "stop"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.prompts: list[str] = []
        self.queue: list[str] = []
        self.released = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client may hang up before the reply ends."""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: FakeServer

    def do_POST(self) -> None:  # the name is http.server's
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.prompts.append("\n".join(str(message["content"]) for message in request["messages"]))
        if status := {"error": 500, "busy": 429, "overflow": 400}.get(self.server.mode):
            self.send_error(status)
            return
        if self.server.mode == "stall":
            self.server.released.wait(20)
            return
        if self.server.mode == "later":
            self.send_response(429)
            self.send_header("Retry-After", "20")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        while self.server.mode == "alive" and not self.server.released.wait(0.3):
            self.wfile.write(b": keep-alive\n\n")
            self.wfile.flush()
        if self.server.mode == "garbage":
            self.wfile.write(b"data: {not json\n\n")
            return
        reply = self.server.queue.pop(0) if self.server.queue else self.server.reply
        half = len(reply) // 2
        for at in range(0, len(reply), 3):
            if self.server.mode == "broken" and at > half:
                return
            self._send({"content": reply[at : at + 3]})
            time.sleep(0.001)
        self._send({}, finish=self.server.finish)
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, delta: dict[str, str], finish: str | None = None) -> None:
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "fake"}
        chunk["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]  # type: ignore[assignment]
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        self.wfile.flush()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def fake_llm() -> Iterator[FakeServer]:
    server = FakeServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
