"""Each part that is taken away changes what it is a part of, and nothing once it is back."""

from pathlib import Path

import pytest
from fakes import FakeEmbedder

import rag.chain
import rag.features
import rag.refuse
from bench.ablations import answered, first_stage, heads, retrieved
from eval.sets import Evidence, SetQuestion
from rag.chain import AnswerChain
from rag.settings import Settings
from rag.types import Question

DOG = SetQuestion(
    "dog", "fact", Question("“狗追猫”共几次"), True, (("3.5亿",),), (), (Evidence("乙", "狗追猫，共3.5亿次。"),)
)
WEATHER = SetQuestion("weather", "off-topic", Question("明天下雨吗"), False, (), (), ())


@pytest.fixture
def chain(tiny_index: Path, fake_embedder: FakeEmbedder) -> AnswerChain:
    return AnswerChain(Settings(index=tiny_index), embedder=fake_embedder)


def scores_of(chain: AnswerChain) -> list[tuple[str, float, float]]:
    found = chain.retrieve(DOG.question, chain.index.current())
    return [(p.chunk.article_id, p.score, p.lexical) for p in found.best]


@pytest.mark.parametrize(
    "name",
    [
        "without dense scores",
        "without lexical scores",
        "without BM25 in the score",
        "without characters",
    ],
)
def test_a_score_that_is_left_out_changes_the_scores(chain: AnswerChain, name: str) -> None:
    whole = scores_of(chain)
    with first_stage(chain)[name]():
        assert scores_of(chain) != whole
    assert scores_of(chain) == whole


def test_without_the_candidates_of_an_index_only_the_others_are_found(chain: AnswerChain) -> None:
    parts = first_stage(chain)
    with parts["without dense candidates"]():
        assert [article for article, _, _ in scores_of(chain)] == ["乙"]
    with parts["without lexical candidates"](), parts["without dense candidates"]():
        assert scores_of(chain) == []


def test_every_part_is_measured_and_put_back(chain: AnswerChain) -> None:
    whole = retrieved(chain, [DOG, WEATHER])
    assert whole == {"evidence hit@1": 1.0, "evidence hit@5": 1.0}
    for part in first_stage(chain).values():
        with part():
            assert retrieved(chain, [DOG, WEATHER]).keys() == whole.keys()
    assert retrieved(chain, [DOG, WEATHER]) == whole


def test_every_head_is_put_back(chain: AnswerChain) -> None:
    used = rag.features._read, rag.chain.in_order_read, rag.refuse.answer_probability
    for name, head in heads().items():
        with head():
            now = rag.features._read, rag.chain.in_order_read, rag.refuse.answer_probability
            assert (now == used) == (name == "whole")
            assert 0 <= answered(chain, [DOG, WEATHER])["joint accuracy"] <= 1
    assert used == (rag.features._read, rag.chain.in_order_read, rag.refuse.answer_probability)
