import hashlib
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.chunk import chunk_article, find_headings, quotable_sentences, sentence_texts
from ingest.clean import find_removals
from rag.types import MARKUP, Article, Chunk, Citation, Removal


def article(raw: str, title: str = "题") -> Article:
    return Article("文", "文.md", raw, find_removals(raw), title)


def chunks_of(raw: str, most: int) -> list[Chunk]:
    return chunk_article(article(raw), len, most)


def sentences_of(raw: str, most: int = 300) -> list[list[str]]:
    text = article(raw).text
    return [[text[start:end] for start, end in chunk.sentences] for chunk in chunks_of(raw, most)]


def headings_of(raw: str) -> list[tuple[str, int]]:
    found = article(raw)
    return [(found.text[h.start : h.end], h.level) for h in find_headings(found)]


def test_a_short_article_is_one_chunk() -> None:
    assert [chunk.text for chunk in chunks_of("甲乙。丙丁。", 300)] == ["甲乙。丙丁。"]


def test_chunks_end_with_a_sentence_and_are_about_the_same_size() -> None:
    raw = "一二三。四五六。七八九。十百千。"
    assert [chunk.text for chunk in chunks_of(raw, 12)] == ["一二三。四五六。", "七八九。十百千。"]
    assert [chunk.text for chunk in chunks_of(raw, 8)] == ["一二三。四五六。", "七八九。十百千。"]
    assert [chunk.text for chunk in chunks_of(raw, 4)] == ["一二三。", "四五六。", "七八九。", "十百千。"]


def test_a_long_sentence_is_cut_at_the_comma_nearest_its_middle() -> None:
    assert sentences_of("一二三四，五六七八。", 6) == [["一二三四，"], ["五六七八。"]]
    assert sentences_of("一二三，四五六七，八九十。", 8) == [["一二三，"], ["四五六七，"], ["八九十。"]]


def test_a_long_sentence_without_punctuation_is_cut_in_the_middle() -> None:
    assert [s for chunk in sentences_of("甲" * 4 + "乙" * 4, 4) for s in chunk] == ["甲甲甲甲", "乙乙乙乙"]
    assert [len(s) for chunk in sentences_of("字" * 1000, 300) for s in chunk] == [250] * 4


def test_a_sentence_is_never_longer_than_the_model_reads() -> None:
    assert [len(s) for chunk in sentences_of("字" * 1000, 2000) for s in chunk] == [250] * 4
    assert [len(chunk) for chunk in sentences_of("字" * 1000, 2000)] == [4]


def test_a_single_character_above_the_limit_is_still_a_sentence() -> None:
    assert [c.text for c in chunk_article(article("甲乙"), lambda text: 9 * len(text), 5)] == ["甲", "乙"]


def test_markdown_headings_have_the_level_of_their_marks() -> None:
    assert headings_of("# 一\n正文。\n### 二\n正文\n") == [("一", 1), ("二", 3)]


def test_in_markdown_with_headings_no_other_line_is_one() -> None:
    assert headings_of("## 一\n\n短行\n\n1.短行\n\n正文。") == [("一", 2)]


def test_numbered_lines_and_short_lines_that_stand_alone_are_headings_of_plain_text() -> None:
    assert headings_of("开头。\n一.大节\n正文。\n1.小节\n正文。\n\n独行标题\n\n正文。") == [
        ("一.大节", 1),
        ("1.小节", 2),
        ("独行标题", 1),
    ]
    assert headings_of("开头。\n\n时间：改变一切\n\n正文。") == [("时间：改变一切", 1)]
    assert headings_of("开头。\n\n2025年3月4日\n\n正文。") == [("2025年3月4日", 1)]


@pytest.mark.parametrize(
    ("raw", "headings"),
    [
        ("费用：\n1. 认证费600元\n2. 技术服务费0.6%\n3. 运费\n\n正文。", []),
        ("公司\n\n成立时间：2013年6月\n\n总部：上海\n\n正文。", []),
        ("开头。\n一、大节\n1. 小节\n正文。\n2. 小节\n正文。", ["一、大节", "1. 小节", "2. 小节"]),
        ("开头。\n一、大节\n1. 甲\n2. 乙\n二、大节\n正文。", ["一、大节", "二、大节"]),
        ("开头。\n1. 小节\n正文。\n2. 联系电话12345", ["1. 小节"]),
    ],
)
def test_lines_that_follow_each_other_and_the_last_are_no_headings_of_plain_text(raw: str, headings: list[str]) -> None:
    assert [text for text, _ in headings_of(raw)] == headings
    assert len(sentences_of(raw, 300)[0]) == len(raw.split()) - raw.count(". ") - len(headings)


@pytest.mark.parametrize(
    "raw",
    [
        "开头。\n\n这一行是句子。\n\n正文。",
        "开头。\n\n" + "长" * 26 + "\n\n正文。",
        "开头。\n短行在段落里\n正文。",
        "开头。\n\n如下：\n\n正文。",
        "开头。\n\n来源：云南保山潞江坝\n\n正文。",
        "开头。\n\n售价：259元\n\n正文。",
        "开头。\n\n本报记者 孙立\n\n正文。",
        "开头。\n2.5亿用户在此\n正文。",
        "开头。\n\n——\n\n正文。",
        "没有标点",
    ],
)
def test_other_lines_are_no_headings(raw: str) -> None:
    assert headings_of(raw) == []


def test_headings_are_in_the_chunk_but_cannot_be_quoted() -> None:
    raw = "## 一\n甲。\n## 二\n乙。\n"
    assert [chunk.text for chunk in chunks_of(raw, 2)] == ["一\n甲。\n", "二\n乙。\n"]
    assert sentences_of(raw, 2) == [["甲。"], ["乙。"]]
    assert [chunk.text for chunk in chunks_of(raw, 4)] == ["一\n甲。\n二\n乙。\n"]
    assert sentences_of(raw, 4) == [["甲。", "乙。"]]


def test_a_heading_as_long_as_a_sentence_can_be_quoted_and_heads_its_section() -> None:
    short, long = "长" * 50, "长" * 51
    raw = f"## {short}\n甲。\n## {long}\n乙。\n"
    assert headings_of(raw) == [(short, 2), (long, 2)]
    assert sentences_of(raw, 300) == [["甲。", long, "乙。"]]


def test_the_section_of_a_chunk_is_the_path_of_headings_above_it() -> None:
    raw = "开头。\n# 一\n甲。\n## 二\n乙。\n## 三\n丙。\n# 四\n丁。"
    assert [c.section for c in chunks_of(raw, 3)] == ["", "一", "一 › 二", "一 › 三", "四"]
    assert [c.section for c in chunks_of(raw, 6)] == ["一", "一 › 二 / 一 › 三 / 四"]


def test_short_sections_share_a_chunk_and_a_long_one_is_cut() -> None:
    raw = "# 一\n甲一。甲二。\n# 二\n乙一。乙二。乙三。乙四。\n# 三\n丙。\n# 四\n丁。\n"
    assert [c.text for c in chunks_of(raw, 9)] == [
        "一\n甲一。甲二。\n",
        "二\n乙一。乙二。",
        "乙三。乙四。\n",
        "三\n丙。\n四\n丁。\n",
    ]
    assert [c.section for c in chunks_of(raw, 9)] == ["一", "二", "二", "三 / 四"]


def test_headings_without_text_go_with_the_next_chunk_and_at_the_end_with_the_last() -> None:
    assert [c.text for c in chunks_of("# 一\n## 二\n甲。\n# 三\n", 300)] == ["一\n二\n甲。\n三\n"]


def test_an_article_of_headings_has_no_quotable_sentence() -> None:
    only = article("# 一\n## 二\n")
    assert quotable_sentences(only, find_headings(only)) == []


def test_metadata_at_either_end_cannot_be_quoted_and_is_in_the_chunk() -> None:
    body = "".join(f"第{n}句。\n" for n in "一二三四五六七八九")
    raw = f"2025-04-03 江南晚报\n作者：张三　版块：吐槽\n{body}二〇二五年四月三日\n"
    (sentences,) = sentences_of(raw)
    assert sentences == ["版块：吐槽", *body.split()]
    assert [chunk.text for chunk in chunks_of(raw, 300)] == [raw]


def test_metadata_in_the_middle_can_be_quoted_and_so_can_the_day_of_an_event() -> None:
    lines = [f"第{n}句。" for n in "一二三四五六七八九"]
    lines.insert(6, "2025-04-03 江南晚报")
    assert sentences_of("\n".join(lines)) == [lines]
    assert sentences_of("时间：2025年4月3日\n开会。") == [["时间：2025年4月3日", "开会。"]]


def test_where_goods_come_from_can_be_quoted() -> None:
    assert sentences_of("来源：云南保山\n净含量：200克\n\n豆子采自农场。")[0][0] == "来源：云南保山"
    assert sentences_of("来源：云南保山\n\n豆子采自农场。") == [["豆子采自农场。"]]


def test_metadata_can_be_quoted_where_there_is_nothing_else() -> None:
    assert sentences_of("2025-04-03 江南晚报\n本报记者 张三\n") == [["2025-04-03 江南晚报", "本报记者 张三"]]


def test_no_sentence_runs_across_a_removed_advert() -> None:
    cut = Article("文", "文.md", "前半[告]后半。", (Removal(2, 5, "advert", "a"),))
    assert quotable_sentences(cut, []) == [(0, 2), (2, 5)]
    assert [c.text for c in chunk_article(cut, len, 300)] == ["前半后半。"]


def test_a_sentence_runs_across_mark_up() -> None:
    assert sentences_of("前**半**后[半](http://a)。") == [["前半后半。"]]


def test_the_same_article_gives_the_same_ids_and_a_changed_one_changes_only_its_own() -> None:
    before = [c.id for c in chunks_of("一二三。四五六。", 4)]
    assert [c.id for c in chunks_of("一二三。四五六。", 4)] == before
    after = [c.id for c in chunks_of("一二三。四五七。", 4)]
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_an_id_is_the_hash_of_article_start_section_and_text() -> None:
    ids = [chunk.id for chunk in chunks_of("甲。", 300)]
    assert ids == [hashlib.sha256("文\0000\0\0甲。".encode()).hexdigest()[:20]]
    assert ids == ["b9b4c9a36b982067ec91"]


def test_what_is_embedded_is_title_and_sentence_in_simplified_characters() -> None:
    traditional = article("小紅書。約談。", title="題")
    (chunk,) = chunk_article(traditional, len, 300)
    assert sentence_texts(traditional, chunk) == ["题\n小红书。", "题\n约谈。"]


LINES = st.sampled_from(
    [
        "# 标题",
        "一.节",
        "短行",
        "图片",
        "> 引，“文。”",
        "**粗**体。",
        "[词](http://a)！",
        "来源:某",
        "![](x)",
        "",
        "😀",
        "a. B",
        "---",
    ]
)
RAW = st.lists(LINES | st.text(alphabet="小红书，。！a1 *`#>“”\u3000😀", max_size=30), max_size=12).map("\n".join)


@given(RAW, st.integers(min_value=1, max_value=30))
def test_any_text_is_covered_by_chunks_whose_sentences_are_in_the_file(raw: str, most: int) -> None:
    found = article(raw)
    assume(quotable_sentences(found, find_headings(found)))
    chunks = chunk_article(found, len, most)
    assert (chunks[0].start, chunks[-1].end) == (0, len(found.text))
    assert all(before.end == after.start for before, after in pairwise(chunks))
    for chunk in chunks:
        assert chunk.text == found.text[chunk.start : chunk.end]
        assert sum(end - start for start, end in chunk.sentences) <= most
        for start, end in chunk.sentences:
            assert chunk.start <= start < end <= chunk.end
            citation = Citation(1, found, start, end)  # raises where the span runs across an advert
            raw_start, raw_end = citation.raw_span
            marks = [r for r in found.removed if r.kind in MARKUP and raw_start <= r.start < raw_end]
            quoted = raw[raw_start:raw_end]
            for mark in reversed(marks):
                quoted = quoted[: mark.start - raw_start] + quoted[mark.end - raw_start :]
            assert quoted == citation.quote
    assert len({chunk.id for chunk in chunks}) == len(chunks)
