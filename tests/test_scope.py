"""Which articles may answer: how a scope is read, what it allows, and that every way of finding obeys it."""

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.about import answer_about
from rag.asked import to_question
from rag.chain import AnswerChain
from rag.errors import ScopeError
from rag.index import Generation, IndexReader
from rag.retrieve import HybridRetriever
from rag.scope import describe_scope, meets, read_scope, unmet_notice
from rag.settings import Settings
from rag.types import ALL, Metadata, Query, Question, Scope

CAT = Metadata("猫的一生", "张三", "动物报", "2025-04-03", ("猫", "Pets"))
UNDATED = Metadata("狗的来历")
ARTICLES = {"甲": CAT, "乙": UNDATED}

FILES = {
    "甲.md": "---\ntitle: 猫的一生\nauthor: 张三\ndate: 2025-04-03\nsource: 动物报\ntags: [猫]\n---\n\n猫吃鱼。\n",
    "乙.md": "---\ntitle: 狗的来历\nauthor: 李四\nsource: 动物报\n---\n\n狗追猫。猫怕狗。\n",
    "丙.md": "---\ntitle: 鸟的故事\nauthor: 张三\ndate: 2024-01-02\ntags: [鸟]\n---\n\n鸟怕猫。\n",
}


@pytest.fixture
def generation(tmp_path: Path, fake_embedder: FakeEmbedder) -> Generation:
    """Three articles of one chunk each, two of them dated."""
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for name, text in FILES.items():
        (corpus / name).write_text(text, encoding="utf-8")
    ingest(corpus, tmp_path / "index", fake_embedder)
    return IndexReader(tmp_path / "index", fake_embedder).current()


def found(generation: Generation, scope: Scope, **settings: Any) -> list[str]:
    retriever = HybridRetriever.of(generation, FakeEmbedder(), Settings(_env_file=None, **settings), scope)
    return [passage.article.id for passage in retriever.retrieve("猫怕谁")]


def test_a_scope_is_read_from_its_conditions() -> None:
    given = {"since": "2025-01-01", "until": "2025-01-01", "sources": ["张三"], "tags": [" 猫 "], "articles": None}
    assert read_scope(given) == Scope("2025-01-01", "2025-01-01", ("张三",), ("猫",))
    assert read_scope(None) == read_scope({}) == ALL
    assert read_scope(read_scope(given).to_json()) == read_scope(given)
    assert to_question({"question": "谁？", "scope": {"tags": ["猫"]}}).scope == Scope(tags=("猫",))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": ["张三"]}, r"unknown keys \['source'\]: it may have \['since', 'until', 'sources', 'tags', 'art"),
        ({"since": "2025-1-1"}, "\"since\" must be a date as YYYY-MM-DD, not '2025-1-1'"),
        ({"since": "2025-02-30"}, '"since" must be a date'),
        ({"until": 2025}, '"until" must be a date'),
        ({"since": "2025-02-02", "until": "2025-02-01"}, r'"since" \(2025-02-02\) is after "until" \(2025-02-01\)'),
        ({"tags": "猫"}, '"tags" must be a list of names'),
        ({"sources": [""]}, '"sources" must be a list of names'),
        (["猫"], '"scope" must be an object, not list'),
    ],
)
def test_what_is_no_scope_is_a_value_error_that_says_why(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_question({"question": "谁？", "scope": given})
    with pytest.raises(ScopeError):
        read_scope(given)


@pytest.mark.parametrize(
    ("scope", "met"),
    [
        (ALL, True),
        (Scope(since="2025-04-03"), True),
        (Scope(since="2025-04-04"), False),
        (Scope(until="2025-04-03"), True),
        (Scope(until="2025-04-02"), False),
        (Scope(sources=("动物报",)), True),
        (Scope(sources=("别人", "张 三")), True),
        (Scope(sources=("张",)), False),
        (Scope(tags=("狗", "pets")), True),
        (Scope(tags=("狗",)), False),
        (Scope(articles=("甲",)), True),
        (Scope(articles=("乙",)), False),
        (Scope(sources=("张三",), tags=("狗",)), False),
    ],
)
def test_an_article_must_meet_every_condition_and_one_name_of_each(scope: Scope, met: bool) -> None:
    assert meets(scope, "甲", CAT) == met


def test_an_undated_article_meets_no_condition_on_dates() -> None:
    assert not meets(Scope(since="1900-01-01"), "乙", UNDATED)
    assert not meets(Scope(until="2900-01-01"), "乙", UNDATED)
    assert meets(ALL, "乙", UNDATED)


def test_a_scope_is_told_in_chinese() -> None:
    whole = Scope("2025-01-01", "2025-06-30", ("张三", "动物报"), ("猫",), ("甲", "没了"))
    assert describe_scope(whole, ARTICLES) == (
        "日期：2025-01-01 至 2025-06-30；来源：张三、动物报；标签：猫；文章：《猫的一生》、没了"
    )
    assert describe_scope(Scope(since="2025-01-01"), {}) == "日期：2025-01-01 起"
    assert describe_scope(Scope(until="2025-01-01"), {}) == "日期：截至 2025-01-01"
    assert describe_scope(ALL, {}) == ""


def test_the_notice_names_the_condition_that_no_article_meets() -> None:
    notice = unmet_notice(Scope(since="2030-01-01", tags=("猫",)), ARTICLES)
    assert notice == "文章库里没有符合这个范围的文章（日期：2030-01-01 起）。请放宽范围后再问。"
    together = unmet_notice(Scope(articles=("乙",), tags=("猫",)), ARTICLES)
    assert together == "文章库里没有同时符合这几个条件的文章（标签：猫；文章：《狗的来历》）。请放宽范围后再问。"


def test_the_library_knows_what_a_scope_allows(generation: Generation) -> None:
    library = generation.library
    assert library.articles_within(ALL) is None and library.chunks_within(ALL) is None
    assert library.articles_within(Scope(sources=("张三",))) == {"甲", "丙"}
    chunks = library.chunks_within(Scope(sources=("张三",))) or set()
    assert {library.chunk(id_).article_id for id_ in chunks} == {"甲", "丙"}


@pytest.mark.parametrize("candidates", [1, 50])  # 1: the vectors are asked for more; 50: the chunks are read directly
def test_only_articles_within_the_scope_are_found_and_none_of_them_is_missed(
    generation: Generation, candidates: int
) -> None:
    for count in (1, 2, 3):
        for ids in combinations(("甲", "乙", "丙"), count):
            articles = found(generation, Scope(articles=ids), candidates=candidates)
            assert set(articles) <= set(ids)
            assert articles and (candidates == 1 or set(articles) == set(ids))


def test_a_scope_that_allows_everything_changes_nothing(generation: Generation) -> None:
    assert found(generation, Scope(articles=("甲", "乙", "丙"))) == found(generation, ALL)
    assert len(found(generation, ALL)) == 3


def test_more_is_asked_of_the_vectors_until_the_allowed_ones_are_among_them(tmp_path: Path) -> None:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for n in range(20):
        (corpus / f"{n:02}.txt").write_text(f"{n}\n\n{'猫' * (n + 1)}狗。\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    generation = IndexReader(tmp_path / "index", FakeEmbedder()).current()
    farthest = Scope(articles=tuple(f"{n:02}" for n in range(5)))  # fewest cats
    retriever = HybridRetriever.of(
        generation, FakeEmbedder(), Settings(_env_file=None, candidates=2, passages=9), farthest
    )
    near = retriever._near(FakeEmbedder().embed_query("猫"), generation.library.chunks_within(farthest))
    assert [generation.library.chunk(hit.chunk_id).article_id for hit in near] == ["04", "03"]


def test_a_question_about_an_article_keeps_to_the_scope(generation: Generation) -> None:
    def ask(text: str, scope: Scope) -> Any:
        return answer_about(Question(text), Query(text, scope), generation.library, ())

    within = ask("讲猫的一生那篇是谁写的？", Scope(tags=("猫",)))
    assert within.statements[0].text.startswith("《猫的一生》的作者是张三")
    outside = ask("《猫的一生》是谁写的？", Scope(tags=("鸟",)))
    assert outside.refused
    assert outside.notice == "《猫的一生》不在这个范围内（标签：鸟）。请放宽范围后再问。"
    assert ask("讲猫的一生那篇是谁写的？", Scope(tags=("鸟",))) is None


def test_the_chain_answers_within_the_scope_or_says_that_nothing_meets_it(
    generation: Generation, fake_embedder: FakeEmbedder
) -> None:
    settings = Settings(_env_file=None, index=generation.folder.parent, refusal_threshold=0)
    chain = AnswerChain(settings, embedder=fake_embedder)
    answer = chain.invoke({"question": "猫怕谁？", "scope": {"since": "2025-01-01"}})
    assert {passage.article.id for passage in answer.passages} == {"甲"}
    assert answer.to_json()["scope"] == {"since": "2025-01-01"}
    refused = chain.invoke({"question": "猫怕谁？", "scope": {"sources": ["王五"]}})
    assert (refused.refused, refused.passages) == (True, ())
    assert refused.notice == "文章库里没有符合这个范围的文章（来源：王五）。请放宽范围后再问。"
    beyond = chain.invoke({"question": "2024年发表的文章里猫怕谁？", "scope": {"since": "2025-01-01"}})
    assert (beyond.refused, beyond.statements) == (True, ())
    assert beyond.notice == (
        "问题要的是这段时间的文章（日期：2024-01-01 至 2024-12-31），不在所选的范围内（日期：2025-01-01 起）。"
        "请改变范围或问题后再问。"
    )
    assert read_scope(beyond.to_json()["scope"]) == Scope(since="2025-01-01")
    listed = chain.invoke({"question": "2024年发表的文章有哪些？", "scope": {"since": "2025-01-01"}})
    assert listed.notice == beyond.notice
    strict = AnswerChain(settings.model_copy(update={"refusal_threshold": 1}), embedder=fake_embedder)
    absent = strict.invoke({"question": "猫怕谁？", "scope": {"tags": ["鸟"]}})
    assert absent.notice.startswith("在这个范围内（标签：鸟）没有找到")
    chain.close()
    strict.close()
