"""The page in a real browser: from question to proof, wide and narrow. Leaves pictures in artifacts/."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_server import ARTIFACTS, serve_page
from playwright.sync_api import Browser, Page, expect
from pypdfium2 import PdfDocument

pytestmark = [pytest.mark.model, pytest.mark.browser]


@pytest.fixture(scope="module")
def address(corpus_index: Path) -> Iterator[str]:
    with serve_page({"YINJU_INDEX": str(corpus_index)}) as running:
        yield running


def open_page(browser: Browser, address: str, width: int, scheme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)  # type: ignore[arg-type]
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("textarea", timeout=180_000)  # the first page waits for the models
    return page


def ask(page: Page, question: str) -> None:
    page.fill("textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".yj-answer")
    # The box for typing is free again once the answer is whole.
    expect(page.locator(".yj-stages")).to_have_count(0, timeout=60_000)


NOTE_SHIFTS = """
  window.shifts = [];
  const note = (list) => list.getEntries().forEach((each) => window.shifts.push(each));
  new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
"""


def moved(page: Page, *, after_input: bool) -> float:
    """The sum of the shifts since it was asked last; those within half a second of a key or click if wished.

    What only goes away, such as the button that stops an answer, is a shift for the browser, and none for a reader.
    """
    page.wait_for_timeout(1000)
    shifts = page.evaluate("""
        window.shifts.splice(0)
            .filter(({ sources }) => !sources.length || sources.some(({ currentRect }) => currentRect.height))
            .map(({ value, hadRecentInput }) => [value, hadRecentInput])
    """)
    return sum(value for value, recent in shifts if after_input or not recent)


def shoot(page: Page, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png")


def accessible(page: Page) -> None:
    """Nothing on the page breaks a rule of WCAG 2.2, levels A and AA, that axe-core can tell."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(("path", "last"), [("/", "textarea"), ("/library", ".stDataFrame canvas")])
def test_nothing_jumps_while_a_page_is_loaded(browser: Browser, address: str, path: str, last: str, width: int) -> None:
    # The first test of the file: the server is still loading its models, and what it draws comes in pieces.
    page = browser.new_page(viewport={"width": width, "height": 1000})
    page.add_init_script(NOTE_SHIFTS)
    page.goto(address + path)
    page.wait_for_selector(last, timeout=180_000)
    assert moved(page, after_input=True) < 0.1
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_from_a_question_to_the_sentence_that_proves_it(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    page = open_page(browser, address, width, scheme)
    expect(page.get_by_text("可以这样问")).to_be_visible(timeout=60_000)
    accessible(page)
    ask(page, "小红书出海首期覆盖哪些市场？")
    mark = page.locator(".yj-statement .yj-mark > a").last
    tip, pane = page.locator(".yj-tip:visible"), page.locator("dialog.yj-reader")
    mark.evaluate("mark => mark.scrollIntoView({ block: 'center' })")  # clear of the box for questions
    mark.hover() if width > 900 else mark.focus()
    expect(tip).to_contain_text(re.compile(r"澳.*《.+》 · .+ · (\d{4}-\d\d-\d\d|日期未注明)"))
    box = tip.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
    shoot(page, f"quote-{width}-{scheme}")
    seen, place, told = tip.inner_text().split("\n")[0], mark.bounding_box(), page.locator(".yj-answer").inner_html()
    footer = page.get_by_text(re.compile(r"代索引 · [\d.]+ 秒"))
    took = footer.inner_text()
    mark.click()
    quote = pane.locator("mark.yj-current")
    expect(quote).to_have_text(seen)
    expect(quote).to_be_focused()
    expect(quote).to_be_in_viewport()
    moved = mark.bounding_box()
    assert place and moved and abs(place["y"] - moved["y"]) < 2
    assert pane.locator("h3").count() >= 3
    shoot(page, f"reader-{width}-{scheme}")
    accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pane.get_by_role("switch").check()
    expect(pane.locator("article small").first).to_be_visible()
    accessible(page)
    shoot(page, f"removed-{width}-{scheme}")
    pane.get_by_role("switch").uncheck()
    page.keyboard.press("ArrowLeft")
    expect(quote).not_to_have_text(seen)
    expect(quote).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(pane).to_be_hidden()
    expect(mark).to_be_focused()
    expect(tip).to_have_count(0)  # it would cover the next statement
    left = page.locator(".yj-answer").inner_html().replace(' aria-current=""', "").replace(" yj-quiet", "")
    assert left == told
    assert footer.inner_text() == took  # nothing was asked again
    if width > 900:
        mark.hover()
        expect(tip).to_be_visible()
        page.mouse.move(5, 5)
        expect(tip).to_have_count(0)
    accessible(page)
    page.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_jumps_while_an_answer_grows_and_when_its_article_opens(
    browser: Browser, address: str, width: int
) -> None:
    page = open_page(browser, address, width)
    expect(page.get_by_text("可以这样问")).to_be_visible()
    page.wait_for_timeout(1000)
    page.evaluate(NOTE_SHIFTS)
    moved(page, after_input=True)  # what moved while the page was loaded
    for question in ("小红书出海首期覆盖哪些市场？", "小红书的月活用户有多少？"):
        ask(page, question)
        expect(page.get_by_text("接着可以问").last).to_be_attached()
        assert moved(page, after_input=True) < 0.1
    mark = page.locator(".yj-statement .yj-mark > a").last
    mark.evaluate("mark => mark.scrollIntoView({ block: 'center' })")
    mark.click()
    expect(page.locator("mark.yj-current")).to_be_in_viewport()
    assert moved(page, after_input=False) < 0.1  # the chat makes room at once, within the click: no surprise
    page.keyboard.press("Escape")
    expect(page.locator("dialog.yj-reader")).to_be_hidden()
    assert moved(page, after_input=False) < 0.1
    page.close()


def test_an_article_that_is_shut_and_opened_again_in_a_hurry_is_shown(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    ask(page, "小红书出海首期覆盖哪些市场？")
    mark = page.locator(".yj-statement .yj-mark > a").first
    mark.click()
    expect(page.locator("mark.yj-current")).to_be_in_viewport()
    # Both before Python has been told of the first: it hears of the second only, and has the same article to show.
    mark.evaluate("mark => { document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' })); mark.click(); }")
    expect(page.locator("mark.yj-current")).to_be_in_viewport()
    expect(page.locator("#yj-reader-title")).not_to_have_text("正在打开原文……")
    page.close()


def test_an_open_article_is_shut_where_its_conversation_is_left(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    pane = page.locator("dialog.yj-reader")
    for question in ("红猫计划是什么？", "福利社是什么时候关闭的？"):
        ask(page, question)
        page.locator(".yj-statement .yj-mark > a").first.click()
        expect(pane.locator("mark.yj-current")).to_be_visible()
        page.get_by_test_id("stSidebar").get_by_role("button", name="新对话").click()
        expect(page.locator(".yj-question")).to_have_count(0)
        expect(pane).to_be_hidden()
    for question in ("红猫计划是什么？", "福利社是什么时候关闭的？"):
        page.get_by_test_id("stSidebar").get_by_role("button", name=question).first.click()
        expect(page.locator(".yj-question")).to_have_text(question)
        expect(pane).to_be_hidden()
        page.locator(".yj-statement .yj-mark > a").first.click()
        expect(pane.locator("mark.yj-current")).to_be_visible()
    page.get_by_role("link", name="文章库").click()
    expect(page.locator(".stDataFrame canvas").first).to_be_visible()
    page.get_by_role("link", name="提问").click()
    expect(page.locator(".yj-question")).to_have_count(1)
    expect(pane).to_be_hidden()
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_values_that_differ_stand_side_by_side_the_newest_first(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    page = open_page(browser, address, width, scheme)
    ask(page, "小红书的月活用户有多少？")
    values = page.locator(".yj-values li")
    expect(values).to_have_count(2)
    first, second = values.all()
    expect(first).to_contain_text("3.5亿2025-09-13《被约谈的小红书")
    expect(second).to_contain_text("3.2 亿日期未注明《小红书出海为何屡屡受挫》")
    left, right = first.bounding_box(), second.bounding_box()
    assert left and right and left["y"] == right["y"] and left["x"] < right["x"]
    assert page.locator(".yj-card").first.bounding_box()["width"] <= width  # type: ignore[index]
    page.locator(".yj-values").scroll_into_view_if_needed()
    accessible(page)
    shoot(page, f"values-{width}-{scheme}")
    page.close()


def test_an_answer_prints_with_its_sources_and_without_what_only_a_screen_needs(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440, "dark")
    ask(page, "小红书的月活用户有多少？")
    ask(page, "小红书出海首期覆盖哪些市场？")
    offered = page.get_by_text("接着可以问")
    expect(offered).to_be_visible()
    page.locator(".yj-statement .yj-mark > a").last.click()
    expect(page.locator("mark.yj-current")).to_be_visible()
    ARTIFACTS.mkdir(exist_ok=True)
    page.pdf(path=ARTIFACTS / "printed.pdf", format="A4")
    sheets = PdfDocument(ARTIFACTS / "printed.pdf")
    text = re.sub(r"\s", "", "".join(sheet.get_textpage().get_text_range() for sheet in sheets))
    assert all(words in text for words in ("月活用户有多少", "拥有3.5亿的月活用户", "高达3.2亿", "2025-09-13"))
    off_screen = ("检索详情", "回车发送", "显示清理掉的内容", "在全文中看", "没用", "重新回答", "接着可以问")
    assert not any(words in text for words in off_screen)
    page.emulate_media(media="print")
    expect(page.get_by_role("button")).to_have_count(0)
    assert page.locator(".yj-statement").first.evaluate("(node) => getComputedStyle(node).color") == "rgb(0, 0, 0)"
    page.close()


def test_colours_follow_the_theme_that_was_chosen_in_the_page(browser: Browser, address: str) -> None:
    page = browser.new_page(color_scheme="light")
    page.set_default_timeout(60_000)
    page.goto(f"{address}/?embed=true&embed_options=dark_theme")
    page.wait_for_selector("textarea")
    ask(page, "福利社是什么时候关闭的？")
    mark = page.locator(".yj-mark > a").first
    assert mark.evaluate("(node) => getComputedStyle(node).color") == "rgb(240, 160, 144)"
    accessible(page)
    page.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_scope_is_chosen_in_the_popover_and_the_search_is_shown_below_the_answer(
    browser: Browser, address: str, width: int
) -> None:
    page = open_page(browser, address, width)
    expect(page.get_by_text("可以这样问")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="范围").click()
    page.get_by_label("标签").fill("没有这个")
    nothing = page.get_by_role("listbox").locator("span")
    expect(nothing).to_be_visible()
    words = "span => [getComputedStyle(span).fontSize, getComputedStyle(span, '::after').content]"
    assert nothing.evaluate(words) == ["0px", '"没有匹配的选项"']
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


def test_a_scope_stands_until_another_one_is_chosen(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    chosen = page.get_by_test_id("stBottom").get_by_text("标签：出海", exact=True)
    page.get_by_role("button", name="范围").click()
    page.get_by_label("标签").fill("出海")
    page.keyboard.press("Enter")
    expect(chosen).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.click(2, 300)
    page.get_by_role("link", name="文章库").click()
    page.get_by_label("查找", exact=True).fill("小红书")
    page.get_by_label("查找", exact=True).press("Enter")
    page.get_by_role("link", name="提问").click()
    expect(chosen).to_be_visible()
    page.get_by_role("link", name="文章库").click()
    expect(page.get_by_label("查找", exact=True)).to_have_value("小红书")
    page.get_by_role("link", name="提问").click()
    ask(page, "小红书出海首期覆盖哪些市场？")
    page.reload()
    expect(chosen).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="范围").click()
    page.get_by_role("button", name="不限范围").click()
    expect(chosen).to_be_hidden()
    page.mouse.click(2, 300)
    page.get_by_role("button", name="修改").click()
    expect(chosen).to_be_visible()  # the question's own
    page.get_by_role("button", name="重新发送").click()
    expect(page.locator(".yj-stages")).to_have_count(0, timeout=60_000)
    expect(page.locator(".yj-scope")).to_have_text("范围　标签：出海")
    page.close()


def test_nothing_is_left_beside_a_page_that_is_opened_from_the_chat(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 1440)
    beside = page.get_by_test_id("stSidebar")
    for name in ("评测", "提问", "文章库"):
        expect(beside).to_be_visible(visible=name != "提问")
        page.get_by_role("link", name=name).click()
    expect(beside).to_be_hidden()
    page.close()


def test_on_a_narrow_screen_the_links_to_the_other_pages_stay_in_reach(browser: Browser, address: str) -> None:
    page = open_page(browser, address, 390)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebar").get_by_role("link", name="评测").click()
    page.wait_for_url("**/eval")
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
    accessible(page)
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
