"""The API as a running server: how it stops, and what reaches LangSmith."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import uvicorn
from fakes import FakeEmbedder

from bench.page import free_port
from rag.chain import AnswerChain
from rag.embed import Vector
from rag.settings import Settings
from service.api import create_app

ASK = {"question": "猫吃什么？"}


class SlowEmbedder(FakeEmbedder):
    """Tells when it is asked for the vector of a question about food, and then takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def embed_query(self, text: str) -> Vector:
        if "吃" in text:
            self.asked.set()
            self.go_on.wait(20)
        return super().embed_query(text)


def test_an_answer_that_has_begun_is_finished_when_the_server_stops(tiny_index: Path, tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    settings = Settings.model_validate({"index": tiny_index, "api_keys": tmp_path / "none", "refusal_threshold": 0.0})
    port = free_port()
    app = create_app(AnswerChain(settings, embedder=embedder))
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_config=None, timeout_graceful_shutdown=30))
    running = threading.Thread(target=server.run)
    running.start()
    while not server.started:
        time.sleep(0.01)
    answers: list[httpx.Response] = []
    url = f"http://127.0.0.1:{port}/v1/ask"
    reader = threading.Thread(target=lambda: answers.append(httpx.post(url, json=ASK, timeout=30)))
    reader.start()
    assert embedder.asked.wait(20)
    server.should_exit = True  # what a signal sets
    time.sleep(0.3)
    with pytest.raises(httpx.TransportError):  # nobody new is let in
        httpx.post(url, json=ASK, timeout=5)
    embedder.go_on.set()
    reader.join(30)
    running.join(30)
    assert not running.is_alive()
    assert answers[0].json()["statements"][0]["text"] == "猫吃鱼。"


class Collector(BaseHTTPRequestHandler):
    """What LangSmith is, as far as a client sees it."""

    received: list[bytes]

    def do_GET(self) -> None:
        self._say(b"{}")

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._say(b"{}")

    do_PATCH = do_POST  # noqa: N815  # the name is http.server's

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    received: list[bytes] = []
    handler = type("Handler", (Collector,), {"received": received})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", received
    finally:
        server.shutdown()
        server.server_close()


def test_langsmith_gets_the_run_with_langchains_own_variables(
    tiny_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langchain_core.tracers.langchain import wait_for_all_tracers
    from langsmith.utils import get_env_var

    with collector() as (url, received):
        for name, value in {"TRACING": "true", "ENDPOINT": url, "API_KEY": "ls-x", "PROJECT": "p"}.items():
            monkeypatch.setenv(f"LANGSMITH_{name}", value)
        get_env_var.cache_clear()
        settings = Settings.model_validate({"index": tiny_index, "refusal_threshold": 0.0})
        AnswerChain(settings, embedder=FakeEmbedder()).invoke(ASK)
        wait_for_all_tracers()
        deadline = time.monotonic() + 20
        while not any(b"HybridRetriever" in body for body in received) and time.monotonic() < deadline:
            time.sleep(0.1)
    get_env_var.cache_clear()
    sent = b"".join(received)
    assert b"AnswerChain" in sent and b"HybridRetriever" in sent


def test_an_address_is_what_the_connection_says_and_no_header(tmp_path: Path) -> None:
    port = free_port()
    named = {"YINJU_INDEX": tmp_path / "index", "YINJU_API_KEYS": tmp_path / "none", "YINJU_API_RATE": 2}
    environment = {**os.environ, **{name: str(value) for name, value in named.items()}}
    command = [sys.executable, "-m", "service", "serve", "--port", str(port)]
    codes: list[int] = []
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 60
        while len(codes) < 4 and time.monotonic() < until and server.poll() is None:
            headers = {"X-Forwarded-For": f"9.9.9.{len(codes)}"}
            try:
                codes.append(httpx.get(f"http://127.0.0.1:{port}/v1/status", headers=headers, timeout=20).status_code)
            except httpx.TransportError:
                time.sleep(0.2)
        server.terminate()
    assert codes == [200, 200, 429, 429]
