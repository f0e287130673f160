"""What the model of left-out words sees of a question, and that its weights hold no text but our own lists."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from eval.fit_followups import main, matrix_of, right_spans, seen
from eval.followups import Row
from rag.mentions import Spans, left_out, listed, unlisted, weights, with_head, word_at, word_before, words
from rag.types import Message, Question


def test_the_longest_listed_word_counts() -> None:
    assert word_at("为什么好", 0) == "为什么"
    assert word_before("你为什么", 4) == "为什么"
    assert (word_at("椰", 0), word_before("椰", 0)) == ("", "")


def test_what_is_not_listed_is_left() -> None:
    assert unlisted("商家要另外交钱吗？") == ["交"]
    assert listed("商家要交钱吗") == {"商家", "要", "钱", "吗"}
    assert unlisted("Lazada的份额是多少", ("asking", "linking")) == ["Lazada", "份额"]


def test_spans_do_not_cut_words_ask_or_consist_of_listed_words() -> None:
    spans = Spans("Uniik为什么火", "它呢", "")
    assert [spans.text_of(span) for span in spans.all()] == ["uniik", "火"]


def test_a_question_of_listed_words_only_still_has_spans() -> None:
    assert Spans("商家呢", "", "").all()
    assert left_out("", "为什么") == ""


def test_a_described_noun_goes_along_only_in_a_detailed_question() -> None:
    assert with_head("小红书在日本推出的Uniik是做什么的？", "小红书") == "小红书在日本推出的Uniik"
    assert with_head("小红书的份额是多少？", "小红书") == "小红书"


def test_the_right_span_is_the_shortest_that_names_what_the_rewrite_adds() -> None:
    history = (Message("user", "椰子猫好看"), Message("assistant", "是"))
    row = Row("follow-up", Question("它吃草", history), "椰子猫吃草")
    spans = Spans(row.opening, row.question.text, row.reply)
    right = [spans.text_of(span) for span, good in zip(spans.all(), right_spans(row, spans), strict=True) if good]
    assert right == ["椰子猫"]


def test_features_become_counts() -> None:
    assert matrix_of([["a", "a", "c"], ["b"]], ["a", "b"]).toarray().tolist() == [[2, 0], [0, 1]]
    assert seen([["a"]] * 40 + [["b"]] * 39) == ["a"]


def test_a_folder_without_follow_ups_and_too_few_of_them_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "weights.json")]
    assert main([str(tmp_path), *out]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path} holds no follow-ups: ")
    (tmp_path / "rewrites.jsonl").write_text("", encoding="utf-8")
    assert main([str(tmp_path), *out]) == 1
    assert capsys.readouterr().err.startswith("error: 0 follow-ups in the half tune")
    assert not (tmp_path / "weights.json").exists()


def test_the_weights_hold_no_chinese_word_but_the_listed_ones() -> None:
    used = {word for by_feature in weights().values() for name in by_feature for word in re.findall("[㐀-鿿]+", name)}
    assert used <= set(words())


def test_no_word_is_listed_twice() -> None:
    groups = tomllib.loads((Path(__file__).parents[1] / "rag/mentions.toml").read_text(encoding="utf-8"))
    times = Counter(word for listed in groups.values() for word in listed.split())
    assert [word for word, count in times.items() if count > 1] == []
