"""What a comparison sets side by side, and the sentences that speak of each."""

from dataclasses import replace

import numpy as np
import pytest
from test_extract import measured, passage

from rag.extract import extract
from rag.features import candidates_of
from rag.subjects import is_label, per_subject, subjects_of
from rag.types import Question

TEXT = "狗会看门。猫会抓鼠。猫和狗都怕雷。猫粮要钱。鸟会飞。"


@pytest.mark.parametrize(
    ("question", "subjects"),
    [
        ("猫粮和狗粮有什么区别？", ()),
        ("家里的看门跟现在的抓鼠有什么不同？", ("看门", "抓鼠")),
        ("抓鼠、看门和怕雷各靠什么？", ("抓鼠", "看门", "怕雷")),
        ("抓鼠跟看门各走哪条路？", ("抓鼠", "看门")),
        ("看門和抓鼠一樣嗎？相比如何", ("看门", "抓鼠")),
        ("看门和抓鼠有没有两样？", ("看门", "抓鼠")),
        ("看门VS抓鼠", ("看门", "抓鼠")),
        ("抓鼠和看门的有什么不同？", ("抓鼠", "看门")),
        ("看门 vs 抓鼠，谁更好？", ("看门", "抓鼠")),
        ("看门和抓鼠要几年？", ()),
        ("看门和抓鼠有两样工具吗？", ()),
        ("看门和抓鼠，怕雷和要钱上有什么不同？", ("看门", "抓鼠")),
        ("看门和抓鼠在怕雷和要钱上有什么不同？", ("看门", "抓鼠")),
        ("在看门和抓鼠上花钱有什么不同？", ("看门", "抓鼠")),
        ("在" + "和" * 60 + "，有什么不同？", ()),
        ("看门跟抓鼠跟风会飞，有什么不同？", ("看门", "抓鼠")),
        ("猫会看门、抓鼠，不同资料的说法一样吗？", ()),
    ],
)
def test_the_subjects_are_what_the_articles_name_beside_the_conjunction(
    question: str, subjects: tuple[str, ...]
) -> None:
    assert subjects_of(question, candidates_of([passage(1, TEXT)])) == subjects


@pytest.mark.parametrize("question", ["TikTok Shop和Temu有什么不同？", "请看 TikTok Shop 与 Temu 的区别"])
def test_a_name_in_latin_letters_is_not_cut_at_its_blank(question: str) -> None:
    of = candidates_of([passage(1, "TikTok Shop 会卖货，Temu 也会。")])
    assert subjects_of(question, of) == ("tiktok shop", "temu")


def test_a_sentence_that_names_all_comes_first_then_those_of_each_subject() -> None:
    candidates = candidates_of([passage(1, "甲猫会抓。乙狗会看。甲猫和乙狗都怕。甲猫要钱。鸟会飞。")])
    probabilities = np.array([0.3, 0.2, 0.1, 0.001, 0.399])
    assert per_subject(("甲猫", "乙狗"), candidates, probabilities) == [("", 2), ("甲猫", 0), ("乙狗", 1)]


def test_where_none_names_all_a_likely_sentence_on_two_stands_before_an_unlikely_one_on_one() -> None:
    candidates = candidates_of([passage(1, "甲猫和乙狗要钱。丙鸟会飞。甲猫会抓。乙狗会看。")])
    subjects, probabilities = ("甲猫", "乙狗", "丙鸟"), np.array([0.6, 0.3, 0.001, 0.09])
    assert per_subject(subjects, candidates, probabilities) == [("", 0), ("乙狗", 3), ("丙鸟", 1)]


def test_what_an_article_says_is_its_author_s_view_whomever_it_names() -> None:
    by_one, by_other = passage(1, "李四说贵。我说便宜。"), passage(2, "张三错了。")
    by_one = replace(by_one, article=replace(by_one.article, author="张三"))
    by_other = replace(by_other, article=replace(by_other.article, author="李四"))
    candidates, even = candidates_of([by_one, by_other]), np.array([0.4, 0.3, 0.3])
    assert per_subject(("张三", "李四"), candidates, even, views=True) == [("张三", 0), ("张三", 1), ("李四", 2)]
    assert per_subject(("张三", "李四"), candidates, even) == [("张三", 2), ("李四", 0)]


def test_authors_are_compared_by_what_their_articles_say() -> None:
    by_one, by_other = passage(1, "去年掉了九块砖。"), passage(2, "张三错了，掉了三块砖。")
    by_one = replace(by_one, article=replace(by_one.article, author="张三"))
    by_other = replace(by_other, article=replace(by_other.article, author="李四"))
    of = (by_one, by_other)
    *_, answer = extract(Question("砖，张三和李四各说掉了几块？"), measured(list(of), [0.0, 0.0]), of)
    assert [(s.subject, s.text) for s in answer.statements] == [
        ("张三", "去年掉了九块砖。"),
        ("李四", "张三错了，掉了三块砖。"),
    ]


def test_what_follows_a_label_is_of_what_that_names() -> None:
    of = passage(1, "（一）抓鼠。三月前弄完。看门四月前弄完。")
    *_, answer = extract(Question("抓鼠和看门各要在什么时候弄完？"), measured([of], [9.0, 0.0, 0.0]), (of,))
    assert [(s.subject, s.text) for s in answer.statements] == [("抓鼠", "三月前弄完。"), ("看门", "看门四月前弄完。")]


def test_a_comparison_of_which_one_side_is_told_is_none() -> None:
    of = passage(1, "甲猫会抓鼠。\n\n乙狗\n\n有的会看门。")
    *_, answer = extract(Question("甲猫和乙狗有什么区别？"), measured([of], [0.0, 9.0, 0.0]), (of,))
    assert {s.subject for s in answer.statements} == {""}


def test_what_is_said_of_two_subjects_in_like_words_is_not_said_once() -> None:
    of = passage(1, "甲猫的特点是投资大、风险高。乙狗的特点是投资小、风险低。")
    *_, answer = extract(Question("甲猫和乙狗有什么区别？"), measured([of], [0.0, 0.0]), (of,))
    assert [s.subject for s in answer.statements] == ["甲猫", "乙狗"]
    of = passage(1, "甲猫和乙狗的特点很不同。甲猫的特点是抓。乙狗的特点是看。")
    *_, answer = extract(Question("甲猫和乙狗有什么区别？"), measured([of], [0.0, 0.0, 0.0]), (of,))
    assert [s.subject for s in answer.statements] == ["", "甲猫", "乙狗"]


def test_a_name_that_begins_like_a_time_is_a_subject() -> None:
    of = candidates_of([passage(1, "日活比月活高。日本和美国都有鸟。")])
    assert subjects_of("日活和月活有什么区别？", of) == ("日活", "月活")
    assert subjects_of("美国和日本有什么区别？", of) == ("美国", "日本")


def test_no_subject_begins_inside_a_word() -> None:
    of = candidates_of([passage(1, "年轻人爱猫。老年人爱鸟。")])
    assert subjects_of("年轻人和中年人有什么不同？", of) == ()
    assert subjects_of("中年人和年轻人有什么不同？", of) == ()
    assert subjects_of("跟团游和年轻人有什么不同？", of) == ()
    assert subjects_of("老年人和年轻人有什么不同？", of) == ("老年人", "年轻人")


def test_a_number_with_a_point_is_no_label() -> None:
    labels = [is_label(candidate) for candidate in candidates_of([passage(1, "1.登记。\n\n3.5万人参加。")])]
    assert labels == [True, False]


def test_no_subject_is_cut_out_of_a_time() -> None:
    of = passage(1, "第二季度总收入增长。2024年四季度持平。")
    assert subjects_of("2025年一季度总收入和2024年四季度比差多少？", candidates_of([of])) == ()


def test_subjects_that_share_their_only_sentence_have_that_one() -> None:
    candidates = candidates_of([passage(1, "甲猫和乙狗都怕。")])
    assert per_subject(("甲猫", "乙狗"), candidates, np.array([1.0])) == [("", 0)]


def test_a_comparison_is_laid_out_by_subject_in_the_order_of_the_question() -> None:
    of = passage(1, "乙狗会看门。甲猫会抓鼠。丙鸟会飞。")
    *_, answer = extract(Question("甲猫和乙狗有什么区别？"), measured([of], [0.0, 0.0, 0.0]), (of,))
    assert [(s.subject, s.text) for s in answer.statements] == [("甲猫", "甲猫会抓鼠。"), ("乙狗", "乙狗会看门。")]


def test_a_subject_is_told_as_the_question_writes_it() -> None:
    of = passage(1, "Spark停了。Catalog没钱。")
    *_, answer = extract(Question("spark和Catalog有什么区别？"), measured([of], [0.0, 0.0]), (of,))
    assert [s.subject for s in answer.statements] == ["spark", "Catalog"]


def test_a_byline_or_a_row_is_nobody_s_view() -> None:
    of = passage(1, "作者：甲猫\n甲猫主张抓鼠。\n乙狗主张看门。")
    *_, answer = extract(Question("甲猫和乙狗的看法有什么不同？"), measured([of], [9.0, 0.0, 0.0]), (of,))
    assert [s.text for s in answer.statements] == ["甲猫主张抓鼠。", "乙狗主张看门。"]
