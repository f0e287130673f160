"""Lines that are broken at a fixed width become sentences again, and other lines stay."""

import textwrap
from pathlib import Path

import pytest

from ingest.chunk import find_headings, quotable_sentences
from ingest.convert.wrapped import line_wraps
from ingest.load import load_article

FIRST = (
    "青禾咖啡在澜州开出第一百家门店以后，把总部从老城区搬到了江边的旧粮仓，三层楼里只留了一间会议室。"
    "创始人沈知行说，这样大家就没有地方开长会，只能站在吧台边把事情讲完。"
)
SECOND = "搬家一共花了二百一十五万元，其中一半用在加固楼板上面，因为烘焙机重达13.6吨，老楼板承受不住它们的重量。"


def wrapped(text: str, width: int, indent: str = "") -> str:
    """A paragraph broken after so many characters."""
    text = indent + text
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def sentences(raw: str, name: str = "文.txt") -> list[str]:
    article = load_article(Path(name), Path(), raw.encode())
    spans = quotable_sentences(article, find_headings(article))
    for start, end in spans:
        a, b = article.raw_span(start, end)
        assert "".join(article.raw[a:b].split()) == "".join(article.text[start:end].split())
    return [article.text[start:end] for start, end in spans]


@pytest.mark.parametrize(("indent", "between"), [("", "\n\n"), ("　　", "\n")])
@pytest.mark.parametrize("width", [24, 30, 37])
def test_sentences_run_across_the_lines_of_a_wrapped_text(width: int, indent: str, between: str) -> None:
    raw = between.join(wrapped(text, width, indent) for text in (FIRST, SECOND)) + "\n"
    assert sentences(raw) == [*FIRST.replace("。创", "。\n创").split("\n"), SECOND]


def test_a_number_is_one_again_and_latin_words_stay_apart() -> None:
    raw = wrapped(FIRST, 30) + "\n\n" + SECOND[: SECOND.index("6吨")][-30:] + "\n6吨，老楼板承受不住。\n"
    assert "重达13.6吨" in sentences(raw)[-1]
    english = "\n".join(textwrap.wrap("The kettle is made of steel, it is sold in Lanzhou. " * 2, 60))
    raw = f"{wrapped(FIRST, 30)}\n\n{english}\n\n{wrapped(SECOND, 30)}\n"
    assert [raw[r.end] for r in line_wraps(raw)] == ["的", "就", "焙"], "none before a Latin word"


@pytest.mark.parametrize(
    "raw",
    [
        "白日依山尽，黄河入海流，\n欲穷千里目，更上一层楼。\n" * 6,
        "我在江边等一个人等了很久很久以后，\n那个人没有来只有风从对岸吹过来，\n我把信折成船放进水里看它漂走了，\n船上没有灯我也没有说一句话便回。\n",
        "".join(f"- 第{n}项要求是把所有的杯子装进箱子里面并且垫上泡沫板再封好\n" for n in "一二三四五六"),
        "".join(f"{n}. 把所有的杯子装进箱子里面，并且垫上泡沫板再封好，送到新店\n" for n in range(1, 7)),
        "".join(f"| 一二三四五六七八九十 | 一二三四五六七，九十 | 3{n} |\n" for n in range(6)),
        "".join(f"澜州江边路旗舰店二〇二四年第{n}季度营业收入三千二百万元\n" for n in "一二三四五六"),
        "林若溪：你们今年到底关了多少家店，又为什么要在这时候关掉\n沈知行：关了八十七家，都是亏损的，别的一家也没有动过的\n"
        * 4,
        "```\n" + "print('这里是一行很长很长的代码，并且里面有中文的标点符号')\n" * 5 + "```\n",
        "\n".join(f"{SECOND}{'又' * n}" for n in range(1, 9)) + "\n",
    ],
)
def test_verse_lists_tables_records_dialogue_code_and_paragraphs_stay_as_they_are(raw: str) -> None:
    assert line_wraps(raw) == []
    assert line_wraps(f"题目\n\n{raw}") == []


def test_items_and_headings_of_a_wrapped_text_stay_on_their_lines() -> None:
    raw = f"# 搬家\n{wrapped(FIRST, 30)}\n- 打包杯子，并且垫上泡沫板\n- 运走\n\n{wrapped(SECOND, 30)}\n"
    assert sentences(raw, "文.md")[2:] == ["打包杯子，并且垫上泡沫板", "运走", SECOND]


def test_front_matter_is_not_measured() -> None:
    raw = f"---\ntitle: 搬家\nauthor: 林若溪\n---\n{wrapped(FIRST, 30)}\n\n{wrapped(SECOND, 30)}\n"
    assert sentences(raw)[-1] == SECOND
