"""One reader's choices: a chain of their own that shares all that is open, and changes nobody else's."""

from pathlib import Path

import pytest
from fakes import FakeEmbedder
from langchain_core.language_models import FakeListChatModel

from ingest.run import ingest
from rag.chain import AnswerChain
from rag.errors import SettingsError
from rag.settings import Settings
from rag.types import Question


@pytest.fixture
def chain(tmp_path: Path) -> AnswerChain:
    """Over three articles of one chunk each, all of which fit 猫吃鱼 equally well; 丙 is the newest."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, day in (("甲", "2023-01-01"), ("乙", "2024-01-01"), ("丙", "2025-01-01")):
        (corpus / f"{name}.md").write_text("猫吃鱼。\n", encoding="utf-8")
        (corpus / f"{name}.meta.toml").write_text(f'title = "鱼"\npublished = "{day}"\n', encoding="utf-8")
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    settings = Settings(corpus=corpus, index=tmp_path / "index", llm="fake:one")
    return AnswerChain(settings, embedder=FakeEmbedder(), model=FakeListChatModel(responses=["猫吃鱼[1]。"]))


def found(chain: AnswerChain) -> list[str]:
    search = chain.retrieve(Question("猫吃鱼"), chain.index.current())
    return [candidate.passage.article.id for candidate in search.candidates]


def test_a_reader_may_prefer_newer_articles_where_others_do_not(chain: AnswerChain) -> None:
    before = found(chain)
    assert found(chain.with_options(prefer_newer=True)) == ["丙", "乙", "甲"]
    assert found(chain) == before != ["丙", "乙", "甲"]
    assert found(chain.with_options(prefer_newer=True).with_options(prefer_newer=False)) == before


def test_a_reader_may_have_fewer_passages_than_others(chain: AnswerChain) -> None:
    def placed(chain: AnswerChain) -> int:
        return sum(c.place is not None for c in chain.retrieve(Question("猫"), chain.index.current()).candidates)

    assert (placed(chain.with_options(passages=1)), placed(chain)) == (1, 3)


def test_a_reader_may_leave_the_llm_out(chain: AnswerChain) -> None:
    own = chain.with_options(extractive=True)
    assert own.model is None and chain.model is not None
    assert own.invoke("猫吃鱼吗？").answerer == "extractive"


def test_all_that_is_open_is_shared_and_what_is_not_chosen_stays(chain: AnswerChain) -> None:
    own = chain.with_options()
    assert own.settings == chain.settings
    assert (own.index, own.embedder, own.model) == (chain.index, chain.embedder, chain.model)


def test_a_number_of_passages_that_the_settings_do_not_allow_is_refused(chain: AnswerChain) -> None:
    with pytest.raises(SettingsError, match="YINJU_PASSAGES"):
        chain.with_options(passages=51)
