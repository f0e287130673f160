import random
from pathlib import Path

import pytest

from eval.sets import SetQuestion
from eval.typing_errors import Slip, changed_line, main, rows_of, shared_name, slips_of
from rag.types import Question

QUESTION = SetQuestion("q", "fact", Question("毛文超是谁"), True, (("人",),), (), ())


@pytest.mark.parametrize(
    ("question", "texts", "name"),
    [
        ("毛文超是谁", ["创始人毛文超说"], "毛文超"),
        ("小红书和毛文超", ["小红书", "毛文超的小红书和"], "小红书和"),
        ("谁", ["谁"], ""),
        ("完全不同", ["别的"], ""),
        ("", [], ""),
    ],
)
def test_the_name_is_the_longest_stretch_that_the_evidence_has_too(question: str, texts: list[str], name: str) -> None:
    assert shared_name(question, texts) == name


def test_every_slip_of_a_name_is_one_step_away() -> None:
    for seed in range(20):
        slips = dict(slips_of("毛文超", {"mao": ["猫"], "wen": ["问"], "chao": ["朝"]}, random.Random(seed)))
        assert slips["sound"] in {"猫文超", "毛问超", "毛文朝"}
        assert slips["order"] in {"文毛超", "毛超文"}
        assert slips["dropped"] == "毛超"
        assert slips["doubled"] == "毛文文超"


def test_a_latin_name_loses_a_letter_or_has_two_exchanged() -> None:
    for seed in range(20):
        slips = [wrong for kind, wrong in slips_of("Unity", {}, random.Random(seed)) if kind == "latin"]
        assert slips[0] in {"Uity", "Unty", "Uniy", "Unit"}
        assert set(slips[1:]) <= {"Uinty", "Untiy", "Uniyt"}


def test_the_figures_of_slips_corrected_and_not() -> None:
    slips = [Slip("sound", QUESTION, "毛文朝是谁"), Slip("sound", QUESTION, "毛文吵是谁")]

    def hits(question: SetQuestion, text: str) -> tuple[float, float]:
        return float("毛文超" in text), 0.0

    _, sound, every = rows_of(slips, hits, lambda text: text.replace("朝", "超"))
    assert sound.split() == ["sound", "2", "1.000/0.000", "0.000/0.000", "0.500/0.000", "0.500", "0.500"]
    assert every.split()[1:] == sound.split()[1:]


def test_right_questions_that_are_changed_are_named() -> None:
    assert changed_line(["甲", "乙"], lambda text: text.replace("甲", "丙")) == (
        "right questions 2  changed 1 (0.5000)\n  甲 → 丙"
    )


def test_a_missing_index_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--index", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("error: there is no index in ")
