import re
from dataclasses import replace

import pytest

from rag.text import sentence_spans
from rag.types import Answer, Article, Chunk, Citation, Flag, Passage, Question, Scope, Statement
from rag.voices import UNCLEAR, VOICES
from views.answer import answer_html, footer_text, question_html
from views.messages import t
from views.quoted import words_after, words_before
from views.state import State
from views.turn import clipboard_text

TEXT = "甲说了话。<b>乙</b>写了书。丙唱了歌。"


def passage(url: str | None = "https://example.org/a") -> Passage:
    article = Article("文", "文.txt", TEXT, title="<i>题</i>", author="某人", published="2025-04-03", url=url)
    return Passage(article, Chunk("c", "文", 0, len(TEXT), TEXT, "", tuple(sentence_spans(TEXT))), 1, 1.0)


def answer(of: Passage) -> Answer:
    citation = Citation(1, of.article, 5, 17)
    return Answer(Question("谁？"), (Statement(citation.quote, (1,)),), (citation,), (of,))


def test_a_card_highlights_the_quote_inside_its_passage() -> None:
    html = answer_html(answer(passage()), 3)
    assert '甲说了话。<mark id="yj-3-1-quote">&lt;b&gt;乙&lt;/b&gt;写了书。</mark>丙唱了歌。' in html
    assert 'id="yj-3-1"' in html and 'href="#yj-3-1"' in html
    assert "《&lt;i&gt;题&lt;/i&gt;》 · 某人 · 2025-04-03<a href" in html
    assert 'href="https://example.org/a"' in html


def test_damage_inside_a_quote_is_told_under_it() -> None:
    of = passage()
    damaged = replace(of, article=replace(of.article, flags=(Flag(5, 9, "broken date"),)))
    assert "原文此处的日期似有缺字" in answer_html(answer(damaged), 0)
    elsewhere = replace(of, article=replace(of.article, flags=(Flag(0, 3, "broken date"),)))
    assert "缺字" not in answer_html(answer(elsewhere), 0)


def test_articles_that_repeat_each_other_are_counted_as_one_source() -> None:
    first, copy = passage(), passage()
    copy = replace(copy, article=replace(copy.article, id="抄"), chunk=replace(copy.chunk, article_id="抄"), rank=2)
    citations = (Citation(1, first.article, 5, 17), Citation(2, copy.article, 5, 17))
    both = Answer(Question("谁？"), (Statement(citations[0].quote, (1, 2)),), citations, (first, copy), origins=(1, 1))
    assert "（2 篇文章，1 个独立来源）" in answer_html(both, 0)
    assert "独立来源" not in answer_html(replace(both, origins=(1, 2)), 0)


def test_what_tells_nothing_of_the_articles_is_signed_by_nobody() -> None:
    answered = replace(answer(passage()), index_generation=2, timings_ms={"total": 1500.0})
    assert footer_text(answered) == "原文摘编 · 第 2 代索引 · 1.50 秒"
    stopped = replace(answered, statements=(), citations=(), notice="已停止，还没有得到回答。")
    assert footer_text(stopped) == "第 2 代索引 · 1.50 秒"


def test_no_word_of_an_article_or_a_reader_becomes_a_tag() -> None:
    html = answer_html(answer(passage()), 0) + question_html("<script>alert(1)</script>")
    assert "<script" not in html and "<b>乙" not in html and "<i>题" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_words_that_answer_are_bold_and_still_escaped() -> None:
    given = answer(passage())
    (statement,) = given.statements
    html = answer_html(replace(given, statements=(replace(statement, emphasis=((3, 4), (9, 11))),)), 0)
    assert "&lt;b&gt;<b>乙</b>&lt;/b&gt;写<b>了书</b>。" in html


def test_the_scope_stands_on_the_answer_with_the_titles_of_its_articles() -> None:
    of = passage()
    scoped = replace(answer(of), question=Question("谁？", scope=Scope(tags=("<b>",), articles=("文",))))
    html = answer_html(scoped, 0)
    assert '<p class="yj-scope">范围　标签：&lt;b&gt;；文章：《&lt;i&gt;题&lt;/i&gt;》</p>' in html
    assert "yj-scope" not in answer_html(answer(of), 0)


def test_a_link_that_is_no_web_address_is_not_shown() -> None:
    assert "javascript:" not in answer_html(answer(passage("javascript:alert(1)")), 0)


def test_a_refusal_shows_the_nearest_passages_as_such() -> None:
    html = answer_html(Answer(Question("谁？"), passages=(passage(),), refused=True, notice="没有找到。"), 0)
    assert "没有找到。" in html and "它们没有回答这个问题" in html and "<mark" not in html


def test_a_refusal_shows_the_nearest_sentences_highlighted_and_says_that_they_do_not_answer() -> None:
    of = passage()
    nearest = answer(of).citations[:1]
    html = answer_html(Answer(Question("谁？"), passages=(of,), refused=True, notice="没写明。", nearest=nearest), 0)
    assert (
        "最相近的原文（没有回答这个问题）" in html and "<mark id" in html and "<details class='yj-nearest'>" not in html
    )


def test_a_mark_opens_the_reader_and_shows_the_quote_with_its_title_and_date() -> None:
    html = answer_html(answer(passage()), 3)
    tip = html.split('role="tooltip"')[1].split("</span>")[0]
    assert html.count('data-cite="3-1"') == 3  # the mark, its quote, the link of the card
    assert "&lt;b&gt;乙&lt;/b&gt;写了书。" in tip and "《&lt;i&gt;题&lt;/i&gt;》 · 某人 · 2025-04-03</small>" in tip
    assert 'aria-describedby="yj-3-1-quote"' in html and html.count('id="yj-3-1-quote"') == 1


def differing(*published: str | None) -> Answer:
    """An answer with a value from each of several articles, published then."""
    texts = [f"月活{n}亿<b>。" for n in range(1, len(published) + 1)]
    articles = [
        Article(f"文{n}", "", text, title=f"<i>{n}", published=day)
        for n, (text, day) in enumerate(zip(texts, published, strict=True), 1)
    ]
    chunks = [Chunk(f"c{a.id}", a.id, 0, len(a.text), a.text, "", ((0, len(a.text)),)) for a in articles]
    passages = tuple(Passage(a, c, n, 1.0) for n, (a, c) in enumerate(zip(articles, chunks, strict=True), 1))
    citations = tuple(Citation(n, a, 0, len(a.text)) for n, a in enumerate(articles, 1))
    statements = tuple(Statement(c.quote, (c.marker,), ((2, 7),)) for c in citations)
    return Answer(Question("多少？"), statements, citations, passages, differ=True)


def test_values_that_differ_stand_side_by_side_newest_first_and_undated_last() -> None:
    html = answer_html(differing("2024-05-01", None, "2025-09-13"), 0)
    cards = html.split('<ul class="yj-values"')[1].split("</ul>")[0].split("<li>")[1:]
    assert [card.split("</span>")[0] for card in cards] == [
        "<b>3亿&lt;b&gt;</b><span>2025-09-13",
        "<b>1亿&lt;b&gt;</b><span>2024-05-01",
        "<b>2亿&lt;b&gt;</b><span>日期未注明",
    ]
    assert "《&lt;i&gt;3》" in cards[0] and 'data-cite="0-3"' in cards[0]


def test_values_are_not_set_side_by_side_where_they_do_not_differ_or_one_article_has_them() -> None:
    assert "yj-values" not in answer_html(replace(differing("2024-05-01", None), differ=False), 0)
    assert "yj-values" not in answer_html(differing("2024-05-01"), 0)


def test_what_an_llm_wrote_without_support_is_marked_in_words() -> None:
    given = answer(passage())
    html = answer_html(replace(given, statements=(*given.statements, Statement("丁<i>飞。", (), verified=False))), 0)
    assert html.count("未能核实") == 1
    assert 'class="yj-statement">丁&lt;i&gt;飞。<b class="yj-unverified">未能核实</b></p>' in html


def test_a_comparison_has_a_heading_for_each_subject() -> None:
    given = answer(passage())
    (statement,) = given.statements
    told = tuple(replace(statement, subject=subject) for subject in ("", "<甲", "<甲", "乙"))
    html = answer_html(replace(given, statements=told), 0)
    headings = re.findall('<h2 class="yj-heading">(.*?)</h2>|<p class="yj-statement">', html)
    assert headings == ["", "&lt;甲", "", "", "乙", "", "出处"]


def test_a_copied_answer_has_its_headings_and_each_statement_on_a_line_of_its_own() -> None:
    given = answer(passage())
    (statement,) = given.statements
    told = tuple(
        replace(statement, text=text, subject=subject)
        for text, subject in (("一。", "甲"), ("二。", "甲"), ("三。", "乙"))
    )
    assert clipboard_text(replace(given, statements=told, notice="且看。")) == (
        "谁？\n\n且看。\n\n甲\n一。[1]\n二。[1]\n\n乙\n三。[1]\n\n[1] 《<i>题</i>》2025-04-03：<b>乙</b>写了书。"
    )
    assert clipboard_text(replace(given, statements=told[:1])).startswith("谁？\n\n甲\n一。[1]\n\n[1] ")


def test_rows_are_shown_as_a_table_with_its_head_and_each_row_with_its_mark() -> None:
    head, row = "| 类目 | <b>费率 |", "| 服饰 | 7.2% |"
    article = Article("表", "", f"{head}\n|---|---|\n{row}\n好。", title="表")
    spans = [(article.text.index(words), article.text.index(words) + len(words)) for words in (head, row, "好。")]
    passages = (Passage(article, Chunk("c", "表", 0, len(article.text), article.text, "", tuple(spans)), 1, 1.0),)
    citations = tuple(Citation(n, article, *span) for n, span in enumerate(spans, 1))
    of_seven = (row.index("7"), row.index("%") + 1)
    statements = tuple(Statement(c.quote, (c.marker,), (of_seven,) if c.quote == row else ()) for c in citations)
    html = answer_html(Answer(Question("多少？"), statements, citations, passages), 0)
    table, after = html.split('<table class="yj-table">')[1].split("</table>")
    assert table.startswith('<tr class="yj-statement"><th>类目</th><th>&lt;b&gt;费率</th><td><span class="yj-mark">')
    assert "<td>服饰</td><td><b>7.2%</b></td><td>" in table
    assert after.startswith('<p class="yj-statement">好。')
    _, of_head, of_row, of_words = html.split('<section class="yj-card"')
    drawn = "<th>类目</th><th>&lt;b&gt;费率</th>"
    assert f'<tr id="yj-0-1-quote">{drawn}</tr>' in re.sub("</?mark>", "", of_head)
    assert f'<tr>{drawn}</tr><tr id="yj-0-2-quote"><td><mark>服饰</mark></td><td><mark>7.2%</mark></td></tr>' in of_row
    assert f'<tr>{drawn}</tr><tr><td>服饰</td><td>7.2%</td></tr></table><mark id="yj-0-3-quote">好。</mark>' in of_words
    assert "---" not in html and "| 服饰" not in html


def test_the_words_beside_a_quote_are_cut_between_rows() -> None:
    rows = "| 2022 | 甲 |\n| 2023 | 乙 |"
    assert words_before(f"前\n{rows}\n", 20) == "…\n| 2023 | 乙 |\n"
    assert words_before("前面的话。后面的话。", 5) == "…后面的话。"
    assert words_after(f"\n{rows}\n后", 20) == "\n| 2022 | 甲 |\n…"
    assert words_after("前面的话。后面的话。", 5) == "前面的话。…"


@pytest.mark.parametrize("voice", VOICES)
def test_every_voice_that_is_known_has_its_words(voice: str) -> None:
    assert voice == UNCLEAR or t(f"voice_{voice}")


def test_a_click_that_was_made_before_the_page_opened_something_does_not_shut_it() -> None:
    state = State(click=4, opened="0-1")
    state.open("a-2")
    state.follow("", 5)
    assert state.opened == "a-2"
    state.follow("", 6)
    assert state.opened == ""
