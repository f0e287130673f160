"""Several articles for a comparison, and what is repeated only once."""

from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.chain import AnswerChain
from rag.diversity import arrange, compares, second_article
from rag.explain import reason
from rag.index import Generation, IndexReader
from rag.settings import Settings
from rag.types import Article, Chunk, Passage, Query, Ranked, Search

STORY = "猫在三月推出了出海领航计划，首期覆盖美国、中国香港和中国澳门三个市场，商家无需另外开店就能卖货。"
EDITED = STORY.replace("，商家", "；商家")
OTHER = "猫和狗说的是另一回事，农夫在春天种下了稻谷，到秋天才有收成，一年就这样过去了，谁也没有话说。"
FIGURE = STORY.replace("三个", "12个")


@pytest.mark.parametrize(
    ("question", "does"),
    [
        ("猫和狗有什么区别？", True),
        ("猫跟狗比，哪个更快？", True),
        ("甲、乙各自卖多少钱？", True),
        ("两家的抽成差在哪？", True),
        ("各篇文章给的数有什么出入？", True),
        ("How do cats differ from dogs?", True),
        ("Cats versus dogs", True),
        ("猫吃什么？", False),
        ("计划是哪天发布的？", False),
        ("猫的粮食和水在哪里？", False),
        ("What is an advert?", False),
    ],
)
def test_a_comparison_is_told_from_other_questions(question: str, does: bool) -> None:
    assert compares(question) == does


def ranked(*scores: tuple[str, float]) -> tuple[Ranked, ...]:
    """Candidates from (article id, fused score), best first."""
    return tuple(
        Ranked(Passage(Article(id_, f"{id_}.txt", "猫。"), Chunk(f"c{n}", id_, 0, 2, "猫。"), n, score), 0.0, 0.0)
        for n, (id_, score) in enumerate(scores, 1)
    )


def test_the_second_article_is_the_best_that_comes_close_where_the_first_five_are_of_one() -> None:
    five = [("甲", 1.0)] * 5
    found = second_article(ranked(*five, ("甲", 0.9), ("乙", 0.7), ("丙", 0.7)))
    assert found is not None
    assert (found.passage.article.id, found.passage.rank) == ("乙", 7)
    assert second_article(ranked(*five, ("乙", 0.69))) is None
    assert second_article(ranked(*five[:4], ("丙", 0.9), ("乙", 0.8))) is None
    assert second_article(ranked(("甲", 1.0))) is None
    assert second_article(()) is None


def generation_of(folder: Path, texts: dict[str, str], chunk_tokens: int = 300) -> Generation:
    corpus = folder / "articles"
    corpus.mkdir()
    for name, text in texts.items():
        (corpus / f"{name}.txt").write_text(f"{text}\n", encoding="utf-8")
    ingest(corpus, folder / "index", FakeEmbedder(), chunk_tokens=chunk_tokens)
    return IndexReader(folder / "index", FakeEmbedder()).current()


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    """甲, its near-copy 乙, 丙 about something else, and 丁, which states another figure."""
    return generation_of(tmp_path, {"甲": STORY, "乙": EDITED, "丙": OTHER, "丁": FIGURE})


def chain_over(generation: Generation, passages: int) -> AnswerChain:
    settings = Settings(_env_file=None, index=generation.folder.parent, refusal_threshold=0, passages=passages)
    return AnswerChain(settings, embedder=FakeEmbedder())


def test_a_comparison_moves_the_second_article_among_the_first_five(generation: Generation) -> None:
    candidates = ranked(*[("戊", 1.0)] * 7, ("己", 0.8), ("庚", 0.1))
    compared = arrange(Search(Query("猫和狗有什么区别？"), candidates), generation.library, 6)
    assert [p.chunk.id for p in compared.passages] == ["c1", "c2", "c3", "c4", "c8", "c5"]
    assert [p.rank for p in compared.passages] == [1, 2, 3, 4, 5, 6]
    assert reason(compared.candidates[7]) == "第 5 段：问题要对比，另取一篇文章里最接近的一段"
    assert [c.passage.rank for c in compared.candidates] == list(range(1, 10))
    other = arrange(Search(Query("猫吃什么？"), candidates), generation.library, 6)
    assert [p.chunk.id for p in other.passages] == ["c1", "c2", "c3", "c4", "c5", "c6"]


def test_a_near_copy_takes_no_place_but_is_known_and_cited_as_the_same_origin(generation: Generation) -> None:
    chain = chain_over(generation, 3)
    answer = chain.invoke("出海领航计划首期覆盖哪些市场？")
    assert [p.rank for p in answer.passages] == [1, 2, 3, 4]
    assert {p.article.id for p in answer.passages} == {"甲", "乙", "丙", "丁"}
    copy = answer.passages[3]
    assert {copy.article.id, answer.passages[(copy.copy_of or 0) - 1].article.id} == {"甲", "乙"}
    assert answer.search is not None
    told = next(c for c in answer.search.candidates if c.copy_of)
    assert reason(told) == f"与第 {copy.copy_of} 段重复，只算一个来源"
    of = {c.article.id: origin for c, origin in zip(answer.citations, answer.origins, strict=True)}
    assert of["甲"] == of["乙"]
    assert answer.to_json()["passages"][3]["copy_of"] == copy.copy_of
    chain.close()


def test_a_copy_with_another_figure_keeps_its_place(generation: Generation) -> None:
    chain = chain_over(generation, 4)
    passages = chain.invoke("出海领航计划首期覆盖哪些市场？").passages
    assert [p.copy_of for p in passages if p.article.id == "丁"] == [None]
    chain.close()


def test_parts_of_one_long_paragraph_are_copies_only_of_the_same_part(tmp_path: Path) -> None:
    generation = generation_of(tmp_path, {"甲": STORY + OTHER, "乙": STORY + OTHER}, chunk_tokens=60)
    chain = chain_over(generation, 8)
    passages = chain.invoke("猫推出了出海领航计划吗？").passages
    assert len(passages) == 4
    for copy in passages[2:]:
        assert copy.copy_of is not None
        assert passages[copy.copy_of - 1].chunk.text == copy.chunk.text
    chain.close()
