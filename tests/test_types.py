import hashlib
import json

import pytest

from rag.types import Answer, Article, Chunk, Citation, Message, Passage, Question, Removal, Statement

RAW = "甲乙**丙**丁[广告]戊己"
ARTICLE = Article(
    "文",
    "文.md",
    RAW,
    (Removal(2, 4, "markup", "b"), Removal(5, 7, "markup", "b"), Removal(8, 12, "advert", "a")),
    "题",
)
CHUNK = Chunk("c1", "文", 0, 4, "甲乙丙丁", "", ((0, 4),))
PASSAGE = Passage(ARTICLE, CHUNK, rank=1, score=0.12345678)
CITATION = Citation(1, ARTICLE, 1, 3)


def test_the_clean_text_is_the_raw_text_without_the_removals() -> None:
    assert ARTICLE.text == "甲乙丙丁戊己"


def test_every_character_of_the_text_maps_to_the_same_character_of_the_raw_file() -> None:
    spans = [ARTICLE.raw_span(at, at + 1) for at in range(6)]
    assert spans == [(0, 1), (1, 2), (4, 5), (7, 8), (12, 13), (13, 14)]
    assert "".join(RAW[start:end] for start, end in spans) == ARTICLE.text


def test_a_raw_span_holds_the_mark_up_inside_it_and_none_around_it() -> None:
    assert ARTICLE.raw_span(1, 3) == (1, 5)
    assert ARTICLE.raw_span(2, 3) == (4, 5)


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (3, 2), (0, 7)])
def test_a_raw_span_outside_the_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"there is no text from {start} to {end}"):
        ARTICLE.raw_span(start, end)


def test_breaks_are_where_something_other_than_mark_up_was_removed() -> None:
    assert ARTICLE.breaks == (4,)


def test_overlapping_removals_are_refused() -> None:
    article = Article("文", "文.md", "甲乙丙丁", (Removal(0, 3, "advert", "a"), Removal(2, 4, "advert", "b")))
    with pytest.raises(ValueError, match="overlap or are out of order at 2"):
        _ = article.text


def test_an_article_without_removals_is_its_raw_text() -> None:
    assert Article("文", "文.md", "甲乙").text == "甲乙"
    assert Article("文", "文.md", "").text == ""


def test_the_quote_of_a_citation_is_the_text_at_its_span() -> None:
    assert CITATION.quote == ARTICLE.text[1:3] == "乙丙"


def test_a_citation_may_run_across_mark_up_and_images() -> None:
    assert Citation(1, ARTICLE, 1, 4).raw_span == (1, 8)
    image = Article("文", "文.md", "甲![](x)乙", (Removal(1, 7, "image", "i"),))
    assert Citation(1, image, 0, 2).quote == "甲乙"


def test_a_citation_across_a_removed_advert_is_refused() -> None:
    with pytest.raises(ValueError, match="'丁戊' spans a removed advert"):
        Citation(1, ARTICLE, 3, 5)


def test_a_citation_may_begin_or_end_beside_a_removed_advert() -> None:
    assert Citation(1, ARTICLE, 3, 4).quote == "丁"
    assert Citation(1, ARTICLE, 4, 5).quote == "戊"


def test_a_citation_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no text from 5 to 7"):
        Citation(1, ARTICLE, 5, 7)


def test_a_passage_holds_what_lies_inside_its_chunk_and_nothing_else() -> None:
    other = Article("别", "别.md", RAW)
    assert PASSAGE.holds(Citation(1, ARTICLE, 0, 4))
    assert not PASSAGE.holds(Citation(1, ARTICLE, 4, 5))
    assert not PASSAGE.holds(Citation(1, other, 0, 1))


def answer(**changes: object) -> Answer:
    parts = {"statements": (Statement("乙丙。", (1,)),), "citations": (CITATION,), "passages": (PASSAGE,)}
    return Answer(Question("问？", id="q1"), **(parts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"citations": (Citation(2, ARTICLE, 1, 3),)}, r"numbered from 1 without gaps, not \[2\]"),
        ({"citations": (CITATION, CITATION)}, r"numbered from 1 without gaps, not \[1, 1\]"),
        ({"statements": (Statement("乙。", (1, 3)),)}, r"'乙。' carries unknown markers \[3\]"),
        ({"statements": (Statement("乙。", ()),)}, "'乙。' must be either cited or marked as not verified"),
        ({"statements": (Statement("乙。", (1,), verified=False),)}, "'乙。' must be either cited or marked"),
        ({"citations": (Citation(1, ARTICLE, 4, 6),)}, "citation 1 lies in none of the passages"),
        ({"passages": ()}, "citation 1 lies in none of the passages"),
        ({"nearest": (CITATION,)}, "only a refusal has nearest sentences"),
        (
            {"statements": (), "citations": (), "refused": True, "nearest": (Citation(2, ARTICLE, 1, 3),)},
            "numbered from 1",
        ),
        (
            {"statements": (), "citations": (), "refused": True, "nearest": (Citation(1, ARTICLE, 4, 6),)},
            "lies in none of the passages",
        ),
    ],
)
def test_an_answer_that_breaks_its_promises_cannot_be_built(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        answer(**changes)


def test_the_text_of_an_answer_is_the_notice_and_the_statements_with_their_marks() -> None:
    assert answer(notice="摘录如下。").text == "摘录如下。\n乙丙。[1]"
    assert Answer(Question("问？"), refused=True, notice="没有。").text == "没有。"
    assert Answer(Question("问？")).text == ""


def test_the_json_of_an_answer_has_exactly_the_documented_fields() -> None:
    found = answer(timings_ms={"retrieve": 1.26}, index_generation=7, confidence=0.5).to_json()
    assert found == {
        "id": "q1",
        "question": "问？",
        "scope": {},
        "refused": False,
        "text": "乙丙。[1]",
        "notice": "",
        "answerer": "extractive",
        "confidence": 0.5,
        "statements": [{"text": "乙丙。", "citations": [1], "emphasis": [], "verified": True, "subject": ""}],
        "citations": [
            {
                "marker": 1,
                "article": "文",
                "source_path": "文.md",
                "title": "题",
                "author": None,
                "publisher": None,
                "published": None,
                "url": None,
                "quote": "乙丙",
                "voice": "unclear",
                "start": 1,
                "end": 3,
                "raw_start": 1,
                "raw_end": 5,
                "converted": False,
                "article_sha256": hashlib.sha256(RAW.encode()).hexdigest(),
                "provenance": {},
                "flags": [],
                "origin": 1,
            }
        ],
        "differ": False,
        "nearest": [],
        "passages": [
            {
                "id": "c1",
                "article": "文",
                "source_path": "文.md",
                "start": 0,
                "end": 4,
                "text": "甲乙丙丁",
                "score": 0.123457,
                "rank": 1,
                "rerank": None,
                "copy_of": None,
            }
        ],
        "timings_ms": {"retrieve": 1.3},
        "index_generation": 7,
    }
    assert json.loads(json.dumps(found)) == found


def test_two_articles_of_the_same_file_are_equal() -> None:
    again = Article("文", "文.md", RAW, ARTICLE.removed, "题")
    assert again.text == ARTICLE.text
    assert again == ARTICLE
    assert Question("问", (Message("user", "甲"),)) == Question("问", (Message("user", "甲"),))
