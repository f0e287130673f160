"""The conversation in a real browser, wide and narrow: typing Chinese, stopping, editing, export, history."""

import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from page_server import ARTIFACTS, ROOT, serve_page
from playwright.sync_api import Browser, Page, expect

from bench.page import free_port

pytestmark = [pytest.mark.model, pytest.mark.browser]
WIDTHS = pytest.mark.parametrize("width", [1440, 390])
AT_TOP = 200  # pixels from the top of the window; the first question begins at about 300, below the greeting
QUESTION = "福利社是什么时候关闭的？"
# Notes in each frame how many questions there are, and where the last one and its answer are (y, in pixels).
WATCH_PLACES = """() => {
  window.places = [];
  const y = (node) => node?.getBoundingClientRect().y ?? null;
  const look = () => {
    const questions = document.querySelectorAll(".yj-question");
    const answers = document.querySelectorAll(".yj-answer");
    const count = questions.length;
    if (count) window.places.push([count, y(questions[count - 1]), y(answers[count - 1])]);
    requestAnimationFrame(look);
  };
  look();
}"""
CLOSED = "2023 年 9 月,福利社发布告别信,并于同年 11 月 16 日正式关闭,跨境电商业务正式中断。"


class Stalling(BaseHTTPRequestHandler):
    """An OpenAI-compatible API that takes a question and never answers it."""

    def do_POST(self) -> None:
        time.sleep(120)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history") / "history.sqlite"


@pytest.fixture(scope="module")
def address(corpus_index: Path, history: Path) -> Iterator[str]:
    with serve_page({"YINJU_INDEX": str(corpus_index), "YINJU_HISTORY": str(history)}) as running:
        yield running


@pytest.fixture(scope="module")
def stalled(corpus_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page whose LLM takes the question and says nothing."""
    model = ThreadingHTTPServer(("127.0.0.1", 0), Stalling)
    model.daemon_threads = True
    threading.Thread(target=model.serve_forever, daemon=True).start()
    history = tmp_path_factory.mktemp("history") / "history.sqlite"
    llm = {"YINJU_LLM": "openai:x", "YINJU_LLM_API_KEY": "x"}
    url = {"YINJU_LLM_BASE_URL": f"http://127.0.0.1:{model.server_port}/v1"}
    with serve_page({"YINJU_INDEX": str(corpus_index), "YINJU_HISTORY": str(history), **llm, **url}) as running:
        yield running
    model.shutdown()


def open_page(browser: Browser, address: str, width: int) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 900}, accept_downloads=True)
    page.set_default_timeout(120_000)
    expect.set_options(timeout=60_000)
    page.goto(address)
    page.wait_for_selector("textarea")
    return page


def ask(page: Page, question: str = QUESTION) -> None:
    answers = page.locator(".yj-answer").count()
    page.fill("textarea", question)
    page.keyboard.press("Enter")
    expect(page.locator(".yj-answer")).to_have_count(answers + 1)
    expect(page.locator(".yj-stages")).to_have_count(0)


def shot(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / name)


def test_enter_that_ends_a_composition_sends_nothing(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    page.locator("textarea").click()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "fulishe", "selectionStart": 7, "selectionEnd": 7})
    enter = {"windowsVirtualKeyCode": 229, "key": "Process", "code": "Enter"}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    # What an input method of macOS sends: the key itself, while the composition still runs.
    real = {"windowsVirtualKeyCode": 13, "key": "Enter", "code": "Enter"}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **real})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **real})
    page.wait_for_timeout(1500)
    assert page.locator(".yj-question").count() == 0
    keyboard.send("Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0})
    page.fill("textarea", "")
    keyboard.send("Input.insertText", {"text": QUESTION})
    page.keyboard.press("Enter")
    expect(page.locator(".yj-question")).to_have_text(QUESTION)
    page.close()


@WIDTHS
def test_a_question_stands_at_the_top_and_its_answer_does_not_move(browser: Browser, address: str, width: int) -> None:
    page = open_page(browser, address, width)
    page.evaluate(WATCH_PLACES)
    for number, question in enumerate(("小红书出海首期覆盖哪些市场？", QUESTION)):
        ask(page, question)
        expect(page.get_by_text("接着可以问")).to_have_count(1)
        there = "([asked, top]) => window.places.at(-1)[0] === asked && window.places.at(-1)[1] < top"
        page.wait_for_function(there, arg=[number + 1, AT_TOP])  # a busy machine takes its time
        page.wait_for_timeout(1000)
        of_this = "number => window.places.filter(([asked]) => asked === number + 1).map((place) => place.slice(1))"
        places = page.evaluate(of_this, number)
        at_top = [place for place in places if place[0] < AT_TOP]
        assert len(at_top) > 10, places
        assert at_top == places[-len(at_top) :], "it was at the top, and left it"
        for y_of_each in zip(*at_top, strict=True):
            seen = [y for y in y_of_each if y is not None]
            assert max(seen) - min(seen) < 2, places
    expect(page).to_have_title(re.compile("^小红书出海首期覆盖哪些市场？ · "))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shot(page, f"chat-{width}.png")
    page.close()


def test_a_conversation_is_exported_and_its_quotes_are_verified(
    browser: Browser, address: str, tmp_path: Path, corpus_index: Path
) -> None:
    page = open_page(browser, address, 1440)
    ask(page)
    for form, name in (("md", "Markdown"), ("html", "HTML"), ("json", "JSON")):
        if not page.get_by_role("button", name=name).is_visible():
            page.get_by_test_id("stMain").get_by_role("button", name=QUESTION).first.click()
        shot(page, "export.png")
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        path = tmp_path / f"export.{form}"
        download.value.save_as(path)
        command = [sys.executable, "-m", "rag", "verify", str(path), "--index", str(corpus_index), "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert next((one["state"], one["cited"]["quote"]) for one in found) == ("stands", CLOSED)
    page.close()


@WIDTHS
def test_a_conversation_is_found_again_and_a_deleted_one_comes_back(browser: Browser, address: str, width: int) -> None:
    page = open_page(browser, address, width)
    ask(page, "红猫计划是什么？")
    page.reload()
    expect(page.locator(".yj-question")).to_have_text("红猫计划是什么？")
    page.get_by_test_id("stMain").get_by_role("button", name="红猫计划是什么？").first.click()
    page.get_by_role("button", name="删除对话").click()
    expect(page.get_by_text("已删除「红猫计划是什么？」")).to_be_visible()
    expect(page.locator(".yj-question")).to_have_count(0)
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".yj-question")).to_have_text("红猫计划是什么？")
    if width < 768:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_placeholder("搜索历史对话").fill("红猫")
    hint = page.locator(".stTextInput", has=page.get_by_placeholder("搜索历史对话")).get_by_test_id("InputInstructions")
    assert hint.evaluate("(node) => getComputedStyle(node, '::after').content") == '"按回车确认"'
    field, below = page.get_by_placeholder("搜索历史对话").bounding_box(), hint.bounding_box()
    assert field and below and below["y"] >= field["y"] + field["height"], "it lies over what is typed"
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stSidebar").get_by_role("button", name="红猫计划").first).to_be_visible()
    shot(page, f"history-{width}.png")
    page.close()


def test_what_cannot_be_done_is_told_to_its_last_word_and_in_no_other_language(
    browser: Browser, address: str, history: Path
) -> None:
    page = open_page(browser, address, 1440)
    ask(page, "“灵犀”是什么？")
    page.get_by_role("button", name="新对话").first.click()
    expect(page.locator(".yj-question")).to_have_count(0)
    with closing(sqlite3.connect(history)) as connection, connection:
        connection.execute("UPDATE turns SET record = '[' WHERE question LIKE '%灵犀%'")
    page.get_by_test_id("stSidebar").get_by_role("button", name="“灵犀”是什么？").first.click()
    told = page.get_by_test_id("stToastText")
    expect(told).to_contain_text("请用备份恢复。")
    assert told.evaluate("(node) => node.scrollHeight <= node.clientHeight")
    assert not re.search("[a-z] [a-z]", page.get_by_test_id("stToast").inner_text())  # of “view more”
    expect(page.get_by_test_id("stChatInput")).to_be_visible()
    page.close()


def test_back_and_forward_lead_from_conversation_to_conversation_and_out(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    asked = page.locator(".yj-question")
    ask(page)
    page.get_by_role("button", name="新对话").first.click()
    expect(asked).to_have_count(0)
    ask(page, "红猫计划是什么？")
    page.wait_for_url(f"{address}/?c=*")
    page.go_back()
    expect(asked).to_have_count(0)
    page.go_back()
    expect(asked).to_have_text(QUESTION)
    page.go_forward()
    expect(asked).to_have_count(0)
    page.go_forward()
    expect(asked).to_have_text("红猫计划是什么？")
    page.get_by_test_id("stSidebar").get_by_role("button", name=QUESTION).first.click()
    expect(asked).to_have_text(QUESTION)
    page.go_back()
    expect(asked).to_have_text("红猫计划是什么？")
    for _ in range(3):  # the page without a conversation, the first one, the page without one
        page.go_back()
        expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(asked).to_have_count(0)
    page.go_back()
    assert page.url == "about:blank"
    page.close()


@WIDTHS
def test_an_answer_is_copied_rated_and_its_question_changed(browser: Browser, address: str, width: int) -> None:
    page = open_page(browser, address, width)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page)
    page.get_by_role("button", name="复制").click()
    expect(page.get_by_role("button", name="已复制")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(QUESTION) and f"：{CLOSED}" in copied
    page.get_by_role("radio", name="没用").or_(page.get_by_role("button", name="没用")).click()
    page.get_by_text("过时").click()
    page.mouse.move(5, 5)
    chosen = page.get_by_role("radio", name="没用")
    assert chosen.evaluate("(node) => getComputedStyle(node).color") == "rgb(160, 53, 38)"
    expect(page.get_by_placeholder("正确的答案是")).to_be_visible()
    shot(page, f"rating-{width}.png")
    page.get_by_role("button", name="修改").click()
    page.get_by_label("修改").last.fill("红猫计划是什么？")
    send = page.get_by_role("button", name="重新发送")
    send.hover()
    assert send.evaluate("(node) => getComputedStyle(node).color") == "rgb(255, 255, 255)"
    shot(page, f"edit-{width}.png")
    send.click()
    expect(page.locator(".yj-question")).to_have_text("红猫计划是什么？")
    page.close()


@WIDTHS
def test_the_stages_are_seen_and_an_answer_can_be_stopped_while_the_model_stalls(
    browser: Browser, stalled: str, width: int
) -> None:
    page = open_page(browser, stalled, width)
    page.fill("textarea", QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".yj-stages .yj-now")).to_have_text("阅读 8 段")
    shot(page, f"stages-{width}.png")
    page.reload()
    expect(page.locator(".yj-stages .yj-now")).to_have_text("阅读 8 段")
    expect(page.locator(".yj-question")).to_have_text(QUESTION)
    page.get_by_role("button", name="停止").click()
    expect(page.get_by_text("已停止，还没有得到回答。")).to_be_visible(timeout=20_000)
    expect(page.locator(".yj-stages")).to_have_count(0)
    edit = page.get_by_role("button", name="修改")
    expect(edit.first).to_be_enabled()
    page.fill("textarea", "那它有多少粉丝？")
    page.keyboard.press("Enter")
    expect(page.locator(".yj-stages")).to_have_count(1)
    expect(edit.first).to_be_disabled()  # what is being answered would come after what the change cuts
    page.close()


def test_a_page_that_lost_its_server_goes_on_when_it_is_back(
    browser: Browser, corpus_index: Path, tmp_path: Path
) -> None:
    variables = {"YINJU_INDEX": str(corpus_index), "YINJU_HISTORY": str(tmp_path / "history.sqlite")}
    port = free_port()
    with serve_page(variables, port=port) as address:
        page = open_page(browser, address, 1440)
        ask(page)
    expect(page.get_by_role("dialog")).to_be_visible()  # it says that the connection is lost
    with serve_page(variables, port=port):
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.locator(".yj-question")).to_have_text(QUESTION)
        ask(page, "红猫计划是什么？")
        expect(page.locator(".yj-question")).to_have_text([QUESTION, "红猫计划是什么？"])
        page.close()
