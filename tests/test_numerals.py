import random

import pytest

from rag.numerals import other_forms, to_digits, to_hanzi
from rag.text import figures, hanzi_value, index_terms


@pytest.mark.parametrize(
    ("number", "hanzi"),
    [
        (1, "一"),
        (10, "十"),
        (12, "十二"),
        (101, "一百零一"),
        (3500000, "三百五十万"),
        (20010, "二万零一十"),
        (10**8, "一亿"),
    ],
)
def test_a_number_is_written_as_people_write_it(number: int, hanzi: str) -> None:
    assert to_hanzi(number) == hanzi


def test_a_numeral_read_back_is_the_same_number() -> None:
    chance = random.Random(3)
    for _ in range(500):
        number = chance.randrange(1, 10 ** chance.randint(1, 11))
        assert hanzi_value(to_hanzi(number)) == number


def test_digits_take_the_largest_unit_that_keeps_the_number() -> None:
    assert [to_digits(n) for n in (12, 9999, 35_000, 3_500_000, 310_000_000)] == [
        "12",
        "9999",
        "3.5万",
        "350万",
        "3.1亿",
    ]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("三百五十万粉丝", [("三百五十万粉", "350万粉")]),
        ("350万粉丝", [("350万粉", "三百五十万粉"), ("350万粉", "3500000")]),
        ("2025年三月", [("三月", "3")]),
        ("2025年3月10日", [("3", "三月"), ("10", "十日")]),
        ("三月十日", [("三月", "3"), ("十日", "10")]),
        ("二〇二五年", [("二〇二五年", "2025")]),
        ("百分之三十", [("百分之三十", "30%")]),
        ("30%", [("30%", "百分之三十")]),
        ("十二家", [("十二家", "12")]),
        ("三四家", []),  # three or four
        ("一个人", []),
        ("第三月", []),
        ("1+3", []),
        ("没有数字", []),
        ("", []),
    ],
)
def test_figures_are_written_the_other_way(text: str, forms: list[tuple[str, str]]) -> None:
    assert other_forms(text) == forms


@pytest.mark.parametrize(
    ("asked", "told"), [("三百五十万用户", "350万用户"), ("350万用户", "三百五十万用户"), ("十二日", "12日")]
)
def test_a_question_shares_index_terms_with_a_text_that_writes_its_figure_otherwise(asked: str, told: str) -> None:
    before = set(index_terms(asked)) & set(index_terms(told))
    forms = " ".join(form for _, form in other_forms(asked))
    assert set(index_terms(f"{asked} {forms}")) & set(index_terms(told)) > before
    assert figures(asked) & figures(told)
