"""What rag and ingest say in Chinese, and how a reader of the English page reads it."""

import re
from collections.abc import Iterator
from itertools import chain as chained
from types import ModuleType

import pytest
import streamlit as st

from ingest.rule_sets import CODE_REASONS, rule_sets
from rag import about, chain, extract, generate, missing, overview, parts, refuse, scope
from rag.explain import STEPS
from rag.types import Answer, Question, Scope
from views.answer import answer_html
from views.messages import LANGUAGE
from views.said import said, sayings, scope_said

SLOT = re.compile(r"\{\w+\}")


def sentences(module: ModuleType) -> Iterator[str]:
    """The Chinese sentences that a module has as constants."""
    for value in vars(module).values():
        texts = value.values() if isinstance(value, dict) else [value]
        yield from (text for text in texts if isinstance(text, str) and text.endswith("。"))


@pytest.fixture
def english() -> Iterator[None]:
    st.session_state[LANGUAGE] = "en"
    yield
    del st.session_state[LANGUAGE]


def test_every_notice_reason_and_step_has_its_english() -> None:
    notices = [
        text
        for module in (about, chain, extract, generate, missing, overview, parts, refuse, scope)
        for text in sentences(module)
    ]
    reasons = [rule.reason for rules in rule_sets() for rule in rules.rules]
    assert {refuse.ABSENT, generate.CUT, extract.DIFFER, missing.NO_TIME, scope.UNMET} <= set(notices)
    known = {SLOT.sub("{}", chinese) for chinese in sayings()}
    for text in chained(notices, reasons, CODE_REASONS.values(), STEPS.values()):
        assert SLOT.sub("{}", text) in known, text


def test_the_english_has_the_slots_of_the_chinese_and_no_chinese() -> None:
    for chinese, told in sayings().items():
        assert SLOT.findall(told) == SLOT.findall(chinese)
        assert not re.search(r"[\u3000-\u9fff]", told)


@pytest.mark.usefixtures("english")
def test_a_notice_of_several_sentences_is_told_in_english_with_what_stands_in_its_slots() -> None:
    dropped = generate.DROPPED.format(count=2) + generate.CUT
    assert said(f"{chain.UNKNOWN.format(names='甲乙。')}\n{dropped}") == (
        "No article mentions “甲乙。”: what follows may not be what you look for.\n"
        "Sentences of the model that nothing in the articles supports were left out: 2. "
        "The model's answer broke off; its unfinished sentence was left out."
    )
    assert said("作者写的别的话。") == "作者写的别的话。"
    assert said("分享按钮和二维码") == "share buttons and QR code"


@pytest.mark.usefixtures("english")
def test_a_scope_is_told_in_english() -> None:
    described = scope.describe_scope(Scope(since="2025-01-01", sources=("甲", "乙"), articles=("丙",)), {})
    assert scope_said(described) == "Date: from 2025-01-01; Source: 甲, 乙; Article: 丙"
    told = scope.ABSENT_WITHIN.format(scope=scope.describe_scope(Scope(until="2025-01-01", tags=("甲",)), {}))
    assert said(told) == (
        "Nothing within this scope (Date: until 2025-01-01; Tag: 甲) is about this question. Ask in other words, or "
        "widen the scope."
    )
    days, later = (scope.describe_scope(days, {}) for days in (Scope(until="2024-12-31"), Scope(since="2025-01-01")))
    assert said(refuse.OUTSIDE.format(days=days, scope=later)) == (
        "The question wants articles of days (Date: until 2024-12-31) that are outside this scope (Date: from "
        "2025-01-01). Change the scope or the question and ask again."
    )


@pytest.mark.usefixtures("english")
def test_a_refusal_on_the_english_page_is_english_and_what_is_kept_is_not() -> None:
    answer = Answer(Question("谁？"), refused=True, notice=refuse.ABSENT)
    assert "Nothing in the articles is about this question." in answer_html(answer, 0)
    assert answer.notice == refuse.ABSENT


def test_chinese_readers_read_what_was_said() -> None:
    assert said(refuse.ABSENT) == refuse.ABSENT
    assert scope_said("标签：甲、乙") == "标签：甲、乙"
