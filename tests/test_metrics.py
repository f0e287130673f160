"""Each metric by hand, then against a second implementation that was written without looking at the first."""

import math
import random
import re
import unicodedata
from fractions import Fraction
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from eval import metrics
from eval.metrics import (
    Place,
    brevity,
    contains,
    exact_match,
    gold_containment,
    gold_figures,
    gold_share,
    holds_forbidden,
    normalize_answer,
    token_f1,
    tokens,
)
from rag.types import Answer, Article, Chunk, Citation, Passage, Question, Statement

FOLDER = Path(metrics.__file__).parent
READ_BY_ALL = {"__init__", "places", "texts", "cited"}  # no metrics
FILES = sorted({path.stem for path in FOLDER.glob("*.py")} - READ_BY_ALL)
TEXT = "月活3.5亿。退货率8%。售后没有说明。"
ARTICLE = Article("甲", "甲.md", TEXT)
OTHER = Article("乙", "乙.md", "退货率18%。")
PASSAGES = (
    Passage(ARTICLE, Chunk("c1", "甲", 0, 14, TEXT[:14]), rank=1, score=1.0),
    Passage(OTHER, Chunk("c2", "乙", 0, 8, OTHER.text), rank=2, score=0.5),
)
MONTHLY, RETURNS, OTHER_RETURNS = (0, 7), (7, 13), (0, 7)


def answer_of(*statements: tuple[str, tuple[tuple[Article, tuple[int, int]], ...]]) -> Answer:
    """An answer from statements, each with the spans that it cites."""
    citations: list[Citation] = []
    made = []
    for text, cited in statements:
        markers = []
        for article, (start, end) in cited:
            citations.append(Citation(len(citations) + 1, article, start, end))
            markers.append(len(citations))
        made.append(Statement(text, tuple(markers)))
    return Answer(Question("问"), tuple(made), tuple(citations), PASSAGES)


REFUSAL = Answer(Question("问"), refused=True, notice="没有3.5亿", passages=PASSAGES)
GOOD = answer_of(("月活3.5亿。", ((ARTICLE, MONTHLY),)))


@pytest.mark.parametrize("name", FILES)
def test_every_metric_has_a_file_with_its_formula_and_its_source(name: str) -> None:
    told = (FOLDER / f"{name}.py").read_text(encoding="utf-8").split('"""')[1]
    assert re.search(r"^Source: .{4,}", told, re.MULTILINE) and re.search(r" = |1 when", told)


# wording


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("３.５ 亿", "3.5亿"),
        ("ＡＩ・Ａｐｐ！", "aiapp"),
        ("“1+3”产品矩阵", "1 3产品矩阵"),
        ("退货率 ８ ％。", "退货率8%"),
        ("100%!", "100%"),
        ("%与‰", "与"),
        ("1,234,567元", "1234567元"),
        ("8、12", "8 12"),
        ("8,12", "8 12"),
        ("v1.2.3.", "v1.2.3"),
        ("2025-03-19", "2025 03 19"),
        ("5%3", "5%3"),
        ("增速为 -3%", "增速为−3%"),
        ("5%、-3%", "5%−3%"),
        ("iPhone-15", "iphone15"),
        ("🙂", ""),
        ("", ""),
    ],
)
def test_normalizing_keeps_letters_digits_and_what_figures_need(text: str, normalized: str) -> None:
    assert normalize_answer(text) == normalized


@pytest.mark.parametrize(
    ("answer", "alternative"),
    [
        ("月活3.5亿。", "3.5 亿"),
        ("月活 3.5 亿", "3.5亿"),
        ("月活３．５亿", "3.5亿"),
        ("达到8%。", "８％"),
        ("面积约7,000平方英尺", "7000平方英尺"),
        ("面积约7000平方英尺", "7,000"),
        ("“红猫计划”，打通", "红猫 计划"),
        ("他说“定位，摇摆不定”", "定位摇摆不定"),
        ("TikTok与Temu", "tiktok"),
        ("共8、12和15家", "12"),
        ("版本1.2", "1.2"),
        ("2025年", "2025"),
        ("2024百度大会", "2024"),
        ("共5万，十三家", "5万"),
        ("共5万 十三家", "十三家"),
        ("唯一一家", "唯一"),
        ("收入31.7亿元", "31.7"),
        ("Open AI", "OpenAI"),
        ("iOS、Android", "android"),
        ("AI+教育", "AI"),
        ("Python+SQL", "sql"),
        ("C/C++", "C"),
        ("C/C++", "C++"),
        ("100w+阅读", "100w"),
        ("不仅可以退款", "可以退款"),
        ("不得不退款", "退款"),
        ("不，可以退款", "可以退款"),
        ("并不支持，也未公布", "不支持"),
        ("并不支持，也未公布", "未公布"),
        ("淹没农田300亩", "农田300亩"),
        ("同比-3%", "-3%"),
        ("气温：－5.5℃", "-5.5℃"),
        ("净利润为-3亿元", "-3亿"),
        ("零下5度", "零下5度"),
        ("3%-5%", "5%"),
        ("10时-12时", "12时"),
        ("20度-30℃", "30℃"),
        ("2024-05-20", "2024"),
        ("2024-05-20", "2024年5月"),
    ],
)
def test_an_alternative_is_found_however_it_is_written(answer: str, alternative: str) -> None:
    assert contains(answer, alternative)


@pytest.mark.parametrize(
    ("form", "other"),
    [
        ("3.2亿", "32000万"),
        ("3.2亿", "3.20 亿"),
        ("3亿", "三亿"),
        ("3.5亿元", "三亿五千万元"),
        ("50%", "百分之五十"),
        ("5%", "百分之五"),
        ("11月16日", "11 月 16 号"),
        ("11月16日", "十一月十六日"),
        ("5月5日", "五月五号"),
        ("2025年", "二〇二五年"),
        ("3-5家", "3至5家"),
        ("3万-5万", "3万到5万"),
        ("双11", "双十一"),
        ("3~5天", "3-5天"),
        ("1.5万元", "1万5千元"),
        ("15000元", "1万5000元"),
        ("3.5亿", "3亿5千万"),
        ("1.2亿", "1亿2000万"),
        ("2024年6月1日", "2024年06月01日"),
        ("2024年6月1日", "2024-06-01"),
        ("2024年6月1日", "2024/6/1"),
        ("2024年6月", "2024-06"),
        ("12.5%", "12.50%"),
        ("3元", "3.0元"),
    ],
)
def test_one_figure_is_found_in_each_of_its_forms(form: str, other: str) -> None:
    assert contains(f"约{form}。", other)
    assert contains(f"约{other}。", form)


@pytest.mark.parametrize(
    ("answer", "alternative"),
    [
        ("退货率15%", "5%"),
        ("退货率1.5%", "5%"),
        ("月活13.5亿", "3.5亿"),
        ("月活3.5亿", "5亿"),
        ("月活3.5亿", "3"),
        ("退货率5%", "5"),
        ("退货率5‰", "5%"),
        ("共8、12家", "812"),
        ("共8 12家", "812"),
        ("7,000", "7"),
        ("十三家", "三家"),
        ("十三亿", "三亿"),
        ("二十万", "十万"),
        ("几十万", "十万"),
        ("七八十家", "八十家"),
        ("5万亿元", "5万"),
        ("月活三亿", "3"),
        ("email", "AI"),
        ("用C语言编写", "C++"),
        ("用C++编写", "C"),
        ("用C#编写", "C"),
        ("A+轮", "A轮"),
        ("A轮", "A+轮"),
        ("拆封的图书不可以退款", "可以退款"),
        ("不支持放入洗碗机", "支持放入洗碗机"),
        ("没支持过", "支持"),
        ("无需预约", "需预约"),
        ("无WiFi", "WiFi"),
        ("增长3%", "-3%"),
        ("同比-3%", "3%"),
        ("跌幅(-3)", "3"),
        ("零下5度", "5度"),
        ("零下五度", "五度"),
        ("第3、5天", "3-5天"),
        ("1.10版", "1.1版"),
        ("5万2024年", "52024"),
        ("月活", ""),
        ("月活。", "。"),
        ("", "月活"),
    ],
)
def test_an_alternative_is_not_found_inside_another_figure_or_word_or_in_nothing(answer: str, alternative: str) -> None:
    assert not contains(answer, alternative)


@given(st.text(alphabet="小红书3.5亿%‰,，。 \nAａ１-万", max_size=20))
def test_identical_strings_contain_match_and_score_1(text: str) -> None:
    if normalize_answer(text):
        assert contains(text, text)
        assert exact_match(text, [[text]]) == 1
        assert token_f1(text, [[text]]) == 1
        assert brevity(text, [[text]]) == 1
        assert normalize_answer(normalize_answer(text)) == normalize_answer(text)


def test_gold_is_contained_when_every_group_has_an_alternative_in_the_answer() -> None:
    gold = [["3.2 亿", "3.2亿"], ["3.5亿"]]
    assert (gold_containment("月活3.5亿", gold), gold_share("月活3.5亿", gold)) == (0, 0.5)
    assert (gold_containment("从3.2亿到3.5亿", gold), gold_share("从3.2亿到3.5亿", gold)) == (1, 1)
    assert (gold_containment("", gold), gold_share("", gold)) == (0, 0)
    assert (gold_containment("月活3.5亿", []), gold_share("月活3.5亿", [])) == (None, None)


def test_a_forbidden_string_counts_only_as_a_whole_figure() -> None:
    low, high = (answer_of((f"退货率{rate}。", ((ARTICLE, MONTHLY),))) for rate in ("8%", "18%"))
    assert holds_forbidden(low, ["18%", "88%"]) == 0
    assert holds_forbidden(high, ["18%", "88%"]) == 1
    assert holds_forbidden(low, []) is None


def test_what_the_cited_evidence_says_too_is_not_forbidden() -> None:
    assert holds_forbidden(GOOD, ["3.5亿"]) == 1
    assert holds_forbidden(GOOD, ["3.5亿"], [("甲", 0, 7)]) == 0
    assert holds_forbidden(GOOD, ["3.5亿"], [("甲", 7, 13)]) == 1


def test_tokens_are_characters_and_whole_latin_words_and_figures() -> None:
    assert tokens("TikTok月活1.7 亿，占8%") == ["tiktok", "月", "活", "1.7", "亿", "占", "8%"]


def test_exact_match_and_f1_judge_one_gold_group() -> None:
    assert exact_match("“红猫计划”。", [["红猫"], ["计划"]]) is None
    assert token_f1("红猫计划", []) is None
    assert exact_match("“红猫计划”。", [["红书", "红猫计划"]]) == 1
    assert exact_match("是红猫计划", [["红猫计划"]]) == 0
    # 6 tokens against 4, of which 红猫计划 is shared: precision 4/6, recall 4/4
    assert token_f1("就是红猫计划", [["红书", "红猫计划"]]) == pytest.approx(0.8)
    # 红…计 are shared, but only one token in a row
    assert token_f1("红色计算", [["红猫计划"]]) == pytest.approx(2 * 1 / 8)
    assert token_f1("甲", [["乙"]]) == 0


def test_brevity_compares_with_the_longest_alternative_of_each_group() -> None:
    assert brevity("甲乙丙丁戊己", [["甲", "甲乙"], ["丙"]]) == 2
    assert brevity("", [["甲"]]) is None
    assert brevity("甲", []) is None


def test_gold_figures_are_compared_by_value() -> None:
    assert gold_figures("共350000000人", [["3.5亿"], ["8%"], ["没有说明"]]) == 0.5
    assert gold_figures("共3.5亿人", [["没有说明"]]) is None
    assert gold_figures("没有", [["8%"]]) == 0


# retrieval

GOLD: list[Place] = [("甲", 10, 20), ("乙", 0, 4)]


def test_a_passage_covers_evidence_from_half_of_it_on() -> None:
    assert metrics.covers_evidence(("甲", 0, 15), ("甲", 10, 20))
    assert not metrics.covers_evidence(("甲", 0, 14), ("甲", 10, 20))
    assert not metrics.covers_evidence(("乙", 0, 20), ("甲", 10, 20))


def test_evidence_hit_looks_at_the_first_k_passages() -> None:
    passages = [("甲", 0, 14), ("乙", 2, 9)]
    assert metrics.evidence_hit(passages, GOLD, 1) == 0
    assert metrics.evidence_hit(passages, GOLD, 2) == 1
    assert metrics.evidence_hit([], GOLD, 5) == 0
    assert metrics.evidence_hit(passages, [], 5) is None


def test_evidence_recall_counts_gold_code_points_once() -> None:
    passages = [("甲", 0, 14), ("甲", 12, 15), ("乙", 2, 9)]
    assert metrics.evidence_recall(passages, GOLD, 2) == 5 / 14
    assert metrics.evidence_recall(passages, GOLD, 3) == 7 / 14
    assert metrics.evidence_recall(passages, [*GOLD, ("甲", 10, 20)], 3) == 7 / 14
    assert metrics.evidence_recall(passages, [], 3) is None


def test_evidence_precision_is_the_gold_among_what_is_shown() -> None:
    assert metrics.evidence_precision([("甲", 0, 20)], GOLD, 5) == 10 / 20
    assert metrics.evidence_precision([("甲", 0, 20), ("甲", 0, 30), ("乙", 0, 4)], GOLD, 2) == 10 / 30
    assert metrics.evidence_precision([("甲", 0, 30)], [("甲", 10, 20), ("甲", 15, 20)], 5) == 10 / 30
    assert metrics.evidence_precision([("丙", 0, 4)], GOLD, 5) == 0
    assert metrics.evidence_precision([], GOLD, 5) is None
    assert metrics.evidence_precision([("甲", 0, 30)], [], 5) is None


def test_reciprocal_rank_is_that_of_the_first_passage_with_evidence() -> None:
    passages = [("甲", 0, 14), ("乙", 2, 9), ("甲", 10, 20)]
    assert metrics.reciprocal_rank(passages, GOLD) == 1 / 2
    assert metrics.reciprocal_rank(passages, GOLD, 1) == 0
    assert metrics.reciprocal_rank(passages, []) is None


def test_ndcg_is_1_when_evidence_comes_first_and_falls_with_rank_and_gaps() -> None:
    first, second, nothing = ("甲", 10, 20), ("乙", 0, 4), ("甲", 30, 40)
    assert metrics.ndcg([first, second], GOLD) == 1
    assert metrics.ndcg([first, first, second], GOLD) == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))
    assert metrics.ndcg([nothing, first], GOLD) == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert metrics.ndcg([nothing], GOLD) == 0
    assert metrics.ndcg([first], []) is None
    both = [("甲", 10, 20), ("甲", 20, 30)]
    assert metrics.ndcg([("甲", 0, 40)], both) == 1
    assert metrics.ndcg([nothing, ("甲", 0, 40)], [("甲", 0, 9), ("甲", 9, 20)]) == pytest.approx(1 / math.log2(3))


def test_article_metrics_rank_articles() -> None:
    assert metrics.article_hit(["甲", "乙"], {"甲"}) == 1
    assert metrics.article_hit(["乙", "甲"], {"甲"}) == 0
    assert metrics.article_hit([], {"甲"}) == 0
    assert metrics.article_hit(["甲"], set()) is None
    assert metrics.article_reciprocal_rank(["丙", "乙", "甲"], {"甲", "乙"}) == 1 / 2
    assert metrics.article_reciprocal_rank([*"abcdefghij", "甲"], {"甲"}) == 0
    assert metrics.article_reciprocal_rank(["甲"], set()) is None


# refusals


def test_a_refusal_is_judged_by_whether_it_should_be_one() -> None:
    assert (metrics.refusal(REFUSAL, False), metrics.refusal(GOOD, False), metrics.refusal(GOOD, True)) == (1, 0, None)
    told = (metrics.over_refusal(REFUSAL, True), metrics.over_refusal(GOOD, True), metrics.over_refusal(REFUSAL, False))
    assert told == (1, 0, None)
    assert metrics.balanced_accuracy(0.5, 0.75) == 0.625
    assert list(metrics.balanced_accuracy(np.array([0, 1]), np.array([1, 1]))) == [0.5, 1]


def test_balanced_accuracy_agrees_with_scikit_learn() -> None:
    chance = random.Random(6)
    for _ in range(200):
        unanswerable = [False, True] + [chance.random() < 0.4 for _ in range(30)]
        refused = [chance.random() < 0.5 for _ in unanswerable]
        rates = [
            np.mean([r == wanted for r, u in zip(refused, unanswerable, strict=True) if u == wanted])
            for wanted in (True, False)
        ]
        theirs = balanced_accuracy_score(unanswerable, refused)
        assert metrics.balanced_accuracy(*rates) == pytest.approx(theirs)


# citations and the answer as a whole


def test_a_citation_hits_when_it_shares_a_character_with_gold() -> None:
    answer = answer_of(("月活。", ((ARTICLE, MONTHLY),)), ("退货。", ((ARTICLE, RETURNS), (OTHER, OTHER_RETURNS))))
    assert metrics.citation_hit(answer, [("甲", 6, 9)]) == 1
    assert metrics.citation_hit(answer, [("甲", 13, 20)]) == 0
    assert metrics.citation_hit(answer, []) is None
    assert metrics.citation_hit(REFUSAL, GOLD) is None
    assert metrics.citation_precision(answer, [("甲", 6, 9)]) == 2 / 3
    assert metrics.citation_precision(answer, []) is None
    assert metrics.citation_precision(REFUSAL, GOLD) is None


def test_citation_recall_is_the_share_of_gold_groups_that_the_quotes_hold() -> None:
    assert metrics.citation_recall(GOOD, [["3.5亿"], ["8%"]]) == 0.5
    assert metrics.citation_recall(GOOD, []) is None
    assert metrics.citation_recall(REFUSAL, [["3.5亿"]]) is None


def test_citations_are_exact_when_a_passage_has_the_quote_at_its_place() -> None:
    assert metrics.citations_exact(GOOD) == 1
    assert metrics.citations_exact(REFUSAL) is None
    moved = Passage(ARTICLE, Chunk("c1", "甲", 0, 14, "一" + TEXT[:13]), rank=1, score=1.0)
    assert metrics.citations_exact(Answer(Question("问"), GOOD.statements, GOOD.citations, (moved,))) == 0


def test_marks_resolve_to_a_citation_within_a_passage() -> None:
    assert metrics.citations_resolve(GOOD) == 1
    assert metrics.citations_resolve(REFUSAL) is None

    class Broken(Answer):
        def to_json(self, *, explain: bool = False) -> dict[str, Any]:
            row = super().to_json(explain=explain)
            row["citations"][1]["end"] = 99  # outside of its passage
            row["statements"][0]["citations"].append(7)  # no such citation
            return row

    two = answer_of(("月活。", ((ARTICLE, MONTHLY),)), ("退货。", ((ARTICLE, RETURNS),)))
    assert metrics.citations_resolve(Broken(two.question, two.statements, two.citations, two.passages)) == 1 / 3


def test_a_source_supports_what_it_says_with_every_figure_and_name() -> None:
    assert metrics.supports("月活3.5亿。", "月活达3.5亿")
    assert not metrics.supports("月活3.5亿。", "月活4.5亿")
    assert not metrics.supports("月活3.5亿。", "“红猫计划”月活3.5亿")
    assert not metrics.supports("月活3.5亿。", "退货率没有说明")
    assert not metrics.supports("平台不收取佣金。", "平台收取佣金")


def test_statements_and_their_citations_are_judged_as_alce_does() -> None:
    both = answer_of(("月活3.5亿，退货率8%。", ((ARTICLE, MONTHLY), (ARTICLE, RETURNS))))
    assert (metrics.statement_recall(both), metrics.statement_precision(both)) == (1, 1)
    # The other article's 18% supports nothing, and the statement holds without it.
    idle = answer_of(("月活3.5亿。", ((ARTICLE, MONTHLY), (OTHER, OTHER_RETURNS))))
    assert (metrics.statement_recall(idle), metrics.statement_precision(idle)) == (1, 1 / 2)
    half = answer_of(("月活3.5亿。", ((ARTICLE, MONTHLY),)), ("退货率9%。", ((ARTICLE, RETURNS),)))
    assert (metrics.statement_recall(half), metrics.statement_precision(half)) == (1 / 2, 1 / 2)
    assert (metrics.statement_recall(REFUSAL), metrics.statement_precision(REFUSAL)) == (None, None)


def test_a_reply_is_marked_by_the_sentences_that_carry_a_mark() -> None:
    assert metrics.marked_sentences("月活3.5亿。[1]退货率8%。【2】售后没有说明。") == 2 / 3
    assert metrics.marked_sentences("") is None


def test_figures_are_unsupported_unless_the_same_statement_quotes_them() -> None:
    wrong = answer_of(("月活3.5亿，退货率8%，差评率9%。", ((ARTICLE, MONTHLY), (ARTICLE, RETURNS))))
    assert metrics.unsupported_figures(wrong) == 1 / 3
    elsewhere = answer_of(("退货率8%。", ((ARTICLE, MONTHLY),)), ("月活3.5亿。", ((ARTICLE, MONTHLY),)))
    assert metrics.unsupported_figures(elsewhere) == 1 / 2
    assert metrics.unsupported_figures(answer_of(("月活多。", ((ARTICLE, MONTHLY),)))) is None
    assert metrics.unsupported_figures(REFUSAL) is None


def test_what_an_answer_says_has_neither_marks_nor_notice() -> None:
    two = answer_of(("月活3", ((ARTICLE, MONTHLY),)), ("5亿", ((ARTICLE, MONTHLY),)))
    assert metrics.said(two) == "月活3\n5亿"
    assert metrics.said(REFUSAL) == ""
    assert contains(metrics.said(two), "3")
    assert not contains(metrics.said(two), "1")  # the number of a mark


def test_an_answer_is_right_with_every_gold_group_and_cited_evidence() -> None:
    gold, evidence = [["3.5亿"]], [("甲", 0, 7)]
    assert metrics.is_right(GOOD, True, gold, evidence)
    assert metrics.is_right(GOOD, True, gold, [])
    assert not metrics.is_right(GOOD, True, [["3.5亿"], ["8%"]], evidence)
    assert not metrics.is_right(GOOD, True, gold, [("甲", 7, 13)])
    assert metrics.is_right(GOOD, True, gold, evidence, ["8%"])
    assert not metrics.is_right(GOOD, True, gold, [], ["月活"])
    assert not metrics.is_right(GOOD, False, [], [])
    assert not metrics.is_right(REFUSAL, True, gold, evidence)
    assert metrics.is_right(REFUSAL, False, [], [])


# second implementations


def slow_retrieval(passages: list[Place], gold: list[Place], k: int) -> tuple[float, float, float | None, float]:
    """evidence hit@k, recall@k and precision@k and MRR@k, character by character."""
    wanted = [{(a, i) for i in range(s, e)} for a, s, e in gold]
    shown = [{(a, i) for i in range(s, e)} for a, s, e in passages[:k]]
    helpful = [any(2 * len(characters & w) >= len(w) for w in wanted) for characters in shown]
    everything = set.union(*wanted)
    recall = len([c for c in everything if any(c in characters for characters in shown)]) / len(everything)
    read = set[tuple[str, int]]().union(*shown)
    precision = len([c for c in read if c in everything]) / len(read) if read else None
    return float(True in helpful), recall, precision, 1 / (helpful.index(True) + 1) if True in helpful else 0.0


def slow_ndcg(passages: list[Place], gold: list[Place], k: int) -> float:
    """nDCG@k from a table of which passage is the first to cover which interval."""
    first = {}
    for interval in set(gold):
        characters = set(range(interval[1], interval[2]))
        covering = [
            rank
            for rank, (article, start, end) in enumerate(passages[:k])
            if article == interval[0] and 2 * len(characters & set(range(start, end))) >= len(characters)
        ]
        first[interval] = covering[0] if covering else None
    gains = [list(first.values()).count(rank) for rank in range(min(k, len(passages)))]
    ideal = sorted([gain for gain in gains if gain] + [1] * list(first.values()).count(None), reverse=True)[:k]
    return sum(g / math.log2(i + 2) for i, g in enumerate(gains)) / sum(
        g / math.log2(i + 2) for i, g in enumerate(ideal)
    )


def test_retrieval_metrics_agree_with_a_second_implementation() -> None:
    chance = random.Random(3)

    def place() -> Place:
        start = chance.randrange(20)
        return chance.choice("甲乙"), start, start + chance.randint(1, 12)

    for _ in range(2000):
        passages = [place() for _ in range(chance.randrange(7))]
        gold = [place() for _ in range(chance.randint(1, 4))]
        k = chance.randint(1, 6)
        measured = (
            metrics.evidence_hit(passages, gold, k),
            metrics.evidence_recall(passages, gold, k),
            metrics.evidence_precision(passages, gold, k),
            metrics.reciprocal_rank(passages, gold, k),
        )
        assert measured == slow_retrieval(passages, gold, k)
        assert metrics.ndcg(passages, gold, k) == pytest.approx(slow_ndcg(passages, gold, k))


def test_retrieval_metrics_agree_with_ir_measures() -> None:
    """Gold intervals and passages that cover one each, or nothing: then the textbook's measures are ours."""
    chance = random.Random(4)
    qrels, run, ours = [], [], dict[str, list[float]]()
    for query in map(str, range(300)):
        gold: list[Place] = [("甲", 10 * i, 10 * i + 8) for i in range(chance.randint(1, 14))]
        half = chance.choice((4, 8))  # of a gold interval is covered, or all of it
        passages: list[Place] = [(*place[:2], place[1] + half) for place in gold if chance.random() < 0.6]
        passages += [("乙", 10 * i, 10 * i + half) for i in range(chance.randrange(12))]
        chance.shuffle(passages)
        qrels += [ir_measures.Qrel(query, str(place[:2]), 1) for place in gold]
        run += [ir_measures.ScoredDoc(query, str(place[:2]), -rank) for rank, place in enumerate(passages)]
        run.append(ir_measures.ScoredDoc(query, "last", -99))  # a query without a passage counts too
        ours[query] = [
            float(metrics.evidence_hit(passages, gold, 1) or 0),
            float(metrics.evidence_hit(passages, gold, 5) or 0),
            float(metrics.reciprocal_rank(passages, gold) or 0),
            float(metrics.ndcg(passages, gold) or 0),
            float(metrics.evidence_recall(passages, gold, 5) or 0) * 8 / half,
            float(metrics.evidence_precision(passages, gold, 5) or 0) * min(5, len(passages)) / 5,
        ]
    measures = [
        ir_measures.parse_measure(name) for name in ("Success@1", "Success@5", "RR@10", "nDCG@10", "R@5", "P@5")
    ]
    theirs = {(row.query_id, row.measure): row.value for row in ir_measures.iter_calc(measures, qrels, run)}
    assert len(theirs) == 300 * len(measures)
    for query, values in ours.items():
        assert values == pytest.approx([theirs[query, measure] for measure in measures])


def slow_f1(answer: str, gold: str) -> float:
    """F1 over the longest common run of tokens, by the textbook table."""
    a, b = tokens(answer), tokens(gold)
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            table[i + 1][j + 1] = table[i][j] + 1 if x == y else 0
    longest = max(map(max, table))
    if not longest:
        return 0.0
    precision, recall = longest / len(a), longest / len(b)
    return 2 * precision * recall / (precision + recall)


SHORT = st.text(alphabet="红书猫3a.%， ", max_size=12)


@given(SHORT, SHORT)
def test_f1_agrees_with_a_second_implementation(answer: str, gold: str) -> None:
    assert token_f1(answer, [[gold]]) == pytest.approx(slow_f1(answer, gold))


def slow_contains(answer: str, alternative: str) -> bool:
    """Whether the words of an alternative stand together in an answer, figures and Latin runs being whole words."""

    def words(text: str) -> list[tuple[str, str, bool]]:
        """Each word, the digits that it was written with, and whether it goes on a run of Latin letters."""
        found: list[tuple[str, str, bool]] = []
        text = unicodedata.normalize("NFKC", text).lower()
        i = 0
        while i < len(text):
            if text[i].isdecimal():
                j = i
                while j < len(text) and (text[j].isdecimal() or (text[j] == "." and text[j + 1 : j + 2].isdecimal())):
                    j += 1
                digits = value = text[i:j]
                scales = len(text[j:].lstrip()) - len(text[j:].lstrip().lstrip("亿"))
                if scales and digits.count(".") < 2 and text[i - 1 : i] != ".":  # else the rest of a version
                    value = str(Fraction(digits) * 10 ** (8 * scales))
                    j = text.index("亿", j) + scales
                rest = text[j:].lstrip()
                if rest[:1] in ("%", "‰"):
                    value += rest[0]
                    digits += rest[0] if value == digits + rest[0] else ""
                    j = len(text) - len(rest) + 1
                found.append((value, digits, False))
                i = j
            else:
                if text[i].isalpha():
                    found.append((text[i], "", text[i] == "a" and text[i - 1 : i] == "a"))
                i += 1
        return found

    hay, needle = words(answer), [word for word, _, _ in words(alternative)]
    if len(needle) == 1 and needle[0] in [digits for word, digits, _ in hay if needle[0].replace(".", "").isdecimal()]:
        return True
    ends = [not goes_on for _, _, goes_on in hay] + [True]
    return bool(needle) and any(
        [word for word, _, _ in hay[i : i + len(needle)]] == needle and ends[i] and ends[i + len(needle)]
        for i in range(len(hay) - len(needle) + 1)
    )


NO_THOUSANDS = st.text(alphabet="亿月35.%、 a", max_size=10)


@given(NO_THOUSANDS, NO_THOUSANDS)
def test_containment_agrees_with_a_second_implementation(answer: str, alternative: str) -> None:
    assert contains(answer, alternative) == slow_contains(answer, alternative)
    around = f"月{answer}亿{alternative}a"
    assert contains(around, alternative) == slow_contains(around, alternative)
