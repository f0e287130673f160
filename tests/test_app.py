"""The page, run by Streamlit's own tester over the real corpus."""

import sys
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from views.messages import t
from views.scope import ARTICLES, SINCE, SOURCES

pytestmark = pytest.mark.model
APP = str(Path(__file__).parent.parent / "app.py")


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what the tester leaves behind: it makes the page the process's main module, which new processes run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def page(corpus_index: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("YINJU_INDEX", str(corpus_index))
    return AppTest.from_file(APP, default_timeout=60).run()


def html_of(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def test_the_empty_page_offers_questions_that_it_can_answer(page: AppTest) -> None:
    assert not page.exception
    assert len(page.button) == 4
    page.button[0].click().run()
    assert 'class="yj-card"' in html_of(page)


def test_a_question_leads_to_its_citation(page: AppTest) -> None:
    page.chat_input[0].set_value("福利社是什么时候关闭的？").run()
    assert not page.exception
    html = html_of(page)
    assert "<mark>2023 年 9 月,福利社发布告别信,并于同年 11 月 16 日正式关闭,跨境电商业务正式中断。</mark>" in html
    assert 'href="#yj-0-1"' in html and 'id="yj-0-1"' in html
    assert any(t("extractive_short") in caption.value for caption in page.caption)


def test_a_follow_up_uses_the_conversation_and_clearing_forgets_it(page: AppTest) -> None:
    page.chat_input[0].set_value("福利社是什么时候关闭的？").run()
    page.chat_input[0].set_value("那它当时有多少粉丝？").run()
    assert "1669.2 万" in html_of(page)
    assert 'id="yj-1-1"' in html_of(page)
    page.button[-1].click().run()
    assert 'class="yj-card"' not in html_of(page)


def test_the_chosen_scope_decides_which_articles_answer_and_stands_on_the_answer(page: AppTest) -> None:
    assert page.multiselect(key=ARTICLES).options[0] and len(page.multiselect(key=ARTICLES).options) == 5
    assert page.multiselect(key=SOURCES).options[0] == "人人都是产品经理"
    page.date_input(key=SINCE).set_value(date(2025, 4, 1))
    page.multiselect(key=SOURCES).set_value(["人人都是产品经理"]).run()
    page.chat_input[0].set_value("小红书出海首期覆盖哪些市场？").run()
    assert not page.exception
    html = html_of(page)
    assert '<p class="yj-scope">范围　日期：2025-04-01 起；来源：人人都是产品经理</p>' in html
    assert "搅局" in html and "哑弹" not in html
    next(button for button in page.button if button.label == t("scope_clear")).click().run()
    page.chat_input[0].set_value("小红书出海首期覆盖哪些市场？").run()
    assert "哑弹" in html_of(page)


def test_below_an_answer_stands_how_it_was_searched(page: AppTest) -> None:
    page.chat_input[0].set_value("红书的月活用户有多少？").run()
    assert [expander.label for expander in page.expander] == [t("search")]
    html = "".join(element.proto.body for element in page.expander[0].get("html"))
    assert "<dt>统一名称</dt><dd>小红书的月活用户有多少？</dd>" in html
    assert html.count("<li ") == 20 and html.count('class="yj-placed"') == 8


def test_script_in_a_question_is_shown_as_text(page: AppTest) -> None:
    page.chat_input[0].set_value("<script>alert(1)</script>").run()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html_of(page)
    assert "<script>" not in html_of(page)


def test_without_an_index_the_page_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit

    streamlit.cache_resource.clear()
    monkeypatch.setenv("YINJU_INDEX", str(tmp_path))
    page = AppTest.from_file(APP, default_timeout=60).run()
    streamlit.cache_resource.clear()
    assert not page.exception
    assert [error.value for error in page.error] == [f"{tmp_path} 里还没有索引：请先运行 python -m ingest。"]
