"""Who says so: sentences whose source can be seen at a glance, and the labelled ones of the corpus."""

import json
from pathlib import Path

import pytest

from eval.voices import judge, main
from rag.voices import CHINESE, VOICES, voice_of

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("sentence", "voice"),
    [
        ("公司创始人王强表示，明年不会上市。", "official"),
        ("国家网信办公告称，平台管理不善。", "official"),
        ("来自甲公司的数据显示，八成搜索由用户发起。", "official"),
        ("据《南方日报》报道，工厂已经停产。", "media"),
        ("彭博社援引知情人士称，估值翻倍。", "media"),
        ("李明说，还没有人来跟他对接。", "party"),
        ("一位被邀请的商家告诉记者，她还没出过单。", "merchant"),
        ("有网友吐槽，翻译错得离谱。", "anonymous"),
        ("据悉，计划首期覆盖三个市场。", "anonymous"),
        ("从底层逻辑来看，这种矛盾恐怕会再现。", "author"),
        ("2018 年，公司换了新的口号。", "unclear"),
        ("这个口号说明不了什么。", "unclear"),
        ("平台回应速度很快。", "unclear"),
        ("平台号称全国第一。", "unclear"),
        ("集团解释权归平台所有。", "unclear"),
        ("平台回应，还在调查。", "official"),
        ("小红书尚未公布费率。", "unclear"),
        ("平台没有回应。", "unclear"),
        ("对平台来说，这是一笔亏本买卖。", "unclear"),
    ],
)
def test_the_voice_is_who_stands_before_the_reporting_verb(sentence: str, voice: str) -> None:
    assert voice_of(sentence, 0, len(sentence)) == voice


def test_a_quotation_has_the_voice_of_who_speaks_before_or_after_it() -> None:
    text = "“我还没出过单。”一位商家说。\n\n王强表示：“明年不会上市。后年再看。”"
    assert voice_of(text, 0, 9) == "merchant"
    assert voice_of(text, text.index("后年"), len(text)) == "party"


def test_a_reporting_verb_inside_of_quotation_marks_reports_nothing() -> None:
    sentence = "这篇笔记的标题是“创始人王强表示不服”。"
    assert voice_of(sentence, 0, len(sentence)) == "unclear"


def test_a_word_over_and_over_takes_no_time_that_doubles_with_each() -> None:
    sentence = f"王五{'对' * 60}。"
    assert voice_of(sentence, 0, len(sentence)) == "unclear"


def test_every_voice_has_a_chinese_name() -> None:
    assert set(CHINESE) == set(VOICES)


def test_no_label_of_a_sentence_of_the_corpus_is_wrong() -> None:
    lines = (ROOT / "eval" / "sets" / "voices.jsonl").read_text(encoding="utf-8").splitlines()
    judged = judge(map(json.loads, lines), ROOT / "corpus")
    assert len(judged) == 80
    assert [one for one in judged if not one.right] == []


@pytest.mark.parametrize(
    "rows", ["", "[", "[]", '{"article": "甲"}', '{"article": "丁", "begins": "猫", "voices": ["party"]}']
)
def test_labels_that_cannot_be_judged_are_named_with_exit_code_1(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str
) -> None:
    labels = tmp_path / "labels.jsonl"
    if rows:
        labels.write_text(rows, encoding="utf-8")
    assert main([str(labels), str(tiny_corpus)]) == 1
    assert f"{labels} cannot be judged" in capsys.readouterr().err
