from rag.errors import IndexMissing, RagError
from rag.text import sentence_spans
from rag.types import Answer, Article, Chunk, Citation, Passage, Question, Statement
from views.answer import answer_html, question_html
from views.texts import error_text

TEXT = "甲说了话。<b>乙</b>写了书。丙唱了歌。"


def passage(url: str | None = "https://example.org/a") -> Passage:
    article = Article("文", "文.txt", TEXT, title="<i>题</i>", author="某人", published="2025-04-03", url=url)
    return Passage(article, Chunk("c", "文", 0, len(TEXT), TEXT, "", tuple(sentence_spans(TEXT))), 1, 1.0)


def answer(of: Passage) -> Answer:
    citation = Citation(1, of.article, 5, 17)
    return Answer(Question("谁？"), (Statement(citation.quote, (1,)),), (citation,), (of,))


def test_a_card_highlights_the_quote_inside_its_passage() -> None:
    html = answer_html(answer(passage()), 3)
    assert "甲说了话。<mark>&lt;b&gt;乙&lt;/b&gt;写了书。</mark>丙唱了歌。" in html
    assert 'id="yj-3-1"' in html and 'href="#yj-3-1"' in html
    assert "《&lt;i&gt;题&lt;/i&gt;》 · 某人 · 2025-04-03" in html
    assert 'href="https://example.org/a"' in html


def test_no_word_of_an_article_or_a_reader_becomes_a_tag() -> None:
    html = answer_html(answer(passage()), 0) + question_html("<script>alert(1)</script>")
    assert "<script" not in html and "<b>乙" not in html and "<i>题" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_link_that_is_no_web_address_is_not_shown() -> None:
    assert "javascript:" not in answer_html(answer(passage("javascript:alert(1)")), 0)


def test_a_refusal_shows_the_nearest_passages_as_such() -> None:
    html = answer_html(Answer(Question("谁？"), passages=(passage(),), refused=True, notice="没有找到。"), 0)
    assert "没有找到。" in html and "它们没有回答这个问题" in html and "<mark>" not in html


def test_every_error_is_one_chinese_sentence_that_says_what_to_do() -> None:
    assert error_text(IndexMissing("there is none", "还没有索引：请运行它")) == "还没有索引：请运行它。"
    assert "请" in error_text(RagError("x"))
