"""What the retriever tells of its one pass, and how it is shown and told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from eval.metrics import Place
from eval.outcomes import Outcome, outcome
from ingest.run import ingest
from rag.chain import AnswerChain
from rag.explain import heading, reason, scores_line, searched, snippet
from rag.index import IndexReader
from rag.retrieve import HybridRetriever
from rag.settings import Settings
from rag.types import Article, Chunk, Message, Passage, Query, Question, Ranked, Scope, Search, Step
from views.search import search_html

PASSAGE = Passage(
    Article("文", "文.txt", "甲<b>说\n\n了话。", title="<i>题</i>"),
    Chunk("c", "文", 0, 11, "甲<b>说\n\n了话。", "一、<起>"),
    2,
    0.75,
    0.8512,
    12.345,
)
CANDIDATE = Ranked(PASSAGE, 0.9, 0.5, place=2)


@pytest.fixture
def chain(tiny_index: Path, fake_embedder: FakeEmbedder) -> AnswerChain:
    """Answers from the tiny corpus with two passages, and refuses nothing that it finds a passage for."""
    settings = Settings(_env_file=None, index=tiny_index, refusal_threshold=0, passages=2)
    return AnswerChain(settings, embedder=fake_embedder)


def test_the_search_holds_every_candidate_in_order_and_places_the_first(
    tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    generation = IndexReader(tiny_index, fake_embedder).current()
    settings = Settings(_env_file=None, passages=2)
    search = HybridRetriever.of(generation, fake_embedder, settings).search("鸟会飞吗")
    assert search.candidates[0].passage.article.id == "子/丙"
    assert [(c.passage.rank, c.place) for c in search.candidates] == [(1, 1), (2, 2), (3, None)]
    best = search.candidates[0]
    assert (best.scaled_dense, best.scaled_lexical, best.passage.score) == (1.0, 1.0, 1.0)
    assert [p.rank for p in search.passages] == [1, 2]
    assert search.others == ()


def test_candidates_beyond_the_shown_ones_are_kept_by_id(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for n in range(23):
        (corpus / f"{n:02}.txt").write_text(f"{n}\n\n{'猫' * (n + 1)}狗。\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", fake_embedder)
    generation = IndexReader(tmp_path / "index", fake_embedder).current()
    search = HybridRetriever.of(generation, fake_embedder, Settings(_env_file=None)).search("猫")
    assert (len(search.candidates), len(search.others), len(search.passages)) == (20, 3, 8)
    ids = [*(c.passage.chunk.id for c in search.candidates), *search.others]
    assert sorted(ids) == sorted(generation.library.chunk_ids())


def test_an_answer_carries_its_search_and_prints_it_only_when_asked(chain: AnswerChain) -> None:
    history = (Message("user", "鸟会飞吗"), Message("assistant", "会。"))
    answer = chain.invoke(Question("猫怕狗吗", history, scope=Scope(articles=("甲", "乙"))))
    assert answer.search is not None
    assert answer.passages == answer.search.passages
    assert "search" not in answer.to_json()
    shown = answer.to_json(explain=True)["search"]
    assert shown["scope"] == answer.to_json()["scope"] == {"articles": ["甲", "乙"]}
    assert [(c["rank"], c["place"], c["article"]) for c in shown["candidates"]] == [(1, 1, "甲"), (2, 2, "乙")]
    assert json.loads(json.dumps(shown)) == shown
    assert chain.invoke("").to_json(explain=True)["search"] is None


def test_a_question_before_that_was_too_long_takes_no_part_in_what_is_searched(chain: AnswerChain) -> None:
    before = (Message("user", "鸟会飞吗"), Message("assistant", "会。"))
    long = Message("user", "2024-01-01\tabc def\t123.5\tGET /index.html 200\n" * 1000)
    question = Question("那狗呢？", (*before, long, Message("assistant", "问题太长。")))
    answer = chain.invoke(question)
    assert answer.search is not None and answer.question == question
    assert answer.search.query.text == "鸟会飞吗 那狗呢？"
    assert chain.retrieve(question, chain.index.current()).query == answer.search.query


@pytest.mark.parametrize(
    ("question", "searched_for"),
    [
        ("你好，请问猫吃鱼吗？谢谢", "猫吃鱼吗？"),
        ("猫吃什么鱼？鸟会飞吗？", "猫吃什么鱼？"),
        ("请问猫吃什么鱼？麻烦告诉我鸟会飞吗？谢谢", "猫吃什么鱼？"),
    ],
)
def test_what_is_retrieved_is_what_an_answer_searches_first(
    chain: AnswerChain, question: str, searched_for: str
) -> None:
    answer = chain.invoke(question)
    retrieved = chain.retrieve(Question(question), chain.index.current())
    assert answer.search is not None and answer.search.query.text == searched_for
    assert (retrieved.query, retrieved.passages) == (answer.search.query, answer.search.passages)


def test_what_was_searched_is_told_step_by_step() -> None:
    query = Query("红书的月活", Scope(tags=("猫",)), (Step("follow-up", "它的月活"), Step("alias", "红书的月活")))
    assert searched(Search(query, (CANDIDATE,), ("x", "y"))) == [
        ("承接上文", "它的月活"),
        ("统一名称", "红书的月活"),
        ("查询", "红书的月活"),
        ("范围", "标签：猫"),
        ("候选", "3 段，列出前 1 段"),
    ]
    assert searched(Search(Query("问"))) == [("查询", "问"), ("候选", "0 段")]


def test_a_candidate_is_told_with_its_scores_and_the_reason_of_its_rank() -> None:
    assert heading(CANDIDATE) == "《<i>题</i>》 › 一、<起>"
    assert scores_line(CANDIDATE) == "综合 0.750 · 语义 0.851 → 0.90 · 字面 12.35 → 0.50"
    assert snippet(CANDIDATE) == "甲<b>说 了话。"
    assert reason(CANDIDATE) == "第 2 段：意思和用词都接近"
    assert reason(replace(CANDIDATE, scaled_lexical=0.4)) == "第 2 段：主要因为意思接近"
    assert reason(replace(CANDIDATE, scaled_dense=0.1)) == "第 2 段：主要因为用词相同"
    assert reason(replace(CANDIDATE, place=None)) == "未采用：排在所取段落之后"


def test_no_word_of_an_article_becomes_a_tag_in_the_search() -> None:
    html = search_html(Search(Query("<script>"), (CANDIDATE, replace(CANDIDATE, place=None))))
    assert "<script" not in html and "<i>题" not in html and "<起>" not in html and "<b>说" not in html
    assert html.count('class="yj-placed"') == html.count('class="yj-left-out"') == 1


def test_the_outcome_names_the_stage_at_which_evidence_was_lost(chain: AnswerChain) -> None:
    library = chain.index.current().library

    def place(id_: str, quote: str) -> list[Place]:
        start = library.article(id_).text.index(quote)
        return [(id_, start, start + len(quote))]

    birds = place("子/丙", "鸟会飞。")
    answer = chain.invoke("猫怕狗吗")
    assert answer.search is not None
    cited = place(answer.citations[0].article.id, answer.citations[0].quote)
    assert outcome(answer.search, [], library) is None
    assert outcome(answer.search, cited, library, answer) == Outcome("cited", 2)
    assert outcome(answer.search, cited, library) == Outcome("retrieved", 2)
    mute = replace(answer, statements=(), citations=(), origins=())
    assert outcome(answer.search, cited, library, mute) == Outcome("retrieved, not cited", 2)
    assert outcome(answer.search, birds, library, answer) == Outcome("ranked low", 3)
    late = replace(answer.search, candidates=(), others=tuple(c.passage.chunk.id for c in answer.search.candidates))
    assert outcome(late, birds, library) == Outcome("ranked low", 3)
    assert outcome(Search(answer.search.query), birds, library) == Outcome("not among the candidates", None)
