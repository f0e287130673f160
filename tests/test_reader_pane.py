"""The reader pane alone in a bare page: what it draws, where focus goes, what it tells Python."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
VIEWS = Path(__file__).parent.parent / "views"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
LABELS = {
    name: name for name in ("previous", "next", "close", "removed", "original", "opening", "copy", "copied", "keys")
}
HTML = """<!doctype html><div class="stApp" style="color-scheme: light">
<main class="stMain" style="height: 600px; overflow: auto">
<textarea data-testid="stChatInputTextArea"></textarea>
<p style="height: 900px">上</p>
<div class="yj-answer"><p>注</p><p>甲说了话。<span class="yj-mark"><a id="one" href="#c" data-cite="0-1">1</a>
<span class="yj-tip" data-cite="0-1">甲说了话。</span></span> <a id="two" href="#c" data-cite="0-2">2</a></p></div>
<p style="height: 900px">下</p><div id="pane"></div></main></div>"""
MOUNT = """async (code) => {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const { default: mount } = await import(url);
  window.told = [];
  window.send = (data) => (window.unmount = mount({ data, parentElement: document.getElementById("pane"),
    setTriggerValue: (name, value) => window.told.push([name, value]) }));
}"""


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Page:
    return browser.new_context(has_touch=True).new_page()


@pytest.fixture
def page(tab: Page) -> Page:
    tab.goto("about:blank")  # a new document, without the listeners of the last test
    tab.set_viewport_size({"width": 1440, "height": 800})
    tab.set_content(f"<style>{(VIEWS / 'style.css').read_text(encoding='utf-8')}</style>{HTML}")
    tab.evaluate(MOUNT, (VIEWS / "reader.js").read_text(encoding="utf-8"))
    send(tab, "")
    return tab


def words(text: str, kind: str = "", *marks: int) -> dict[str, Any]:
    return {"text": text, "kind": kind, "marks": list(marks)}


def told(page: Page) -> list[str]:
    """The citations that Python was told of, each with the next number of a click."""
    said = page.evaluate("window.told")
    assert [(name, value["click"]) for name, value in said] == [("opened", n) for n in range(1, len(said) + 1)]
    return [value["name"] for _, value in said]


def send(page: Page, cited: str, title: str = "题", *, late: bool = False, opened: int = 0) -> None:
    """Give the pane what Python would for a citation: two quotes of one article, 200 lines apart.

    It answers the last click; `late`, the one before. `opened` is how often the page has opened something since.
    """
    filler = [{"level": 0, "words": [words(f"第{n}行。")]} for n in range(200)]
    lines = [
        {"level": 3, "words": [words("## ", "removed"), words("头")]},
        {"level": 0, "words": [words("甲说了话。", "", 1), words(HOSTILE)]},
        {"level": 0, "words": [words(HOSTILE, "removed"), words("〔广告：推销〕", "note")]},
        {"level": 0, "words": [], "cells": [[words("年")], [words(HOSTILE)]], "head": True},
        {"level": 0, "words": [], "cells": [[words("2023", "", 3)], [words("12", "", 3)]]},
        *filler,
        {"level": 0, "words": [words("乙写了书。", "", 2)]},
    ]
    shown = {
        "title": title,
        "source": "某人",
        "url": "https://example.org/a",
        "quote": "甲说了话。",
        "marker": int(cited[-1:] or 0),
        "count": 2,
        "place": f"出处 {cited[-1:]} / 2",
        "removed": "清理掉 9 个字符",
        "lines": lines,
    }
    data = {
        "language": "zh",
        "labels": LABELS,
        "opened": cited,
        "click": len(told(page)) - late + opened,
        "page": shown if cited else None,
    }
    page.evaluate("(data) => window.send(data)", json.loads(json.dumps(data)))


def test_a_click_asks_for_the_article_and_opens_at_the_quote_without_moving_the_chat(page: Page) -> None:
    page.locator("#one").scroll_into_view_if_needed()
    before = page.locator("#one").bounding_box()
    page.locator("#one").click()
    assert told(page) == ["0-1"]
    expect(page.locator("dialog h2")).to_have_text("opening")
    send(page, "0-1")
    expect(page.locator("mark.yj-current")).to_have_text("甲说了话。")
    expect(page.locator("mark.yj-current")).to_be_focused()
    expect(page.locator("mark.yj-current")).to_be_in_viewport()
    after = page.locator("#one").bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 2
    assert page.locator("dialog h3").inner_text() == "头"


def test_what_the_page_opens_counts_as_a_click_and_the_next_one_comes_after_it(page: Page) -> None:
    page.locator("#one").click()
    send(page, "a-2", opened=1)
    expect(page.locator("output")).to_have_text("出处 2 / 2")
    page.keyboard.press("Escape")
    assert page.evaluate("window.told.at(-1)[1]") == {"name": "", "click": 3}


def test_rows_are_drawn_as_a_table_with_the_quote_in_every_cell(page: Page) -> None:
    page.locator("#one").click()
    send(page, "0-3")
    assert page.locator("dialog table").count() == 1
    assert page.locator("dialog th").all_inner_texts() == ["年", HOSTILE]
    assert page.locator("dialog td").all_inner_texts() == ["2023", "12"]
    expect(page.locator("mark.yj-current")).to_have_text(["2023", "12"])
    expect(page.locator("mark.yj-current").first).to_be_focused()


def test_nothing_of_an_article_becomes_an_element(page: Page) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    page.locator("#one").click()
    send(page, "0-1", title=HOSTILE)
    assert page.locator("dialog h2").inner_text() == HOSTILE
    assert page.locator("dialog img, dialog script").count() == 0
    assert HOSTILE in page.locator("dialog article").inner_text()
    assert alerts == []


def test_what_was_removed_is_hidden_until_the_switch_shows_it_with_its_reason(page: Page) -> None:
    page.locator("#one").click()
    send(page, "0-1")
    expect(page.locator("dialog small")).to_be_hidden()
    page.get_by_role("switch").check()
    expect(page.locator("dialog small")).to_have_text("〔广告：推销〕")
    expect(page.locator("dialog del").last).to_have_text(HOSTILE)
    expect(page.locator(".yj-removed-summary")).to_be_visible()
    expect(page.locator("mark.yj-current")).to_be_in_viewport()


def test_arrows_go_to_the_next_quote_and_stop_at_the_last(page: Page) -> None:
    page.locator("#one").click()
    send(page, "0-1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    send(page, "0-2")
    expect(page.locator("mark.yj-current")).to_have_text("乙写了书。")
    expect(page.locator("mark.yj-current")).to_be_in_viewport()
    page.keyboard.press("ArrowRight")
    assert told(page) == ["0-1", "0-2"]
    expect(page.get_by_role("button", name="next")).to_be_disabled()


def test_escape_shuts_it_and_focus_returns_to_the_mark_that_was_used_last(page: Page) -> None:
    page.locator("#one").click()
    send(page, "0-1")
    page.locator("#two").focus()
    page.keyboard.press("Enter")
    send(page, "0-2")
    assert page.locator("#two").get_attribute("aria-current") is not None
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator("#two")).to_be_focused()
    assert page.locator("[aria-current]").count() == 0
    assert told(page)[-1] == ""


def test_the_same_page_sent_again_moves_neither_focus_nor_text(page: Page) -> None:
    page.locator("#one").click()
    send(page, "0-1")
    page.locator("#two").focus()
    page.locator("dialog article").evaluate("(node) => (node.scrollTop = 500)")
    send(page, "0-1")
    expect(page.locator("#two")).to_be_focused()
    assert page.locator("dialog article").evaluate("(node) => node.scrollTop") == 500


def test_it_shuts_where_the_answer_is_gone_and_an_answer_that_comes_late_does_not_open_another(page: Page) -> None:
    page.locator("#one").click()
    send(page, "0-1")
    send(page, "")
    expect(page.locator("dialog")).to_be_hidden()
    page.locator("#two").click()
    send(page, "0-1", late=True)
    expect(page.locator("dialog h2")).to_have_text("opening")
    send(page, "", late=True)
    expect(page.locator("dialog h2")).to_have_text("opening")
    send(page, "0-2")
    expect(page.locator("mark.yj-current")).to_have_text("乙写了书。")


def test_a_first_tap_shows_the_quote_and_a_second_one_opens_it_over_the_page(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("#one").tap()
    expect(page.locator(".yj-tip")).to_be_visible()
    box = page.locator(".yj-tip").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert told(page) == []
    page.locator(".yj-tip").tap()
    send(page, "0-1")
    assert page.locator("dialog").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 800}
    assert page.evaluate("document.querySelector('dialog').matches(':modal')")


def test_escape_hides_a_quote_that_is_pointed_at(page: Page) -> None:
    page.locator("#one").hover()
    expect(page.locator(".yj-tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".yj-tip")).to_be_hidden()


def test_shortcuts_move_to_the_question_and_to_the_first_source(page: Page) -> None:
    page.keyboard.press("Alt+Slash")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.press("Alt+Period")
    expect(page.locator("#one")).to_be_focused()


def test_a_pane_that_is_gone_listens_no_more(page: Page) -> None:
    page.evaluate("window.unmount()")
    page.locator("#two").click()
    assert page.evaluate("window.told") == [] and page.locator("dialog").count() == 0
