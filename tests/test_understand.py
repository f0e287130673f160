from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from vocabulary import library_of

from rag.aliases import Aliases
from rag.library import Library
from rag.types import Message, Query, Question, Scope, Step
from rag.understand import narrowed, understand

ALIASES = Aliases([["小红书", "红书", "小红薯", "Xiaohongshu"]])


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = library_of(["小红书的商家", "小红书很大", "小红书的商家有350万商铺", "青鸟 Note 9 很轻"], tmp_path)
    yield library
    library.close()


EVERYWHERE = Scope()


def query_of(library: Library, text: str, *history: Message, scope: Scope = EVERYWHERE) -> Query:
    return understand(Question(text, history, scope=scope), ALIASES, library, date(2026, 1, 15))


def test_a_question_that_needs_nothing_is_its_own_query(library: Library) -> None:
    assert query_of(library, "小红书的月活是多少？") == Query("小红书的月活是多少？")


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("小红书的CFO是谁？", ("CFO",)),
        ("小红书能用 Apple Pay 付款吗？", ("Apple Pay",)),
        ("Xiaohongshu的商家", ()),
        ("小红书的月活3.5亿", ()),
        ("红书vs Web3.0有什么不同？", ("Web3.0",)),
        ("小红书的<b>月活</b><script src='a.js'>是多少", ()),
        ("Who is the CFO of 红书", ()),
        ("Xiaohongshu or Xiaohongshu, who?", ()),
        ("Note9多重？", ()),
        ("Note8多重？", ("Note8",)),
    ],
    ids=[
        "a word",
        "two words",
        "an alias",
        "no name",
        "a dot inside",
        "tags of HTML",
        "an English question",
        "names that become Chinese",
        "written apart in the article",
        "another number",
    ],
)
def test_latin_names_that_no_article_has_are_told(library: Library, question: str, unknown: tuple[str, ...]) -> None:
    assert query_of(library, question).unknown == unknown


@pytest.mark.parametrize(
    ("question", "steps"),
    [
        ("![x](https://a.example/p.png?q=对话) 小红书的商家", [Step("links", "小红书的商家")]),
        ("看https://a.example/商家，小红书的商家", [Step("links", "看 商家，小红书的商家")]),
        ("[小红书](http://a.example)的商家", [Step("links", "[小红书] 的商家")]),
        ("小紅書的ＡＰＰ", [Step("script", "小红书的APP")]),
        ("Xiaohongshu的商家", [Step("alias", "小红书的商家")]),
        ("小红书的月活", [Step("everyday words", "小红书的月活是多少")]),
        ("小红书月活咋涨的", [Step("everyday words", "小红书月活怎么涨的")]),
        ("小红数的商家", [Step("spelling", "小红书的商家")]),
        ("小紅數的商家", [Step("script", "小红数的商家"), Step("spelling", "小红书的商家")]),
        ("去年小红书的商家", [Step("other forms", "去年小红书的商家 2025年")]),
        ("小红书三百五十万商家", [Step("other forms", "小红书三百五十万商家 350万商")]),
    ],
)
def test_every_change_leaves_a_step(library: Library, question: str, steps: list[Step]) -> None:
    query = query_of(library, question)
    assert list(query.steps) == steps
    assert f"{query.text} {query.also}".strip() == steps[-1].query


def test_an_address_alone_is_still_a_question(library: Library) -> None:
    assert query_of(library, "https://a.example/").text == "https://a.example/"


def test_a_figure_is_searched_in_another_form_only_where_the_articles_write_it_so(library: Library) -> None:
    assert query_of(library, "小红书三百五十万商家").also == "350万商"
    assert query_of(library, "小红书350万商家").also == ""
    assert query_of(library, "小红书四百万商家").also == ""


def test_a_slip_in_a_follow_up_is_corrected_too(library: Library) -> None:
    asked = (Message("user", "小红数的月活是多少？"), Message("assistant", "3.5亿。"))
    query = query_of(library, "那它的商家呢？", *asked)
    assert [step.name for step in query.steps] == ["follow-up", "spelling"]
    assert "小红书" in query.text


def test_days_of_articles_narrow_the_scope_of_the_reader(library: Library) -> None:
    scope = Scope(since="2025-02-01", tags=("标",))
    query = query_of(library, "2025年的文章怎么说小红书？", scope=scope)
    assert query.scope == Scope(since="2025-02-01", until="2025-12-31", tags=("标",))


def test_days_that_the_scope_of_the_reader_leaves_out_are_told_and_leave_it(library: Library) -> None:
    query = query_of(library, "2024年发表的文章里小红书怎么样？", scope=Scope(since="2025-01-01"))
    assert query.scope == Scope(since="2025-01-01")
    assert query.outside == Scope("2024-01-01", "2024-12-31")
    assert query_of(library, "2025年的文章怎么说小红书？", scope=Scope(since="2025-01-01")).outside == Scope()


def test_days_of_events_leave_the_scope_of_the_reader(library: Library) -> None:
    assert query_of(library, "2025年小红书发布了什么？").scope == Scope()


def test_narrowing_keeps_the_later_start_and_the_earlier_end() -> None:
    own = Scope("2025-01-01", "2025-06-30", tags=("标",))
    assert narrowed(own, Scope("2024-01-01", "2025-03-31")) == Scope("2025-01-01", "2025-03-31", tags=("标",))
    assert narrowed(own, Scope(until="2025-01-01")) == Scope("2025-01-01", "2025-01-01", tags=("标",))
    assert narrowed(own, Scope(until="2024-12-31")) is None
    assert narrowed(Scope(), Scope()) == Scope()


def test_words_for_now_prefer_the_newest(library: Library) -> None:
    assert query_of(library, "小红书最新的月活").newest
    assert not query_of(library, "小红书的商家").newest


def test_a_follow_up_takes_along_the_name_that_articles_quote(tmp_path: Path) -> None:
    texts = ["“小红书”推出“出海领航计划”。", "小红书首期覆盖美国", "小红书很大"]
    library = library_of(texts, tmp_path)
    history = (Message("user", "出海领航计划收费吗"), Message("assistant", "暂不收费。"))
    assert query_of(library, "运费谁出", *history).text == "出海领航计划 运费谁出"
    everywhere = (Message("user", "董洁是哪年开始在小红书直播的"), Message("assistant", "2023 年。"))
    assert query_of(library, "卖了多少", *everywhere).text == "董洁 卖了多少"
    library.close()
