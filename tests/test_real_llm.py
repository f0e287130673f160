"""What a real LLM at YINJU_TEST_LLM makes of questions, attacks and follow-ups.

All in this file, so that one test worker asks it, and its server finds the rules of the request before in its cache.
"""

import os
from pathlib import Path

import pytest
from test_injection import ATTACKS, attacked, is_harmless, last_answer
from test_rewrite_llm import FANS, asked

from rag.chain import AnswerChain
from rag.embed import SentenceEmbedder
from rag.generate import open_model
from rag.ground import missing_names
from rag.rewrite_llm import rewrite_follow_up
from rag.settings import Settings
from rag.text import figures
from views.answer import answer_html

pytestmark = pytest.mark.llm


def real(**changed: object) -> Settings:
    """The settings that name it."""
    return Settings(llm="openai:test", llm_base_url=os.environ["YINJU_TEST_LLM"], **changed)


@pytest.mark.parametrize("place", ["article", "question"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_gets_nothing_past_the_model_and_its_checks(attack: str, place: str) -> None:
    question, text = attacked(attack, place)
    answer = last_answer(real(llm_answer_tokens=32), question, text)
    if answer is not None:
        assert is_harmless(answer_html(answer, 0))
        for statement in answer.statements:
            assert figures(statement.text) <= figures(text)
            assert not missing_names(statement.text, f"出海计划\n{text}")


@pytest.mark.model
@pytest.mark.parametrize(
    "question", ["小红书出海首期覆盖哪些市场？", "福利社是什么时候关闭的？", "小红书的月活用户有多少？"]
)
def test_it_answers_with_citations_that_hold(
    corpus_index: Path, real_embedder: SentenceEmbedder, question: str
) -> None:
    answer = AnswerChain(real(index=corpus_index, llm_prompt_tokens=1000), embedder=real_embedder).invoke(question)
    assert answer.statements or answer.refused
    for citation in answer.citations:
        assert citation.quote in citation.article.text


def test_what_it_makes_of_a_follow_up_is_believed_or_left_to_the_rules() -> None:
    settings = real(llm_rewrite_seconds=60)
    model = open_model(settings)
    revenue = asked("那2024年呢？", "小红书2023年的收入是多少？", "约37亿美元。")
    completed = [rewrite_follow_up(model, question, settings) for question in (FANS, revenue)]
    assert any(completed)
    assert all(text is None or name in text for text, name in zip(completed, ("福利社", "2024"), strict=True))
