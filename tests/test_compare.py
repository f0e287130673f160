import json
from pathlib import Path

import pytest
from scipy.stats import binomtest

from eval.compare import Change, CompareError, compare, main, read_lines


def written(path: Path, joint: dict[str, float | None], answer: str = "答。") -> Path:
    rows = [
        {"id": id_, "scores": {"joint accuracy": value}, "evidence": "cited", "answer": {"text": answer}}
        for id_, value in joint.items()
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_questions_lost_and_won_are_named_and_those_not_judged_before_left_out(tmp_path: Path) -> None:
    before = read_lines(written(tmp_path / "a", {"一": 1, "二": 1, "三": 0, "四": None}))
    after = read_lines(written(tmp_path / "b", {"一": 1, "二": 0, "三": 1, "四": 1}))
    assert compare(before, after) == [Change("joint accuracy", 3, lost=("二",), won=("三",))]


def test_a_question_that_is_no_longer_judged_is_lost(tmp_path: Path) -> None:
    before = read_lines(written(tmp_path / "a", {"一": 1}))
    after = read_lines(written(tmp_path / "b", {"一": None}))
    assert compare(before, after)[0].lost == ("一",)


def test_the_test_of_mcnemar_by_hand() -> None:
    assert Change("m", 10, (), ()).p_value == 1
    assert Change("m", 10, ("a", "b", "c"), ()).p_value == 2 / 8
    assert Change("m", 10, ("a", "b", "c"), ("d",)).p_value == 2 * (1 + 4) / 16
    assert Change("m", 10, ("a",), ("d",)).p_value == 1


@pytest.mark.parametrize(("lost", "won"), [(0, 6), (6, 0), (1, 9), (12, 5), (7, 7), (20, 41)])
def test_the_test_of_mcnemar_agrees_with_scipy(lost: int, won: int) -> None:
    ours = Change("m", 100, tuple(map(str, range(lost))), tuple(map(str, range(won)))).p_value
    assert ours == pytest.approx(binomtest(lost, lost + won).pvalue)


def test_a_loss_is_more_than_allowed_or_significant() -> None:
    six, two = tuple("abcdef"), tuple("ab")
    assert Change("m", 1000, six, ()).is_loss(0.02)  # p = 1/32
    assert not Change("m", 1000, two, ()).is_loss(0.02)
    assert Change("m", 50, two, ()).is_loss(0.02)
    assert not Change("m", 1000, (), six).is_loss(0.02)


def test_the_command_shows_both_answers_and_fails_on_a_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written(tmp_path / "a", {"一": 1, "二": 1}, "从前的答案。")
    after = written(tmp_path / "b", {"一": 1, "二": 0}, "现在的答案。")
    assert main([str(before), str(after)]) == 1
    out, err = capsys.readouterr()
    assert "二: LOST joint accuracy" in out and "从前的答案。" in out and "现在的答案。" in out
    assert err == "FAILED: joint accuracy lost 1 of 2 questions and won 0\n"
    assert main([str(before), str(after), "--max-loss", "0.5"]) == 0
    assert main([str(after), str(before)]) == 0


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (None, '{"id": "一", "scores": {"joint accuracy": 1}}', "cannot be read"),
        ("", '{"id": "一", "scores": {"joint accuracy": 1}}', "holds 0 lines"),
        ("{", '{"id": "一", "scores": {"joint accuracy": 1}}', "cannot be read"),
        ('{"id": "一", "scores": {}}', '{"id": "一", "scores": {}}', "judged none of"),
        (
            '{"id": "一", "scores": {"evidence hit@5": 1}}',
            '{"id": "一", "scores": {"evidence hit@5": 1, "joint accuracy": 1}}',
            "the run before did not judge joint accuracy",
        ),
        ('{"id": "一", "scores": {}}\n{"id": "一", "scores": {}}', "{}", "holds 2 lines of 1 questions"),
        ('{"id": "一", "scores": {}}', '{"id": "二", "scores": {}}', "different questions: only one has 一, 二"),
    ],
    ids=["missing", "empty", "broken", "nothing judged", "a metric missing before", "an id twice", "other questions"],
)
def test_runs_that_cannot_be_compared_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str | None, after: str, message: str
) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path, text in zip(paths, (before, after), strict=True):
        if text is not None:
            path.write_text(text, encoding="utf-8")
    assert main([str(path) for path in paths]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("share", ["nan", "-0.1", "2", "x"])
def test_what_may_be_lost_is_a_share(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["a", "b", "--max-loss", share])
    assert stop.value.code == 2 and "--max-loss" in capsys.readouterr().err


def test_a_question_that_only_another_metric_lost_is_named_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path, hit in zip(paths, (1, 0), strict=True):
        row = {"id": "一", "scores": {"joint accuracy": 1, "evidence hit@5": hit}}
        path.write_text(json.dumps(row), encoding="utf-8")
    assert main([str(path) for path in paths]) == 1
    assert "一: LOST evidence hit@5" in capsys.readouterr().out


def test_a_file_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(CompareError, match="nothing-here"):
        read_lines(tmp_path / "nothing-here")
