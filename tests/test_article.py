from dataclasses import asdict
from typing import Any

from rag.types import Answer, Article, Chunk, Citation, Passage, Question, Removal, Span, Statement
from views.article import article_lines, removed_summary
from views.reader import citation_page

RAW = "## 头\n\n甲**说**了。乙没说。\n\n点击关注\n\n### 尾\n丙<b>走</b>了。"
REMOVED = (
    Removal(0, 3, "markup", "line-prefix"),
    Removal(7, 9, "markup", "bold"),
    Removal(10, 12, "markup", "bold"),
    Removal(20, 26, "advert", "no such rule"),
    Removal(26, 30, "markup", "line-prefix"),
)
ARTICLE = Article("文", "文.md", RAW, REMOVED, title="题", author="某人", published="2025-04-03", url="javascript:x")
TEXT = ARTICLE.text


def cite(marker: int, quote: str, article: Article = ARTICLE) -> Citation:
    start = article.text.index(quote)
    return Citation(marker, article, start, start + len(quote))


def spans(*citations: Citation) -> dict[int, Span]:
    return {citation.marker: (citation.start, citation.end) for citation in citations}


def drawn(*citations: Citation) -> list[tuple[int, str]]:
    """Each line as its level and its words: [n:quoted], {removed}, (note)."""

    def show(words: dict[str, Any]) -> str:
        marks = "".join(map(str, words["marks"]))
        forms = {"removed": "{%s}", "note": "(%s)", "": f"[{marks}:%s]" if marks else "%s"}
        return forms[words["kind"]] % words["text"]

    lines = [asdict(line) for line in article_lines(ARTICLE, spans(*citations))]
    return [(line["level"], "".join(map(show, line["words"]))) for line in lines]


def test_the_article_is_drawn_whole_with_its_headings_and_with_what_was_removed_and_why() -> None:
    assert TEXT == "头\n\n甲说了。乙没说。\n\n尾\n丙<b>走</b>了。"
    assert drawn() == [
        (3, "{## }头"),
        (0, "甲{**}说{**}了。乙没说。"),
        (0, "{点击关注}(〔广告：no such rule〕)"),
        (4, "{### }尾"),
        (0, "丙<b>走</b>了。"),
    ]


def test_quotes_are_marked_across_mark_up_and_where_they_overlap() -> None:
    first, second = cite(1, "甲说了。"), cite(2, "了。乙没说。")
    assert drawn(first, second)[1] == (0, "[1:甲]{**}[1:说]{**}[12:了。][2:乙没说。]")


def test_a_row_of_a_table_has_its_words_by_cell_with_the_quote_in_each_and_the_rule_is_not_drawn() -> None:
    raw = "| 年 | 门店 |\n|---|---|\n| 2023 | **12** 家 |\n完。"
    article = Article("表", "表.md", raw, tuple(Removal(at, at + 2, "markup", "bold") for at in (30, 34)))
    row = article.text.split("\n")[2]
    head, body, after = article_lines(article, spans(cite(1, row, article)))
    assert [[words.text.strip() for words in cell] for cell in head.cells] == [["年"], ["门店"]] and head.head
    told = [[(words.kind, words.text.strip(), words.marks) for words in cell] for cell in body.cells]
    assert [words for words in told[0] if words[1]] == [("", "2023", (1,))]
    assert [words for words in told[1] if words[1]] == [
        *(("removed", "**", ()), ("", "12", (1,)), ("removed", "**", ()), ("", "家", (1,))),
    ]
    assert not body.head and not after.cells
    assert [article.text[w.at :][: len(w.text)] for cell in body.cells for w in cell if not w.kind] == [
        w.text for cell in body.cells for w in cell if not w.kind
    ]


def test_nothing_of_the_raw_file_is_lost_and_kept_words_are_the_clean_text() -> None:
    words = [words for line in article_lines(ARTICLE, spans(cite(1, "乙没说。"))) for words in line.words]
    assert "".join(w.text for w in words if w.kind != "note") == RAW.replace("\n", "")
    kept = [w for w in words if not w.kind]
    assert "".join(w.text for w in kept) == TEXT.replace("\n", "")
    assert all(TEXT[w.at : w.at + len(w.text)] == w.text for w in kept)


def test_what_was_removed_is_counted_by_kind() -> None:
    assert removed_summary(ARTICLE) == "清理掉 17 个字符：标记 4、广告 1（处）。"
    assert removed_summary(Article("文", "", "甲。")) == "这篇文章没有清理掉任何内容。"


def answers() -> list[Answer]:
    other = Article("别", "别.txt", "丁来了。", title="别")
    citations = (cite(1, "甲说了。"), cite(2, "丁来了。", other), cite(3, "乙没说。"))
    articles = (ARTICLE, other)
    passages = tuple(Passage(a, Chunk(a.id, a.id, 0, len(a.text), a.text), 1, 1.0) for a in articles)
    nearest = Answer(Question("谁？"), passages=passages, refused=True, nearest=(cite(1, "乙没说。"),))
    return [Answer(Question("谁？"), (Statement("甲说了。", (1, 2, 3)),), citations, passages), nearest]


def test_the_page_of_a_citation_marks_all_that_the_answer_quotes_of_its_article() -> None:
    page = citation_page(answers(), "0-3")
    assert page is not None
    marks = {mark for line in page["lines"] for words in line["words"] for mark in words["marks"]}
    assert (page["title"], page["source"], page["quote"]) == ("题", "某人 · 2025-04-03", "乙没说。")
    assert (page["marker"], page["count"], page["place"], marks) == (3, 3, "出处 3 / 3", {1, 3})
    assert page["url"] == ""  # a link that is no web address


def test_a_nearest_sentence_of_a_refusal_opens_its_article_too() -> None:
    page = citation_page(answers(), "1-1")
    assert page is not None and page["quote"] == "乙没说。"


def test_a_citation_that_is_not_there_opens_nothing() -> None:
    for cited in ("", "0-4", "2-1", "0-0", "x-1", "0", "-1-1", "²-1", "{}"):
        assert citation_page(answers(), cited) is None
