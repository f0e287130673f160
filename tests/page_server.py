"""The page's server on a port of its own, and Chromium: for tests in a real browser."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.page import free_port

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "artifacts"
SECONDS_TO_START, SECONDS_TO_END = 60, 60


@contextmanager
def serve_page(
    environment: dict[str, str], *, folder: Path = ROOT, port: int | None = None, options: Sequence[str] = ()
) -> Iterator[str]:
    """The address of `streamlit run server.py` in a folder, with these variables, until the block ends."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.port", str(port), *options]
    server = subprocess.Popen(command, cwd=folder, env=os.environ | environment)
    until = time.monotonic() + SECONDS_TO_START
    try:
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, "the page's server ended"
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(SECONDS_TO_END)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a screen."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield running
        running.close()
