"""Which words of a query are searched, and how candidates are scored by them."""

import math
import random
from collections import Counter
from itertools import groupby

import pytest

from rag.lexical import (
    MOST_POSTINGS,
    affordable,
    bm25,
    content_terms,
    inverse_document_frequency,
    lexical_scores,
    quoted_phrases,
    searched_terms,
)


def test_what_is_quoted_is_searched_as_a_phrase_beside_its_terms() -> None:
    assert quoted_phrases("《猫吃鱼》和“鸟”、「狗 会叫」") == ["猫吃 吃鱼", "狗 会叫"]
    assert searched_terms("《猫吃鱼》吃什么") == ["猫吃", "吃鱼", "吃什", "什么", "猫吃 吃鱼"]
    assert searched_terms("“种草”") == ["种草"]
    assert searched_terms("《》“……”？") == []


def test_the_content_of_a_query_has_no_words_that_only_ask_or_link() -> None:
    assert content_terms("小红书的用户有多少？") == ["小红", "红书", "用户", "户有"]


def test_the_rarest_terms_are_searched_as_far_as_their_postings_go() -> None:
    assert affordable({"多": 12_000, "中": 9_000, "少": 5, "无": 0}) == ["无", "少", "中"]
    assert affordable({"多": MOST_POSTINGS + 1}) == ["多"]
    assert affordable({"乙": 3, "甲": 3}) == ["乙", "甲"]
    assert affordable({}) == []


def test_bm25_of_a_hand_computed_case() -> None:
    # Lengths 2 and 4, mean 3: 1.2 * (0.25 + 0.75 * 2 / 3) = 0.9 and 1.2 * (0.25 + 0.75 * 4 / 3) = 1.5
    scores = bm25({"甲乙": 2.0, "丙": 1.0}, {"a": " 甲乙 丙 ", "b": " 甲乙 丁 甲乙 丁 ", "c": " 丁 丁 丁 "})
    assert scores == pytest.approx({"a": 2 * 2.2 / 1.9 + 2.2 / 1.9, "b": 2 * 2 * 2.2 / 3.5, "c": 0.0})
    assert bm25({"甲": 1.0}, {}) == {}


def test_bm25_agrees_with_a_second_implementation_on_random_texts() -> None:
    chance = random.Random(3)
    for _ in range(30):
        # No term stands beside itself: such a pair counts once.
        texts = {f"c{i}": [term for term, _ in groupby(chance.choices("甲乙丙丁", k=9))] for i in range(4)}
        rarity = {"甲": 1.5, "乙": 0.5, "戊": 3.0}
        mean = sum(map(len, texts.values())) / len(texts)
        expected = {
            id_: sum(
                weight * Counter(text)[term] * 2.2 / (Counter(text)[term] + 1.2 * (0.25 + 0.75 * len(text) / mean))
                for term, weight in rarity.items()
            )
            for id_, text in texts.items()
        }
        assert bm25(rarity, {id_: f" {' '.join(text)} " for id_, text in texts.items()}) == pytest.approx(expected)


def test_rarity_falls_with_frequency_and_is_never_negative() -> None:
    assert inverse_document_frequency(0, 9) == pytest.approx(math.log(20))
    assert inverse_document_frequency(9, 9) == pytest.approx(math.log(1 + 0.5 / 9.5))


def test_the_candidate_that_has_all_words_scores_1_and_the_one_that_has_none_0() -> None:
    texts = {"all": "猫吃 吃鱼 鱼塘", "some": "猫跑 跑步 步道", "none": "天气 气很 很好"}
    frequencies = {"猫吃": 1, "吃鱼": 1}
    scores = lexical_scores("猫吃鱼", texts, frequencies, 3)
    assert scores["all"] == 1.0
    assert scores["none"] == 0.0
    assert 0 < scores["some"] < 0.34  # one of its characters, none of its terms


def test_a_quoted_phrase_prefers_the_candidate_that_has_it_verbatim() -> None:
    texts = {"a": "猫吃 吃鱼 和狗", "b": "吃鱼 和猫 猫吃"}
    frequencies = {"猫吃": 2, "吃鱼": 2}
    assert lexical_scores("猫吃鱼", texts, frequencies, 9) == {"a": 1.0, "b": 1.0}
    scores = lexical_scores("“猫吃鱼”", texts, {**frequencies, "猫吃 吃鱼": 0}, 9)
    assert scores["a"] > scores["b"]


def test_a_query_without_words_leaves_all_candidates_alike() -> None:
    assert lexical_scores("？", {"a": "猫吃", "b": "鸟飞"}, {}, 2) == {"a": 1.0, "b": 1.0}
    assert lexical_scores("猫吃", {}, {"猫吃": 0}, 0) == {}
