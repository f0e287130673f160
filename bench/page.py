"""The page: from the start of the server to its health check and to a text box in a browser, and its memory."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.process import ROOT, environment, peak_mb, run_python

CHROMIUM = "/usr/bin/chromium"
BROWSER_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 180  # seconds
REFERENCE = "import sentence_transformers, chromadb, streamlit"


def measure_page(index: Path) -> dict[str, float]:
    """Seconds from the start of the server, those of a second visit, and the peak memory of the server."""
    from playwright.sync_api import Browser, sync_playwright

    def visit(browser: Browser, url: str) -> None:
        page = browser.new_page()
        page.goto(url)
        page.locator("textarea").wait_for(state="visible", timeout=PATIENCE * 1000)
        page.close()

    path = CHROMIUM if Path(CHROMIUM).exists() else None
    imports = run_python("-c", REFERENCE).seconds
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_OPTIONS)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        started = time.perf_counter()
        with server(index, port) as process:
            wait_until_healthy(f"{url}/_stcore/health", process)
            healthy = time.perf_counter() - started
            visit(browser, url)
            visible = time.perf_counter() - started
            again = time.perf_counter()
            visit(browser, url)
            return {
                "until healthy, s": healthy,
                "until the text box, s": visible,
                "second visit, s": time.perf_counter() - again,
                "peak memory, MB": peak_mb(process.pid),
                "importing the libraries alone, s": imports,
            }


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def server(index: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """The running page, ended when the block is left."""
    command = [sys.executable, "-m", "streamlit", "run", "server.py"]
    options = ["--server.port", str(port), "--server.headless", "true"]
    settings = environment(YINJU_INDEX=str(index.resolve()))
    process = subprocess.Popen([*command, *options], cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, 9)
            process.wait()


def wait_until_healthy(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Return once the server says that it is well. Raises RuntimeError when it ends or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the page ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                if response.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the page was not healthy after {PATIENCE} s")
