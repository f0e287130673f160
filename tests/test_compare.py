"""What was lost and won between two runs: the tests by hand and against scipy, the command."""

import random
from pathlib import Path

import pytest
from runs import Scores, written_run
from scipy.stats import binomtest

from eval.changes import Change, ChangeError, change_of, mcnemar, paired_bootstrap
from eval.compare import compare, main
from eval.records import read_run


def joint(**values: float | None) -> Scores:
    return {id_: {"joint accuracy": value} for id_, value in values.items()}


def changed(tmp_path: Path, before: Scores, after: Scores, metric: str = "joint accuracy") -> Change | None:
    runs = [read_run(written_run(tmp_path / name, scores)) for name, scores in (("a", before), ("b", after))]
    return change_of(metric, runs[0].lines, runs[1].lines)


def test_questions_lost_and_won_are_named_and_those_not_judged_before_left_out(tmp_path: Path) -> None:
    before, after = joint(一=1, 二=1, 三=0, 四=None), joint(一=1, 二=0, 三=1, 四=1)
    change = changed(tmp_path, before, after)
    assert change is not None
    assert (change.lost, change.won, len(change.before), change.loss) == (("二",), ("三",), 3, 0)


def test_a_question_that_is_no_longer_judged_or_crashed_is_lost_but_no_stale_one(tmp_path: Path) -> None:
    after: Scores = {**joint(一=None), "二": "KeyError: x", "三": "stale label: there is no article 甲"}
    change = changed(tmp_path, joint(一=1, 二=1, 三=1), after)
    assert change is not None
    assert (change.lost, len(change.before), change.loss) == (("一", "二"), 2, 1)


def test_a_right_refusal_and_an_answer_without_figures_have_lost_no_metric_of_statements(tmp_path: Path) -> None:
    said: dict[str, float | None] = {"citations exact": 1.0, "unsupported figures": 0.0}
    before: Scores = {
        "一": {**said, "refusal": 0.0},
        "二": said,
        "三": said,
        "四": {**said, "unsupported figures": 1.0},
    }
    refused = dict.fromkeys(said, None)
    after: Scores = {
        "一": {**refused, "refusal": 1.0},
        "二": {**refused, "over-refusal": 1.0},
        "三": said,
        "四": refused,
    }
    exact = changed(tmp_path, before, after, "citations exact")
    figures = changed(tmp_path, before, after, "unsupported figures")
    assert exact and figures
    assert (exact.lost, exact.won) == (("二", "四"), ())
    assert (figures.lost, figures.won) == ((), ("四",))
    crashed = changed(tmp_path, before, {**after, "二": "KeyError: x"}, "unsupported figures")
    unmeasured = changed(tmp_path, before, {**after, "三": refused}, "unsupported figures")
    assert crashed and unmeasured
    assert (crashed.lost, unmeasured.lost) == (("二",), ("一", "二", "三"))


def test_less_is_better_of_what_is_wrong_with_an_answer(tmp_path: Path) -> None:
    before, after = ({"一": {"over-refusal": value}} for value in (0.0, 1.0))
    change = changed(tmp_path, before, after, "over-refusal")
    assert change is not None and change.lost == ("一",)
    assert changed(tmp_path, before, after, "refusal") is None


def test_the_test_of_mcnemar_by_hand() -> None:
    assert mcnemar(0, 0) == 1
    assert mcnemar(3, 0) == 2 / 8
    assert mcnemar(3, 1) == 2 * (1 + 4) / 16
    assert mcnemar(1, 1) == 1


@pytest.mark.parametrize(("lost", "won"), [(0, 6), (6, 0), (1, 9), (12, 5), (7, 7), (20, 41)])
def test_the_test_of_mcnemar_agrees_with_scipy(lost: int, won: int) -> None:
    assert mcnemar(lost, won) == pytest.approx(binomtest(lost, lost + won).pvalue)


def test_the_paired_bootstrap_sees_a_shift_and_not_its_absence() -> None:
    chance = random.Random(2)
    noise = [chance.gauss(0, 0.1) for _ in range(50)]
    noise += [-value for value in noise]  # of mean 0
    assert paired_bootstrap([0.0] * 9) == 1
    assert paired_bootstrap([value + 0.05 for value in noise]) < 0.01
    assert paired_bootstrap(noise) > 0.9
    assert paired_bootstrap(noise) == paired_bootstrap(noise)
    # One loss among three is left out of (2/3)³ of the samples, whose mean is 0: twice that.
    assert paired_bootstrap([1.0, 0.0, 0.0]) == pytest.approx(2 * 8 / 27, abs=0.03)


def test_the_paired_bootstrap_gives_1_false_alarm_in_20() -> None:
    chance = random.Random(3)
    alarms = sum(paired_bootstrap([chance.gauss(0, 1) for _ in range(60)]) < 0.05 for _ in range(100))
    assert 1 <= alarms <= 12


def test_a_loss_is_more_than_allowed_or_significant() -> None:
    def change(questions: int, lost: int) -> Change:
        ids = [str(number) for number in range(questions)]
        return Change("m", dict.fromkeys(ids, 1.0), {id_: float(int(id_) >= lost) for id_ in ids})

    assert change(1000, 6).is_loss(0.02)  # p = 1/32
    assert not change(1000, 2).is_loss(0.02)
    assert change(50, 2).is_loss(0.02)
    gain = Change("m", {"a": 0.0}, {"a": 1.0})
    assert not gain.is_loss(0)


def test_a_graded_metric_is_judged_by_how_much_it_lost() -> None:
    before = {str(number): 1.0 for number in range(40)}
    halved = Change("MRR@10", before, {**before, **{str(number): 0.5 for number in range(10)}})
    assert (halved.loss, len(halved.lost)) == (0.125, 10)
    assert halved.is_loss(0.2)  # significant
    rounded = Change("MRR@10", {"a": 0.3333}, {"a": 1 / 3})
    assert (rounded.lost, rounded.won, rounded.loss) == ((), (), 0)


# the command


def test_the_command_shows_both_answers_and_passages_and_fails_on_a_loss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = written_run(tmp_path / "a", joint(一=1, 二=1), answer="从前的答案。")
    after = written_run(tmp_path / "b", joint(一=1, 二=0), answer="现在的答案。", settings={"dense_weight": 1.0})
    assert main([str(before), str(after)]) == 1
    out, err = capsys.readouterr()
    assert "made differently: settings.dense_weight was 0.6 and is 1.0" in out and "settings.index" not in out
    assert "二 二？" in out and "newly broken: joint accuracy" in out and "一？" not in out
    assert "从前的答案。" in out and "现在的答案。" in out
    assert out.count("★1. 甲: 猫吃鱼。猫怕狗。") == 2 and " 2. 乙: 狗追猫。" in out
    told = "FAILED: joint accuracy lost 1 of 2 questions and won 0: a loss of 0.500 (0.000 to 1.000), p 1.000"
    assert err == f"{told}: 二\n"
    assert main([str(before), str(after), "--max-loss", "0.5"]) == 0
    assert main([str(after), str(before)]) == 0
    assert "newly fixed: joint accuracy" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"answerer": "retrieval"}, "answerer was extractive and is retrieval"),
        ({"tag": "tune"}, "tag was not there and is tune"),
        ({"limit": 3}, "limit was not there and is 3"),
        ({"sets": {"s": {"sha256": "6" * 64, "questions": 1}}}, "sets.s.sha256 was 555555555555 and is 666666666666"),
    ],
)
def test_runs_that_asked_or_judged_something_else_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, object], message: str
) -> None:
    before = written_run(tmp_path / "a", joint(一=1))
    after = written_run(tmp_path / "b", joint(一=1), **settings)
    assert main([str(before), str(after)]) == 1
    assert message in capsys.readouterr().err


def test_runs_that_cannot_be_read_or_judged_nothing_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = written_run(tmp_path / "a", joint(一=1))
    assert main([str(whole), str(tmp_path / "none")]) == 1
    assert "none/settings.json cannot be read" in capsys.readouterr().err
    nothing = written_run(tmp_path / "b", {"一": {}})
    assert main([str(nothing), str(whole)]) == 1
    assert "judged nothing of s\n" in capsys.readouterr().err
    with pytest.raises(ChangeError, match="only one has 一, 二"):
        changed(tmp_path, joint(一=1), joint(二=1))


def test_answers_in_two_orders_are_put_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written_run(tmp_path / "a", joint(一=1, 二=0))
    after = written_run(tmp_path / "b", joint(二=1, 一=1))
    assert main([str(before), str(after)]) == 0
    assert "二 二？" in capsys.readouterr().out


def test_every_metric_that_lost_a_question_is_named(tmp_path: Path) -> None:
    before, after = ({"一": {"joint accuracy": 1, "evidence hit@5": hit}} for hit in (1, 0))
    runs = [read_run(written_run(tmp_path / name, scores)) for name, scores in (("a", before), ("b", after))]
    assert {change.metric: change.lost for change in compare(*runs)["s"]} == {
        "joint accuracy": (),
        "evidence hit@5": ("一",),
    }


def test_every_metric_that_was_judged_before_is_compared_and_what_is_not_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    then = {"unsupported figures": 0.0, "brevity": 4.0, "carried right": 1.0, "F1": None}
    before = written_run(tmp_path / "a", {"一": then})
    after = written_run(tmp_path / "b", {"一": {**then, "unsupported figures": 1.0, "F1": 1.0}})
    assert [change.metric for change in compare(read_run(before), read_run(after))["s"]] == [
        "unsupported figures",
        "carried right",
    ]
    assert main([str(before), str(after)]) == 1
    out, err = capsys.readouterr()
    assert "not compared: brevity (no value from 0 to 1), F1 (not judged before)\n" in out
    assert "newly broken: unsupported figures" in out and err.startswith("FAILED: unsupported figures lost 1 of 1")


def test_what_is_graded_is_told_in_figures_and_with_the_questions_of_a_loss_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = [f"q{number}" for number in range(22)]
    before = written_run(tmp_path / "a", {id_: {"MRR@10": 0.5, "hit": 1.0} for id_ in questions})
    after = written_run(tmp_path / "b", {id_: {"MRR@10": 0.25, "hit": float(id_ != "q7")} for id_ in questions})
    assert main([str(before), str(after), "--max-loss", "0.1"]) == 1
    out, err = capsys.readouterr()
    assert "newly broken: MRR@10, hit" in out and out.count("newly") == 1 and "q7 q7？" in out
    assert err.endswith(", q18, q19 and 2 more\n") and err.count("FAILED") == 1


@pytest.mark.parametrize("share", ["nan", "-0.1", "2", "x"])
def test_what_may_be_lost_is_a_share(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["a", "b", "--max-loss", share])
    assert stop.value.code == 2 and "--max-loss" in capsys.readouterr().err
