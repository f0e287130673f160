from pathlib import Path

from fakes import FakeEmbedder

from ingest.run import ingest
from rag.chain import AnswerChain
from rag.settings import Settings
from rag.suggest import example_questions
from rag.types import Answer, Question


class Answering(AnswerChain):
    """Answers every question; `asked` has them in order."""

    def __init__(self, index: Path) -> None:
        super().__init__(Settings(index=index), embedder=FakeEmbedder())
        self.asked: list[str] = []

    def quick_answer(self, question: Question) -> Answer:
        self.asked.append(question.text)
        return Answer(question)


def test_no_more_questions_of_a_theme_are_answered_than_are_shown_so_that_another_theme_may_have_them(
    tmp_path: Path,
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "甲.md").write_text("“一号猫粮”“二号猫粮”“三号猫粮”很好。" * 3, encoding="utf-8")
    (corpus / "甲.meta.toml").write_text('tags = ["猫"]', encoding="utf-8")
    (corpus / "乙.md").write_text("狗吃“二号猫粮”，又吃“二号猫粮”。", encoding="utf-8")
    ingest(corpus, tmp_path / "index", FakeEmbedder())
    chain = Answering(tmp_path / "index")
    of_cats = ["“一号猫粮”是什么？", "关于“三号猫粮”，文章里怎么说？"]
    assert example_questions(chain) == {"猫": of_cats, "": ["“二号猫粮”是什么？"]}
    assert chain.asked == [*of_cats, "“二号猫粮”是什么？"]
