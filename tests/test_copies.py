import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.copies import (
    BANDS,
    COPY,
    PERMUTATIONS,
    band_keys,
    is_copy,
    paragraphs,
    same_figures,
    shingles,
    signature,
    similarity,
)
from rag.types import Article, Removal

PARAGRAPH = "三月十日,小红书发布电商出海领航计划,首期覆盖美国及中国香港市场,商家可直接通过主站触达海外用户。"
TRADITIONAL = "三月十日,小紅書發布電商出海領航計劃,首期覆蓋美國及中國香港市場,商家可直接通過主站觸達海外用戶。"
OTHER = "日本消费者对时尚有着独特的见解和追求,他们更注重细节、品质以及品牌背后的文化内涵,这正是它没有做到的。"


def test_shingles_are_runs_of_five_letters_or_digits_without_punctuation() -> None:
    assert shingles("甲乙,丙丁\n戊A!") == {"甲乙丙丁戊", "乙丙丁戊a"}
    assert shingles("甲乙") == {"甲乙"}
    assert shingles("") == {""}


def test_similarity_of_two_texts_by_hand() -> None:
    # abcde bcdef cdefg against bcdef cdefg defgh: two of four
    assert similarity("abcdefg", "bcdefgh") == 0.5
    assert similarity("abcdefg", "cdefg") == pytest.approx(1 / 3)


def brute_force(a: str, b: str) -> float:
    """Jaccard of letter runs, counted by looking every run up in the other text."""
    runs_a = [a[i : i + 5] for i in range(len(a) - 4)]
    runs_b = [b[i : i + 5] for i in range(len(b) - 4)]
    union = list(dict.fromkeys(runs_a + runs_b))
    return sum(run in a and run in b for run in union) / len(union)


LETTERS = st.text("abc", min_size=5, max_size=40)


@given(LETTERS, LETTERS)
def test_similarity_agrees_with_brute_force(a: str, b: str) -> None:
    assert similarity(a, b) == brute_force(a, b)
    assert similarity(a, b) == similarity(b, a)


def random_text(letters: random.Random, length: int) -> str:
    return "".join(chr(letters.randrange(0x4E00, 0x9FA5)) for _ in range(length))


def test_equal_rows_of_signatures_estimate_the_similarity() -> None:
    letters = random.Random(3)
    errors = []
    for _ in range(200):
        a = random_text(letters, 150)
        b = a[: letters.randrange(150)] + random_text(letters, 60)
        errors.append(float((signature(a) == signature(b)).mean()) - similarity(a, b))
    # the mean of PERMUTATIONS draws: standard deviation at most 0.5 / 8, that of 200 such means 0.0044
    assert abs(np.mean(errors)) < 0.02
    assert max(map(abs, errors)) < 0.3


def test_a_signature_is_the_same_on_every_machine() -> None:
    drawn = signature(PARAGRAPH)
    assert (drawn.shape, drawn.dtype) == ((PERMUTATIONS,), np.uint32)
    assert drawn[:3].tolist() == [95322075, 41968019, 180814957]
    assert band_keys(drawn)[:2] == [-7927657156145814369, 2796462670894448750]


def test_keys_are_distinct_signed_integers_of_64_bits() -> None:
    keys = band_keys(np.zeros(PERMUTATIONS, np.uint32))
    assert len(set(keys)) == BANDS  # the same rows in another band are another key
    assert all(-(2**63) <= key < 2**63 for key in keys)


def edited(letters: random.Random, text: str, count: int) -> str:
    """`count` characters in a row of a text replaced."""
    at = letters.randrange(len(text) - count)
    return text[:at] + random_text(letters, count) + text[at + count :]


def test_nearly_every_copy_shares_a_band_and_hardly_any_other_pair_does() -> None:
    letters = random.Random(5)
    texts = [random_text(letters, 100) for _ in range(300)]
    keys = [set(band_keys(signature(text))) for text in texts]
    copies = [edited(letters, text, letters.randrange(1, 7)) for text in texts]
    assert all(similarity(text, copy) >= COPY for text, copy in zip(texts, copies, strict=True))
    found = [bool(own & set(band_keys(signature(copy)))) for own, copy in zip(keys, copies, strict=True)]
    assert sum(found) >= 298
    assert not any(a & b for a, b in pairwise(keys))


@pytest.mark.parametrize(
    "copy",
    [
        PARAGRAPH,
        TRADITIONAL,
        PARAGRAPH.replace(",", "，").replace("。", "！"),
        f"据悉,{PARAGRAPH}",
        f"　{PARAGRAPH} ",
        PARAGRAPH.replace("可直接", "可以直接"),
    ],
)
def test_a_small_edit_leaves_a_copy(copy: str) -> None:
    assert is_copy(PARAGRAPH, copy)
    assert set(band_keys(signature(PARAGRAPH))) & set(band_keys(signature(copy)))


def test_another_paragraph_is_no_copy() -> None:
    assert not is_copy(PARAGRAPH, OTHER)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("收入3.5亿元", "收入350,000,000元", True),
        ("收入3.5亿元", "收入３．５億元", True),
        ("三月十二日", "3月12日", False),  # 三 alone is no figure
        ("收入3.5亿元", "收入3.6亿元", False),
        ("收入3.5亿元", "收入", False),
        ("男性3%,女性5%", "男性5%,女性3%", False),
        ("M1和M2", "M2和M2", False),
        ("第12年", "第十二年", True),
        ("没有", "沒有", True),
    ],
)
def test_figures_that_differ_or_change_places_are_not_the_same(a: str, b: str, same: bool) -> None:
    assert same_figures(a, b) is same


def test_a_paragraph_with_another_figure_is_no_copy() -> None:
    report = f"{PARAGRAPH}该计划上线首月成交额为3.5亿元。"
    other = report.replace("3.5", "3.6")
    assert similarity(report, other) >= COPY
    assert not is_copy(report, other)


def test_paragraphs_are_the_long_lines_of_the_clean_text() -> None:
    raw = f"# 标题\n\n  {PARAGRAPH}  \n短句。\n\n广告{OTHER}\n{'。' * 40}"
    advert = raw.index("广告")
    article = Article("文", "文.md", raw, (Removal(advert, advert + 2, "advert", "test"),))
    assert [article.text[start:end] for start, end in paragraphs(article)] == [PARAGRAPH, OTHER]


def test_an_empty_article_has_no_paragraphs() -> None:
    assert paragraphs(Article("文", "文.md", "")) == []


@given(st.text(max_size=60))
def test_any_text_has_a_signature(text: str) -> None:
    assert len(band_keys(signature(text))) == BANDS
    assert similarity(text, text) == 1.0
