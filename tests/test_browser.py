"""The page in a real browser: from question to proof, wide and narrow. Writes docs/page.png."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = [pytest.mark.model, pytest.mark.browser]
ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "artifacts"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def address(corpus_index: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "YINJU_INDEX": str(corpus_index)})
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield running
        running.close()


def open_page(browser: Browser, address: str, width: int, scheme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("textarea")
    return page


def ask(page: Page, question: str) -> None:
    page.fill("textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".yj-answer")
    # The box for typing is free again once the answer is whole.
    expect(page.get_by_text("清空对话")).to_be_visible(timeout=60_000)


def test_from_a_question_to_the_sentence_that_proves_it(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    expect(page.get_by_text("可以这样问")).to_be_visible(timeout=60_000)
    ask(page, "小红书出海首期覆盖哪些市场？")
    marks = page.locator(".yj-mark > a")
    assert marks.count() >= 2
    marks.first.hover()
    expect(page.locator(".yj-tip").first).to_be_visible()
    page.mouse.move(5, 5)
    (ROOT / "docs").mkdir(exist_ok=True)
    page.screenshot(path=ROOT / "docs" / "page.png")
    last = marks.last
    card = page.locator(last.get_attribute("href") or "")
    last.click()
    expect(card).to_be_in_viewport(timeout=10_000)
    quotes = page.locator(".yj-card > blockquote mark").all_inner_texts()
    assert len(quotes) == marks.count()
    assert all("美国" in quote or "澳门" in quote for quote in quotes)
    page.close()


def test_on_a_telephone_nothing_is_wider_than_the_screen(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 390, "dark")
    ask(page, "福利社是什么时候关闭的？")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".yj-card").first.bounding_box()["width"] <= 390  # type: ignore[index]
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / "page-390-dark.png")
    page.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_scope_is_chosen_in_the_popover_and_the_search_is_shown_below_the_answer(
    browser: Browser, address: str, width: int
) -> None:
    page = open_page(browser, address, width)
    expect(page.get_by_text("可以这样问")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="范围").click()
    page.get_by_label("标签").fill("出海")
    page.keyboard.press("Enter")
    expect(page.get_by_text("不限范围")).to_be_visible()
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"scope-{width}.png")
    page.keyboard.press("Escape")  # the list of tags
    page.mouse.click(2, 300)  # the popover
    expect(page.get_by_text("不限范围")).to_be_hidden()
    ask(page, "小红书出海首期覆盖哪些市场？")
    expect(page.locator(".yj-scope")).to_have_text("范围　标签：出海")
    assert page.locator(".yj-card header").count() == page.locator(".yj-card", has_text="商业化良药").count()
    page.get_by_text("检索详情").click()
    expect(page.locator(".yj-search li").first).to_be_visible()
    page.locator(".yj-search").scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=ARTIFACTS / f"search-{width}.png")
    page.close()


def test_html_in_a_question_stays_text(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    ask(page, "<img src=x onerror=alert(1)><script>alert(2)</script>")
    assert page.locator(".yj-question").inner_text() == "<img src=x onerror=alert(1)><script>alert(2)</script>"
    assert page.locator(".yj-question img").count() == 0
    assert alerts == []
    page.close()


def test_an_absent_topic_is_refused_and_the_nearest_passages_wait_behind_a_click(
    browser: Browser, address: str
) -> None:
    page = open_page(browser, address, 1440)
    ask(page, "红烧肉怎么炖才能软烂又不腻？")
    expect(page.locator(".yj-notice")).to_contain_text("没有找到")
    expect(page.locator(".yj-nearest .yj-card").first).to_be_hidden()
    page.locator(".yj-nearest summary").click()
    expect(page.locator(".yj-nearest .yj-card").first).to_be_visible()
    page.close()


def test_the_page_asks_nobody_but_its_own_server(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("textarea")
    ask(page, "小红书的月活用户有多少？")
    foreign = [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))]
    assert foreign == []
    page.close()
