from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunk import find_headings, quotable_sentences
from ingest.clean import find_removals
from ingest.damage import FLAG_NAMES, find_damage
from rag.text import sentence_spans
from rag.types import Article

CORPUS = Path(__file__).parent.parent / "corpus"


def damage(text: str) -> list[tuple[str, str]]:
    """Kind and words of every flag; every sentence of the text can be quoted."""
    return [(flag.kind, text[flag.start : flag.end]) for flag in find_damage(text, sentence_spans(text))]


def damage_of_file(path: Path) -> list[tuple[str, str]]:
    raw = path.read_text()
    article = Article(path.stem, path.name, raw, find_removals(raw))
    flags = find_damage(article.text, quotable_sentences(article, find_headings(article)))
    return [(flag.kind, article.text[flag.start : flag.end]) for flag in flags]


def test_the_damage_of_the_corpus_is_three_dates_in_one_article() -> None:
    found = {path.stem: damage_of_file(path) for path in sorted(CORPUS.glob("[!S]*.*"))}
    assert {name: flags for name, flags in found.items() if flags} == {
        "被约谈的小红书掩饰不住的电商野心": [
            ("broken date", "202591日"),
            ("broken date", "2026831日"),
            ("broken date", "20256月"),
        ]
    }


@pytest.mark.parametrize("words", ["2025913日", "202591日", "20250901日", "2025年91日", "2025年913日", "2025年月18日"])
def test_a_date_that_lost_a_mark_or_a_number_is_broken(words: str) -> None:
    assert damage(f"截至{words}，公司有三家店。") == [("broken date", words)]


def test_a_month_that_lost_its_year_mark_is_broken() -> None:
    assert damage("截至20256月底，公司有三家店。") == [("broken date", "20256月")]
    assert damage("截至2025年9月日，公司有三家店。") == [("broken date", "2025年9月日")]


@pytest.mark.parametrize(
    "text",
    [
        "2025年9月1日，公司有三家店。",
        "2025年9月，公司有三家店。",
        "全年工资200000日元。",
        "2025年365日不休。",
        "刊于2001年51号。",
        "2023年月活破3亿，9月日均新增100单。",
        "每月18日为超级外卖日。",
        "订单号20250901。",
        "",
    ],
)
def test_what_only_looks_like_a_broken_date_is_none(text: str) -> None:
    assert damage(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("收入同比增长了%。", "增长了%"),
        ("收入增加了亿元。", "增加了亿元"),
        ("毛利率下降 %，创新低。", "下降 %"),
        ("会员由  万增至 万。", "由  万增至 万"),
        ("增速为..5%。", "..5%"),
        ("收入3.亿元。", "3.亿元"),
    ],
)
def test_a_unit_without_its_number_is_a_broken_figure(text: str, words: str) -> None:
    assert damage(text) == [("broken figure", words)]


@pytest.mark.parametrize(
    "text",
    [
        "收入增长了5%，达到3. 5亿元。",
        "付出超过亿元的转会费。",
        "收入达到亿元级别，月薪增加到万元。",
        "营收 增长% 占比%",
        "1.万科 2.亿达",
        "共1,234,567万元。",
        "从1万增至2万。",
        "版本...5%",
    ],
)
def test_what_only_looks_like_a_broken_figure_is_none(text: str) -> None:
    assert damage(text) == []


@pytest.mark.parametrize("words", ["�", "��", "□□□", "锟斤拷锟斤拷", "\ue000\ue001"])
def test_characters_that_stand_for_lost_ones_are_flagged(words: str) -> None:
    assert damage(f"小红{words}书。") == [("replacement character", words)]


def test_one_box_is_a_list_mark() -> None:
    assert damage("□ 同意\n□ 不同意") == []


CUT = "小红书在三月进军跨境电商并表示将整合线上交易与贸易出口"


@pytest.mark.parametrize("end", ["，", ",", "、", "以及", "，因为", "（首期覆盖美国", "，推出《出海领航"])
def test_a_last_sentence_that_stops_in_the_middle_is_cut(end: str) -> None:
    assert damage(f"第一句。{CUT}{end}") == [("cut sentence", CUT + end)]
    assert damage(f"第一句。{CUT}{end}\n") == [("cut sentence", CUT + end)]


@pytest.mark.parametrize("end", ["以及", "（首期覆盖美国"])
def test_a_sentence_that_stops_before_an_empty_line_is_cut(end: str) -> None:
    assert damage(f"{CUT}{end}\n\n另一段。") == [("cut sentence", CUT + end)]


@pytest.mark.parametrize(
    "text",
    [
        f"{CUT}。",
        CUT,  # authors leave the full stop out
        f"{CUT}，\n\n并且触达全球用户。",
        f"{CUT}以及\n触达全球用户。",  # a line broken to fit a page
        f"{CUT}（首期）",
        "线上交易，",
        f"{CUT}：",
        f"{CUT}……",
        "各方面都有涉及",
    ],
)
def test_a_sentence_that_goes_on_or_may_be_whole_is_not_cut(text: str) -> None:
    assert damage(text) == []


def test_a_comma_before_a_heading_is_a_cut() -> None:
    text = f"{CUT}，\n\n二、展望\n\n另一段。"
    spans = [span for span in sentence_spans(text) if "展望" not in text[span[0] : span[1]]]
    flags = find_damage(text, spans)
    assert [(flag.kind, text[flag.start : flag.end]) for flag in flags] == [("cut sentence", f"{CUT}，")]


def test_a_sentence_that_a_removed_advert_divides_is_not_cut() -> None:
    text = f"{CUT}，并触达全球用户。"
    assert find_damage(text, [(0, len(CUT) + 1), (len(CUT) + 1, len(text))]) == ()


def test_flags_come_in_order_and_every_kind_has_a_chinese_name() -> None:
    text = f"截至202591日，收入增长了%，小红�书。{CUT}，"
    flags = find_damage(text, sentence_spans(text))
    assert [flag.kind for flag in flags] == ["broken date", "broken figure", "replacement character", "cut sentence"]
    assert {flag.kind for flag in flags} == set(FLAG_NAMES)
    assert list(flags) == sorted(flags, key=lambda flag: flag.start)


@given(st.text("20259年月日号,，。%亿万由增至.（以及\n ", max_size=60))
def test_a_flag_lies_within_the_text(text: str) -> None:
    for flag in find_damage(text, sentence_spans(text)):
        assert 0 <= flag.start < flag.end <= len(text)
        assert flag.kind in FLAG_NAMES
