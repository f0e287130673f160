"""The page, run by Streamlit's own tester over the real corpus."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import streamlit
from fastapi import FastAPI
from streamlit.testing.v1 import AppTest

from ingest.background import BackgroundIngest, RunState
from ingest.run import ingest
from ingest.trash import discard
from rag.chain import FELL_BACK
from rag.embed import SentenceEmbedder
from rag.refuse import ABSENT, NO_ARTICLES, TOO_LONG
from views.messages import t
from views.preferences import Preferences
from views.scope import ARTICLES, SINCE, SOURCES
from views.shell import Shell

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
    offered = [button for button in page.main.button if button.label.endswith("？")]
    assert [caption.value for caption in page.main.caption][-3:] == ["小红书", "出海", "其他"]
    assert len(offered) >= 4
    offered[0].click().run()
    assert 'class="yj-card"' in html_of(page)


def test_a_page_that_the_server_does_not_complete_brings_its_styles(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ".yj-mark" in html_of(page)  # streamlit run app.py
    monkeypatch.setattr(Shell, "in_use", False)  # put back after the test
    Shell(FastAPI())
    assert ".yj-mark" not in html_of(page.run())


def test_a_question_leads_to_its_citation(page: AppTest) -> None:
    page.chat_input[0].set_value("福利社是什么时候关闭的？").run()
    assert not page.exception
    html = html_of(page)
    assert ">2023 年 9 月,福利社发布告别信,并于同年 11 月 16 日正式关闭,跨境电商业务正式中断。</mark>" in html
    assert 'href="#yj-0-1"' in html and 'id="yj-0-1"' in html
    assert any(t("extractive_short") in caption.value for caption in page.caption)


def test_a_follow_up_uses_the_conversation_and_a_new_one_begins_without_it(page: AppTest) -> None:
    page.chat_input[0].set_value("福利社是什么时候关闭的？").run()
    page.chat_input[0].set_value("那它当时有多少粉丝？").run()
    assert "1669.2 万" in html_of(page)
    assert 'id="yj-1-1"' in html_of(page)
    page.button(key="new").click().run()
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
    assert "<script>alert" not in html_of(page)


@pytest.fixture
def no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder as the index, and another one as the corpus."""
    streamlit.cache_resource.clear()
    (tmp_path / "corpus").mkdir()
    monkeypatch.setenv("YINJU_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("YINJU_CORPUS", str(tmp_path / "corpus"))
    yield tmp_path
    streamlit.cache_resource.clear()


def test_with_neither_index_nor_articles_the_page_says_what_to_do(no_index: Path) -> None:
    page = AppTest.from_file(APP, default_timeout=60).run()
    assert not page.exception and not page.error
    assert [info.value for info in page.info] == [t("empty_corpus", corpus=no_index / "corpus")]
    assert len(page.file_uploader) == 1


def test_a_library_whose_last_article_was_removed_says_that_it_is_empty(
    no_index: Path, real_embedder: SentenceEmbedder
) -> None:
    (no_index / "corpus" / "甲.md").write_text("# 甲\n\n猫在周五吃鱼。\n", encoding="utf-8")
    ingest(no_index / "corpus", no_index / "index", real_embedder)
    discard("甲.md", no_index / "corpus")
    ingest(no_index / "corpus", no_index / "index", real_embedder)
    page = AppTest.from_file(APP, default_timeout=60).run()
    assert [info.value for info in page.info] == [t("empty_library")] and not page.exception
    page.chat_input[0].set_value("猫什么时候吃鱼？").run()
    assert NO_ARTICLES in html_of(page) and "周五" not in html_of(page) and not page.exception


def test_a_setting_that_cannot_be_used_is_named(no_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINJU_PASSAGES", "many")
    page = AppTest.from_file(APP, default_timeout=60).run()
    assert not page.exception
    assert "YINJU_PASSAGES" in page.error[0].value


def test_an_llm_that_cannot_be_opened_is_told_with_a_button_to_try_again(
    no_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINJU_LLM", "no-provider")
    page = AppTest.from_file(APP, default_timeout=60).run()
    assert not page.exception
    assert "YINJU_LLM" in page.error[0].value and [button.label for button in page.button] == [t("try_again")]


def test_an_llm_that_does_not_answer_is_replaced_by_extracts_and_the_reader_is_told(
    corpus_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamlit.cache_resource.clear()
    monkeypatch.setenv("YINJU_INDEX", str(corpus_index))
    monkeypatch.setenv("YINJU_LLM", "openai:some")
    monkeypatch.setenv("YINJU_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    page = AppTest.from_file(APP, default_timeout=60).run()
    page.chat_input[0].set_value("福利社是什么时候关闭的？").run()
    streamlit.cache_resource.clear()
    assert not page.exception
    assert FELL_BACK.format(name="openai:some") in html_of(page) and "11 月 16 日" in html_of(page)


def test_a_question_that_is_too_long_and_one_without_an_answer_get_a_sentence(page: AppTest) -> None:
    page.chat_input[0].set_value("长" * 1001).run()
    assert TOO_LONG.format(length=1001, limit=1000) in html_of(page)
    page.chat_input[0].set_value("红烧肉怎么炖才能软烂又不腻？").run()
    assert not page.exception and ABSENT in html_of(page)


def test_a_reader_with_choices_gets_them_and_another_one_does_not(page: AppTest, corpus_index: Path) -> None:
    page.session_state["preferences"] = Preferences("en", passages="3")
    page.session_state["language"] = "en"
    page.run()
    page.chat_input[0].set_value("小红书的月活用户有多少？").run()
    assert not page.exception and html_of(page).count('class="yj-placed"') == 3
    other = AppTest.from_file(APP, default_timeout=60).run()
    other.chat_input[0].set_value("小红书的月活用户有多少？").run()
    assert html_of(other).count('class="yj-placed"') == 8 and other.chat_input[0].placeholder == t("ask")


def test_while_the_index_is_rebuilt_the_page_answers_and_says_from_which_generation(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert t("rebuilding", generation=1) not in [caption.value for caption in page.caption]
    monkeypatch.setattr(BackgroundIngest, "state", RunState(running=True))
    page.chat_input[0].set_value("福利社是什么时候关闭的？").run()
    assert not page.exception and "11 月 16 日" in html_of(page)
    assert t("rebuilding", generation=1) in [caption.value for caption in page.caption]
