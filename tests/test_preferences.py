"""A reader's choices: what a cookie may hold, what they mean for the chain, and the page where they are made."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag.settings import Settings
from views.messages import catalogue
from views.preferences import Preferences

EN, ZH = catalogue("en"), catalogue("zh")


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.mark.parametrize(
    "chosen",
    [Preferences(), Preferences("en", "Dark", "extractive", "12", "yes"), Preferences(newer="no", theme="Light")],
)
def test_choices_come_back_from_their_cookie(chosen: Preferences) -> None:
    assert Preferences.from_cookie(chosen.cookie) == chosen


def test_defaults_take_no_room_in_the_cookie_and_a_value_needs_no_quoting() -> None:
    assert Preferences().cookie == ""
    assert Preferences("en", passages="12").cookie == "language=en&passages=12"


@pytest.mark.parametrize(
    "cookie", ['language=fr&theme="</script>', "passages=0&newer=maybe", "passages=21&x=y", "answerer=openai", "%%%"]
)
def test_what_no_reader_can_choose_is_passed_over(cookie: str) -> None:
    assert Preferences.from_cookie(cookie) == Preferences()


def test_what_is_not_chosen_is_left_to_the_settings() -> None:
    assert Preferences().options() == {"passages": None, "prefer_newer": None, "extractive": False}
    chosen = Preferences(answerer="extractive", passages="3", newer="no")
    assert chosen.options() == {"passages": 3, "prefer_newer": False, "extractive": True}


def settings_page(chain):  # type: ignore[no-untyped-def]  # its text alone is run: no name of this file is known there
    from views.preferences import preferences_page

    preferences_page(chain)


def page(**chain: Any) -> AppTest:
    return AppTest.from_function(settings_page, args=(SimpleNamespace(**chain),), default_timeout=30).run()


def choose(page: AppTest, label: str, value: str) -> AppTest:
    next(radio for radio in page.radio if radio.label == label).set_value(value)
    return page.run()


def test_the_language_changes_at_once_and_nothing_else_is_lost() -> None:
    shown = page(settings=Settings(), model=None)
    choose(shown, ZH["newer"], "yes")
    choose(shown, ZH["language"], "en")
    assert not shown.exception
    assert [radio.label for radio in shown.radio] == [EN["language"], EN["theme"], EN["newer"]]
    assert [radio.value for radio in shown.radio] == ["en", "System", "yes"]
    assert shown.session_state["preferences"] == Preferences("en", newer="yes")


def test_with_an_llm_the_reader_may_do_without_it() -> None:
    shown = page(settings=Settings(llm="openai:some"), model=object())
    assert next(radio for radio in shown.radio if radio.label == ZH["answerer"]).value == ""
    choose(shown, ZH["answerer"], "extractive")
    assert shown.session_state["preferences"].options()["extractive"]


def test_passages_start_at_the_setting_and_a_reset_takes_everything_back() -> None:
    shown = page(settings=Settings(passages=5, prefer_newer=True), model=None)
    assert (shown.slider[0].value, shown.radio[2].value, len(shown.button)) == (5, "yes", 0)
    shown.slider[0].set_value(9).run()
    choose(shown, ZH["newer"], "no")
    assert shown.session_state["preferences"] == Preferences(passages="9", newer="no")
    shown.button[0].click().run()
    assert (shown.slider[0].value, shown.radio[2].value, len(shown.button)) == (5, "yes", 0)
    assert shown.session_state["preferences"] == Preferences()
