"""The page: from the start of the server to a text box in a browser, to an answer's first words, and its memory."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.process import ROOT, environment, memory_mb, peak_mb, run_python
from bench.streamlit_client import PageReader

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = "/usr/bin/chromium"
BROWSER_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 180  # seconds
REFERENCE = "import sentence_transformers, chromadb, streamlit"
VISITS = 5
IDLE = 20  # sessions that have asked a question and do nothing
CONVERSATIONS = (  # no question twice: the reader remembers what it has read
    (
        "小红书出海首期覆盖哪些市场？",
        "福利社是什么时候关闭的？",
        "小红书的月活用户有多少？",
        "红猫计划是什么？",
        "小红书的估值是多少？",
    ),
    (
        "小红书是哪一年成立的？",
        "为什么说小红书的种草值重要？",
        "小红书和淘宝合作做了什么？",
        "电商出海对中小商家友好吗？",
        "TikTok Shop在哪些国家开放？",
    ),
)
# Notes the milliseconds from Enter to the first statement of its answer.
WATCH = """() => {
  window.waits = [];
  const count = () => document.querySelectorAll(".yj-statement").length;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const [began, before] = [performance.now(), count()];
    const watching = new MutationObserver(() => {
      if (count() === before) return;
      window.waits.push(performance.now() - began);
      watching.disconnect();
    });
    watching.observe(document.body, { childList: true, subtree: true });
  }, true);
}"""


def measure_page(index: Path) -> dict[str, float]:
    """Seconds from the start of the server and of later visits, milliseconds to first words, memory of the server."""
    from playwright.sync_api import sync_playwright

    path = CHROMIUM if Path(CHROMIUM).exists() else None
    imports = run_python("-c", REFERENCE).seconds
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    with server(index, port) as process:
        wait_until_healthy(f"{url}/_stcore/health", process)
        healthy = time.perf_counter() - started
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=BROWSER_OPTIONS)
            visit(browser, url)
            visible = time.perf_counter() - started
            later = [visit(browser, url) for _ in range(VISITS)]
            waits = first_words(browser, url)
            browser.close()
        return {
            "until healthy, s": healthy,
            "until the text box, s": visible,
            "later visits p50, s": statistics.median(later),
            "later visits, the slowest, s": max(later),
            "Enter to first words p50, ms": statistics.median(waits),
            "Enter to first words, the slowest, ms": max(waits),
            f"memory of {IDLE} idle sessions above one, MB": asyncio.run(memory_of_sessions(port, process.pid)),
            "peak memory, MB": peak_mb(process.pid),
            "importing the libraries alone, s": imports,
        }


def visit(browser: "Browser", url: str) -> float:
    """Seconds until a reader with an empty browser can type into the page and its examples are there."""
    context = browser.new_context()  # with a cache and cookies of its own
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    began = time.perf_counter()
    page.goto(url)
    page.locator("textarea").wait_for(state="visible")
    page.locator("[class*=st-key-examples] button").first.wait_for(state="visible")
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def first_words(browser: "Browser", url: str) -> list[float]:
    """Milliseconds from Enter to the first statement on the page, for each question of the conversations."""
    waits: list[float] = []
    for questions in CONVERSATIONS:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(url)
        page.locator("textarea").wait_for(state="visible")
        page.evaluate(WATCH)
        for asked, question in enumerate(questions, 1):
            page.wait_for_timeout(2000)  # the reader reads
            page.fill("textarea", question)
            page.keyboard.press("Enter")
            given_up = time.monotonic() + PATIENCE
            while page.evaluate("window.waits.length") < asked:
                if time.monotonic() > given_up:
                    raise TimeoutError(f"no statement answers {question} within {PATIENCE} s")
                page.wait_for_timeout(100)
            page.locator(".yj-stages").wait_for(state="detached")
        waits += page.evaluate("window.waits")
        page.close()
    return waits


async def memory_of_sessions(port: int, pid: int) -> float:
    """MB that the server grows by when IDLE sessions are open, each with an answer, instead of one."""
    async with AsyncExitStack() as sessions:
        grown = 0.0
        for number in range(IDLE):
            reader = await sessions.enter_async_context(PageReader.open(port))
            await reader.ask(CONVERSATIONS[0][number % len(CONVERSATIONS[0])])
            if number == 0:
                grown = -memory_mb(pid)
        return grown + memory_mb(pid)


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
