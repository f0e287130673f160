"""What the page's server lets a browser load, with a page that tries to load from elsewhere."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from server import HEADERS

ROOT = Path(__file__).parent.parent
HOSTILE = """
import streamlit as st

st.caption("![](http://127.0.0.1:{port}/caption.png) 一句话")
st.button("![](http://127.0.0.1:{port}/label.png) 按钮")
st.html("<img src='http://127.0.0.1:{port}/html.png' onerror=\\"fetch('http://127.0.0.1:{port}/script')\\">")
st.text("到这里")
"""


class Outside(BaseHTTPRequestHandler):
    """A host that notes what it is asked for."""

    asked: list[str] = []  # noqa: RUF012  # one list for the one server of the test

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def outside() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, outside: int) -> Iterator[str]:
    """The server of the page, around a page that tries to load from elsewhere."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "app.py").write_text(HOSTILE.format(port=outside), encoding="utf-8")
    (folder / "server.py").write_text((ROOT / "server.py").read_text(encoding="utf-8"), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    at = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    command = [sys.executable, "-m", "streamlit", "run", "server.py", *at, "--browser.gatherUsageStats", "false"]
    server = subprocess.Popen(command, cwd=folder, env=dict(os.environ))
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, "the page's server ended"
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/no/such/page"])
def test_every_response_has_the_headers(address: str, path: str) -> None:
    with urllib.request.urlopen(address + path) as response:
        assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.browser
def test_a_page_that_holds_images_of_another_host_loads_none_of_them(address: str) -> None:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text))
        page.goto(address)
        page.get_by_text("到这里").wait_for()
        page.wait_for_timeout(1000)
        browser.close()
    assert Outside.asked == []
    assert any("caption.png" in line and "Content Security Policy" in line for line in refused), "it was tried"
