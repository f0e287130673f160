"""文章库, 设置 and the first start in a real browser, wide and narrow. Writes screenshots to artifacts/."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from conftest import CORPUS
from page_server import ARTIFACTS, serve_page
from playwright.sync_api import Browser, Locator, Page, expect

from views.preferences import COOKIE
from views.words import ALOUD

pytestmark = [pytest.mark.model, pytest.mark.browser]
ROW = 35  # pixels of a row of the table, and of its header


def serve(corpus: Path, index: Path) -> AbstractContextManager[str]:
    """A server of the page over a corpus and its index."""
    return serve_page({"YINJU_INDEX": str(index), "YINJU_CORPUS": str(corpus)})


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(CORPUS, tmp_path_factory.mktemp("library") / "corpus"))


@pytest.fixture(scope="module")
def address(corpus: Path, corpus_index: Path) -> Iterator[str]:
    """A server over copies of the corpus and its index, which the tests change."""
    with serve(corpus, Path(shutil.copytree(corpus_index, corpus.parent / "index"))) as running:
        yield running


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of the width and in the scheme that the test is given, with cookies of its own."""
    width, scheme = getattr(request, "param", (1440, "light"))
    context = browser.new_context(viewport={"width": width, "height": 1100}, color_scheme=scheme)
    context.set_default_timeout(120_000)
    opened = context.new_page()
    yield opened
    context.close()


def shoot(page: Page, name: str) -> None:
    """Write a screenshot; nothing on it may be wider than the screen."""
    width = page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}-{width}.png")


def open_library(page: Page, address: str, view: str = "") -> None:
    page.goto(f"{address}/library")
    if view:
        page.get_by_text(view, exact=True).click()
    else:
        expect(page.locator(".stDataFrame canvas").first).to_be_visible(timeout=120_000)


def drop(page: Page, files: dict[str, str]) -> None:
    """Drag files over the field for them and let go: what is under the mouse meanwhile says that it takes them."""
    dragged = page.evaluate_handle(
        """(files) => {
          const dragged = new DataTransfer();
          for (const [name, text] of Object.entries(files)) dragged.items.add(new File([text], name));
          return dragged;
        }""",
        files,
    )
    field = page.get_by_test_id("stFileUploaderDropzone")
    for gesture in ("dragenter", "dragover"):
        field.dispatch_event(gesture, {"dataTransfer": dragged})
    expect(page.get_by_test_id("stFileUploaderDropzoneInstructions")).to_be_visible()
    field.dispatch_event("drop", {"dataTransfer": dragged})


def generation(page: Page) -> int:
    """The generation that the page answers from."""
    return int(page.get_by_text(re.compile(r"第 \d+ 代索引（")).inner_text().split("第 ")[1].split(" 代")[0])


def wait_for_run(page: Page, after: int) -> None:
    """Until the run that publishes the generation after one has ended and the page shows what it did."""
    expect(page.get_by_text(f"✓ 更新完成，第 {after + 1} 代")).to_be_visible(timeout=240_000)


BOTH = pytest.mark.parametrize("page", [(1440, "light"), (390, "dark")], indirect=True)
NARROW = pytest.mark.parametrize("page", [(390, "dark")], indirect=True)


def add_the_book_of_fish(page: Page, address: str) -> int:
    """Drop an article, and a file that is none, and watch them be indexed; gives the generation before."""
    open_library(page, address)
    before = generation(page)
    shoot(page, "library")
    drop(page, {"鱼.md": "# 鱼的书\n\n鲸鲨是最大的鱼，长约12米。\n", "程序.exe": "MZ"})
    expect(page.get_by_text("✓ 已加入《鱼的书》")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("✕ 没有加入 程序.exe")).to_be_visible()
    expect(page.get_by_role("button", name="停止")).to_be_visible()
    shoot(page, "library-indexing")
    wait_for_run(page, before)
    return before


def ask_to_remove_it(page: Page) -> Locator:
    """Find the article in the table, select it and ask for its removal; gives the dialog."""
    page.get_by_label("查找").fill("鱼的书")
    page.keyboard.press("Enter")
    expect(page.get_by_text("显示 1 篇，共 6 篇")).to_be_visible()
    page.locator(".stDataFrame").first.click(position={"x": 16, "y": ROW * 1.5})
    page.get_by_role("button", name="删除所选 1 篇").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("鱼的书")).to_be_visible()
    shoot(page, "library-remove")
    return dialog


def test_files_are_dropped_indexed_while_one_watches_asked_removed_and_put_back(
    page: Page, address: str, corpus: Path
) -> None:
    before = add_the_book_of_fish(page, address)
    assert (corpus / "鱼.md").exists()
    ask_to_remove_it(page).get_by_role("button", name="删除", exact=True).click()
    expect(page.get_by_text("− 已删除 鱼.md")).to_be_visible()
    assert not (corpus / "鱼.md").exists()
    wait_for_run(page, before + 1)
    page.get_by_text("回收站", exact=True).click()
    page.get_by_role("button", name="放回").first.click()
    wait_for_run(page, before + 2)
    assert (corpus / "鱼.md").exists()
    page.get_by_text("更新记录", exact=True).click()
    expect(page.get_by_text("最近一次更新")).to_be_visible()
    shoot(page, "library-runs")
    (corpus / "鱼.md").unlink()
    page.get_by_role("button", name="更新索引").click()
    wait_for_run(page, before + 3)


@BOTH
def test_the_pictures_are_drawn_and_a_click_on_the_map_opens_the_passage(page: Page, address: str) -> None:
    open_library(page, address, "分布")
    expect(page.locator("svg.marks")).to_have_count(3, timeout=120_000)
    page.wait_for_timeout(1000)
    shoot(page, "library-picture")
    page.get_by_text("段落地图", exact=True).click()
    expect(page.get_by_text("每个点是一个段落")).to_be_visible(timeout=60_000)
    points = page.locator("svg.marks .mark-symbol.role-mark path")
    expect(points.nth(24)).to_be_attached(timeout=120_000)
    fills = "marks => [...new Set(marks.map(mark => mark.getAttribute('fill')))].sort()"
    legend = page.locator("svg.marks .role-legend-symbol path[fill]").evaluate_all(fills)
    assert len(legend) == 5, "an article, a colour"
    assert points.evaluate_all(fills) == legend
    points.last.click(force=True)  # others may lie on it
    pane, passage = page.locator("dialog.yj-reader"), page.locator("dialog mark.yj-current").first
    expect(passage).to_be_in_viewport(timeout=60_000)
    expect(passage).to_be_focused()
    number, count = (int(n) for n in re.findall(r"\d+", pane.locator("output").inner_text()))
    shoot(page, "library-map")
    page.keyboard.press("ArrowRight" if number < count else "ArrowLeft")
    expect(pane.locator("output")).to_have_text(f"段落 {number + 1 if number < count else number - 1} / {count}")
    page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    page.get_by_role("button", name="打开选中的段落").click()
    expect(pane.locator("output")).to_have_text(f"段落 {number} / {count}")
    expect(passage).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="打开选中的段落")).to_be_focused()
    page.get_by_label("按文字找段落").focus()
    page.keyboard.type("水土不服")  # in a heading inside the passage
    expect(page.get_by_role("option")).to_have_text([re.compile("水土不服")])
    page.keyboard.press("Enter")
    expect(passage).to_be_in_viewport(timeout=60_000)
    expect(passage).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_text("分布", exact=True).click()
    expect(page.locator("svg.marks")).to_have_count(3)
    expect(pane).to_be_hidden()


@BOTH
def test_choices_last_over_a_reload_and_are_this_browsers_only(page: Page, address: str, browser: Browser) -> None:
    page.goto(f"{address}/settings")
    page.get_by_text("English", exact=True).click()
    expect(page.get_by_text("Passages for each question")).to_be_visible()
    until = time.monotonic() + 60
    while not any(cookie["name"] == COOKIE and cookie["value"] for cookie in page.context.cookies()):
        assert time.monotonic() < until, "the choice is not kept"  # it is, a moment after the words have changed
        page.wait_for_timeout(100)
    page.reload()
    expect(page.get_by_text("Passages for each question")).to_be_visible(timeout=120_000)
    colours = {"Light": "rgb(255, 253, 249)", "Dark": "rgb(23, 24, 26)"}
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for choice in ("Light", "Dark") if dark else ("Dark", "Light"):  # the other one first: each choice is seen
        page.get_by_text(choice, exact=True).click()
        expect(page.locator(".stApp")).to_have_css("background-color", colours[choice], timeout=60_000)
    expect(page.get_by_text("Passages for each question")).to_be_visible()
    shoot(page, "settings")
    other = browser.new_context()
    elsewhere = other.new_page()
    elsewhere.goto(f"{address}/settings")
    expect(elsewhere.get_by_text("每次检索的段落数")).to_be_visible(timeout=120_000)
    other.close()


def test_an_address_that_is_no_page_is_told_and_streamlit_says_nothing_in_english(page: Page, address: str) -> None:
    page.goto(f"{address}/nope")
    expect(page.get_by_role("dialog")).to_be_visible(timeout=120_000)
    title = page.locator("[role=dialog] h2").evaluate("h2 => getComputedStyle(h2, '::after').content")
    assert title == '"没有这个页面"'
    page.keyboard.press("Escape")
    page.fill("textarea", "福利社是什么时候关闭的？")
    page.keyboard.press("Enter")
    page.get_by_role("group", name="回答").get_by_text("2023 年 9 月").first.wait_for()
    said = page.locator("body").aria_snapshot()
    open_library(page, address)
    page.get_by_role("button", name="说明：添加文章").wait_for()
    page.get_by_label("查找").fill("书")
    said += page.locator("body").aria_snapshot()
    said = said.replace("text: Skip to main content跳到正文", "")  # the words of a link whose name is ours
    assert not [name for name in (*ALOUD, "Help", "Upload", "per file", "Press", "Skip") if name in said], said


@NARROW
def test_the_first_start_builds_the_index_and_answers_and_a_lost_connection_is_told(page: Page, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    with serve(corpus, tmp_path / "index") as address:
        page.goto(address)
        expect(page.get_by_text("文章库是空的")).to_be_visible(timeout=120_000)
        shoot(page, "empty")
        (corpus / "鱼.md").write_text("# 鱼的书\n\n鲸鲨是最大的鱼，长约12米。\n", encoding="utf-8")
        page.reload()
        expect(page.get_by_text("第一次使用")).to_be_visible(timeout=120_000)
        expect(page.get_by_role("button", name="停止")).to_be_visible()
        shoot(page, "first-start")
        page.fill("textarea", "最大的鱼是什么？", timeout=240_000)
        page.keyboard.press("Enter")
        expect(page.locator(".yj-answer")).to_contain_text("鲸鲨是最大的鱼", timeout=120_000)
    # The server is gone now: the dialog that says so is Streamlit's, its words are ours.
    expect(page.get_by_role("dialog")).to_be_visible(timeout=60_000)
    title = page.locator("[role=dialog] h2").evaluate("h2 => getComputedStyle(h2, '::after').content")
    assert title == '"连接断开了"'
    shoot(page, "lost")


@NARROW
def test_on_a_narrow_screen_files_are_dropped_and_indexed_and_their_removal_is_confirmed_first(
    page: Page, address: str, corpus: Path
) -> None:
    add_the_book_of_fish(page, address)
    ask_to_remove_it(page).get_by_role("button", name="取消", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert (corpus / "鱼.md").exists()
    (corpus / "鱼.md").unlink()
