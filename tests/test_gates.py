"""Gates: what passes, what fails and how it is named, and that whatever is missing fails."""

import json
import math
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from runs import Scores, written_run

from eval.accept import main as accept
from eval.changes import NO_SHARES
from eval.gate import GATES, main
from eval.gates import GatesError, Verdict, judge_runs, load_gates
from eval.schemas import schema
from eval.verdicts import to_junit, to_markdown

TABLE = """[s]
baseline = "base"
invariants = {"citations exact" = 1}
least = {"joint accuracy" = 0.5, "fact: joint accuracy" = 0.5}
most = {"over-refusal" = 0.2}
loss = {"joint accuracy" = 0.1, "MRR@10" = 0.1}
"""


def scores_of(right: int, of: int = 10, **others: float | None) -> Scores:
    """Scores of so many questions, the first of which are right."""
    rest = {"citations exact": 1.0, "over-refusal": 0.0, "MRR@10": 1.0} | others
    return {f"q{number}": {"joint accuracy": float(number < right), **rest} for number in range(of)}


@pytest.fixture
def gates(tmp_path: Path) -> Path:
    """Gates of the set s, whose baseline has 8 of 10 questions right."""
    path = tmp_path / "gates.toml"
    path.write_text(TABLE, encoding="utf-8")
    written_run(tmp_path / "base", scores_of(8))
    return path


def failed(gates: Path, *runs: Path) -> dict[str, Verdict]:
    return {verdict.gate: verdict for verdict in judge_runs(runs, load_gates(gates)) if not verdict.passed}


def test_a_run_like_its_baseline_passes_every_gate(gates: Path, tmp_path: Path) -> None:
    run = written_run(tmp_path / "run", scores_of(8))
    verdicts = judge_runs([run], load_gates(gates))
    assert [verdict.gate for verdict in verdicts] == [
        "complete",
        "labels",
        "no failure",
        "always citations exact",
        "least joint accuracy",
        "least fact: joint accuracy",
        "most over-refusal",
        "baseline",
        "loss of joint accuracy",
        "loss of MRR@10",
    ]
    assert all(verdict.passed for verdict in verdicts)
    assert verdicts[7].told == "changed since the baseline: nothing"


@pytest.mark.parametrize(
    ("scores", "gate", "told", "questions"),
    [
        (scores_of(6), "loss of joint accuracy", "lost 2 of 10 questions and won 0: a loss of 0.200", ("q6", "q7")),
        (scores_of(8, **{"MRR@10": 0.8}), "loss of MRR@10", "a loss of 0.200", tuple(f"q{n}" for n in range(10))),
        (scores_of(4), "least joint accuracy", "is 0.400 (0.168-0.687, 10), the least is 0.5", tuple(scores_of(6))[4:]),
        (
            {**scores_of(8), "q9": {"joint accuracy": 0.0, "citations exact": 0.5}},
            "always citations exact",
            "citations exact is 1 of 9 of 10 questions",
            ("q9",),
        ),
        (scores_of(8, **{"over-refusal": 1.0}), "most over-refusal", "the most is 0.2", tuple(scores_of(8))),
    ],
    ids=["a share lost", "a graded metric lost", "a floor", "an invariant", "a ceiling"],
)
def test_each_kind_of_gate_names_what_it_caught(
    gates: Path, tmp_path: Path, scores: Scores, gate: str, told: str, questions: tuple[str, ...]
) -> None:
    verdict = failed(gates, written_run(tmp_path / "run", scores))[gate]
    assert told in verdict.told
    assert set(questions) <= set(verdict.questions)


def test_a_stale_label_is_no_regression_and_a_crash_is(gates: Path, tmp_path: Path) -> None:
    stale = written_run(tmp_path / "stale", {**scores_of(8), "q0": "stale label: 甲 does not say '猫'"})
    assert {gate: verdict.questions for gate, verdict in failed(gates, stale).items()} == {"labels": ("q0",)}
    crashed = failed(gates, written_run(tmp_path / "crashed", {**scores_of(7), "q0": "KeyError: 'x'"}))
    assert crashed["no failure"].told == "KeyError: 'x'"
    assert crashed["loss of joint accuracy"].questions == ("q0", "q7")


def test_a_missing_baseline_fails(gates: Path, tmp_path: Path) -> None:
    gates.write_text(TABLE.replace('"base"', '"gone"'), encoding="utf-8")
    run = written_run(tmp_path / "run", scores_of(8))
    (gone,) = failed(gates, run).values()
    assert (gone.gate, "gone/settings.json cannot be read" in gone.told) == ("baseline", True)
    assert "python -m eval accept" in gone.told
    assert main([str(run), "--gates", str(gates)]) == 1


@pytest.mark.parametrize("rows", ["", "\n"], ids=["no byte", "no line"])
def test_an_empty_set_fails(gates: Path, tmp_path: Path, rows: str) -> None:
    run = written_run(tmp_path / "run", scores_of(8))
    (run / "lines.jsonl").write_text(rows, encoding="utf-8")
    assert [v.told.partition("/lines.jsonl ")[2] for v in judge_runs([run], load_gates(gates))] == [
        "holds 0 lines of 0 questions: make the run again in another folder",
        "",  # that of the set, which was not run
    ]
    assert main([str(run), "--gates", str(gates)]) == 1


@pytest.mark.parametrize("damage", ["{broken", '{"id": "q0"}', "[]", "\ufffd"])
def test_an_unreadable_line_fails(gates: Path, tmp_path: Path, damage: str) -> None:
    run = written_run(tmp_path / "run", scores_of(8))
    lines = (run / "lines.jsonl").read_text(encoding="utf-8").splitlines()
    (run / "lines.jsonl").write_text("\n".join([*lines[:3], damage, *lines[4:]]) + "\n", encoding="utf-8")
    unreadable, missing = judge_runs([run], load_gates(gates))
    assert "lines.jsonl, line 4, cannot be read" in unreadable.told and not unreadable.passed
    assert (missing.told, missing.passed) == ("s was not run", False)
    assert main([str(run), "--gates", str(gates)]) == 1


def test_an_unreadable_line_of_the_baseline_fails(gates: Path, tmp_path: Path) -> None:
    with (tmp_path / "base" / "lines.jsonl").open("a", encoding="utf-8") as lines:
        lines.write("{broken\n")
    run = written_run(tmp_path / "run", scores_of(8))
    assert "lines.jsonl, line 11, cannot be read" in failed(gates, run)["baseline"].told
    assert main([str(run), "--gates", str(gates)]) == 1


def test_a_crashed_question_fails_even_where_nothing_else_is_lost(gates: Path, tmp_path: Path) -> None:
    run = written_run(tmp_path / "run", {**scores_of(8), "q9": "KeyError: 'x'"})
    gates.write_text(TABLE.replace(', "MRR@10" = 0.1', ""), encoding="utf-8")
    assert {gate: verdict.questions for gate, verdict in failed(gates, run).items()} == {"no failure": ("q9",)}
    assert main([str(run), "--gates", str(gates)]) == 1


def test_a_question_that_was_not_asked_fails(gates: Path, tmp_path: Path) -> None:
    run = written_run(tmp_path / "run", scores_of(8))
    lines = (run / "lines.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "lines.jsonl").write_text("".join(lines[:9]), encoding="utf-8")
    assert failed(gates, run)["complete"].told == "9 of 10 questions were asked"
    assert "only one has q9" in failed(gates, run)["baseline"].told
    assert main([str(run), "--gates", str(gates)]) == 1


def test_a_metric_that_was_not_measured_fails(gates: Path, tmp_path: Path) -> None:
    unmeasured = failed(gates, written_run(tmp_path / "run", {"q0": {"x": 1.0}}))
    assert "not measured" in unmeasured["least joint accuracy"].told
    assert {"always citations exact", "most over-refusal", "baseline"} <= unmeasured.keys()


@pytest.mark.parametrize(
    ("written", "misspelt", "gate", "told"),
    [
        ('"citations exact"', '"citation exact"', "always", "judged no question; is citations exact meant?"),
        ('"MRR@10"', '"MRR"', "loss of", "the baseline did not judge MRR; is MRR@10 meant?"),
        (
            '"over-refusal"',
            '"over refuzal"',
            "most",
            "over refuzal is not measured, the most is 0.2; is over-refusal meant?",
        ),
        ('"fact: ', '"fcat: ', "least", "is not measured, the least is 0.5; is fact meant?"),
        ('"over-refusal"', '"refusal"', "most", "refusal is not measured, the most is 0.2; is refusal fact meant?"),
        (
            '"MRR@10"',
            '"p95 ms"',
            "loss of",
            "; there is MRR@10, citations exact, forbidden, joint accuracy, over-refusal, refusal",
        ),
        ('"MRR@10"', '"forbidden"', "loss of", "the baseline did not judge forbidden"),
    ],
)
def test_a_metric_or_a_type_that_is_none_is_told_with_those_that_may_be_meant(
    gates: Path, tmp_path: Path, written: str, misspelt: str, gate: str, told: str
) -> None:
    scores = scores_of(8, refusal=1.0, forbidden=None)
    written_run(tmp_path / "base", scores)
    run = written_run(tmp_path / "run", scores)
    assert failed(gates, run) == {}
    gates.write_text(TABLE.replace(written, misspelt), encoding="utf-8")
    (verdict,) = failed(gates, run).values()
    assert verdict.gate.startswith(gate) and verdict.told.endswith(told)


def test_a_ceiling_of_what_is_better_higher_holds_nothing_and_fails(gates: Path, tmp_path: Path) -> None:
    gates.write_text(TABLE.replace("most = {", 'most = {"joint accuracy" = 0.9, '), encoding="utf-8")
    (verdict,) = failed(gates, written_run(tmp_path / "run", scores_of(8))).values()
    assert (verdict.gate, verdict.told.partition("which ")[2]) == (
        "most joint accuracy",
        "holds nothing, as more of it is better: give it a least",
    )


def test_a_run_that_is_missing_or_of_a_set_without_gates_fails(gates: Path, tmp_path: Path) -> None:
    unreadable, missing = judge_runs([tmp_path / "none"], load_gates(gates))
    assert "none/settings.json cannot be read" in unreadable.told and not unreadable.passed
    assert (missing.told, missing.passed) == ("s was not run", False)
    written_run(tmp_path / "other", scores_of(8), "t")
    assert [v.told for v in judge_runs([tmp_path / "other"], load_gates(gates))] == ["t has no gates", "s was not run"]


@pytest.mark.parametrize("text", ["", "{", '{"id": "q0", "scores": {}}\n'])
def test_a_run_with_no_or_an_unreadable_line_fails(gates: Path, tmp_path: Path, text: str) -> None:
    run = written_run(tmp_path / "run", scores_of(8))
    (run / "lines.jsonl").write_text(text, encoding="utf-8")
    assert failed(gates, run).keys() == {"run"}
    assert main([str(run), "--gates", str(gates)]) == 1


def test_a_run_that_was_broken_off_fails(gates: Path, tmp_path: Path) -> None:
    sets = {"s": {"sha256": "5" * 64, "questions": 11}}
    run = written_run(tmp_path / "run", scores_of(8), sets=sets)
    assert failed(gates, run)["complete"].told == "10 of 11 questions were asked"


@pytest.mark.parametrize("value", [math.nan, math.inf, 5, -0.5, True, "1", [1]])
@pytest.mark.parametrize("folder", ["run", "base"])
def test_a_score_that_is_no_share_fails_in_the_run_and_in_the_baseline(
    gates: Path, tmp_path: Path, value: Any, folder: str
) -> None:
    run = written_run(tmp_path / "run", scores_of(8))
    written_run(tmp_path / folder, scores_of(8, **{"MRR@10": value}))
    told = [verdict.told for verdict in judge_runs([run], load_gates(gates)) if not verdict.passed]
    assert f"{folder}/lines.jsonl, line 1, cannot be read: " in told[0]
    assert main([str(run), "--gates", str(gates)]) == 1


def test_only_the_scores_that_are_no_share_may_be_more_than_1(gates: Path, tmp_path: Path) -> None:
    assert schema("line").schema["properties"]["scores"]["properties"].keys() == NO_SHARES
    run = written_run(tmp_path / "run", scores_of(8, **dict.fromkeys(NO_SHARES, 4.5)))
    assert failed(gates, run) == {}


def test_a_changed_set_needs_a_new_baseline_and_changed_settings_are_named(gates: Path, tmp_path: Path) -> None:
    sets = {"s": {"sha256": "6" * 64, "questions": 10}}
    told = failed(gates, written_run(tmp_path / "run", scores_of(8), sets=sets))["baseline"].told
    assert "sets.s.sha256 was 555555555555 and is 666666666666" in told
    run = written_run(tmp_path / "other", scores_of(8), settings={"dense_weight": 1.0, "index": "there"})
    (verdict,) = [v for v in judge_runs([run], load_gates(gates)) if v.gate == "baseline"]
    assert verdict.passed and verdict.told == "changed since the baseline: settings.dense_weight was 0.6 and is 1.0"


def test_an_optional_set_need_not_be_run_but_is_held_to_its_gates(gates: Path, tmp_path: Path) -> None:
    gates.write_text(TABLE + TABLE.replace("[s]", "[t]\noptional = true"), encoding="utf-8")
    run = written_run(tmp_path / "run", scores_of(8))
    assert failed(gates, run) == {}
    assert "baseline" in failed(gates, run, written_run(tmp_path / "t", scores_of(8), "t"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no gates"),
        ("[s\n", "cannot be read as gates"),
        ("s = 1\n", "s stands in no table: write [SET]"),
        ('baseline = "b"\n', "baseline stands in no table"),
        ("[s]\nloss = {x = 1}\n", 's needs baseline = "FOLDER"'),
        ("[s]\nbaseline = 3\n", 's needs baseline = "FOLDER"'),
        ('[s]\nbaseline = "b"\n', "s should have loss, and one of"),
        ('[s]\nbaseline = "b"\nloss = {x = 0}\n', "s should have loss, and one of"),
        ('[s]\nbaseline = "b"\nleast = {x = 0}\n', "s should have loss, and one of"),
        (TABLE + "lest = {x = 1}\n", "s has lest, which is none of baseline, invariants, least"),
        (TABLE + 'optional = "false"\n', "optional of s should be true or false"),
        (TABLE.replace("0.5", '"half"'), "least of s should be metrics with a number each"),
        (TABLE.replace("0.5", "nan"), "least of s should be metrics with a number each"),
        (TABLE.replace("least = ", "least = 1 #"), "least of s should be metrics with a number each"),
        ("[质量]\n", 'stand in quotes, as in ["质量"]'),
        (
            TABLE.replace("[s]", "[s.v2]"),
            "s has v2, which is none of baseline, invariants, least, most, loss, optional; ",
        ),
        (TABLE.replace("[s]", "[s.v2]"), 'the gates of a set s.v2 stand in ["s.v2"]'),
        (TABLE.replace('"MRR@10"', '"fact: MRR@10"'), "s names a type in fact: MRR@10, which only least and most can"),
        (TABLE.replace('{"citations', '{"fact: citations'), "s names a type in fact: citations exact, which only"),
        (TABLE.replace("least = {", 'least = {"over-refusal" = 0, '), "the least of over-refusal in s holds nothing"),
        (TABLE.replace("least = {", 'least = {"fact: p95 ms" = 9, '), "the least of fact: p95 ms in s holds nothing"),
        (TABLE.replace('"MRR@10"', "brevity"), "s cannot limit the loss of brevity"),
        (TABLE.replace('"MRR@10" = 0.1', '"MRR@10" = 4'), "the loss of MRR@10 that s allows should be a share"),
        (TABLE.replace('"MRR@10" = 0.1', '"MRR@10" = -0.1'), "the loss of MRR@10 that s allows should be a share"),
    ],
)
def test_gates_that_would_check_nothing_or_cannot_be_meant_are_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "gates.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GatesError, match=rf"gates\.toml.*{re.escape(told)}"):
        load_gates(path)
    assert main([str(tmp_path), "--gates", str(path)]) == 1


def test_gates_are_read_however_an_editor_saves_them(gates: Path) -> None:
    wanted = load_gates(gates)
    gates.write_text(TABLE, encoding="utf-8-sig")
    assert load_gates(gates) == wanted


# reports

VERDICTS = [
    Verdict("s", "baseline", True, "changed since the baseline: settings.x was 1 and is 2"),
    Verdict("s", "least a|b", False, "a|b is <b>\x00low</b>\nhere", tuple(f"q{n}" for n in range(23))),
    Verdict("t", "labels", True, "none"),
]


def test_an_id_is_no_mark_up_and_no_line_of_its_own_in_the_summary() -> None:
    verdict = Verdict("s", "labels", False, "none", ("<b>\n::error::q",))
    assert r"(\<b\> ::error::q)" in to_markdown([verdict])


@pytest.mark.parametrize("limits", ['least = {"joint accuracy" = 80}', 'most = {"fact: over-refusal" = -1}'])
def test_a_floor_or_ceiling_of_a_share_is_a_share(tmp_path: Path, limits: str) -> None:
    path = tmp_path / "gates.toml"
    path.write_text(f'[s]\nbaseline = "base"\nloss = {{"joint accuracy" = 0.1}}\n{limits}\n', encoding="utf-8")
    with pytest.raises(GatesError, match="should be a share from 0 to 1"):
        load_gates(path)


def test_a_ceiling_of_milliseconds_is_no_share(tmp_path: Path) -> None:
    path = tmp_path / "gates.toml"
    table = '[s]\nbaseline = "base"\nloss = {"joint accuracy" = 0.1}\nmost = {"fact: p95 ms" = 900, "brevity" = 4}\n'
    path.write_text(table, encoding="utf-8")
    assert load_gates(path)["s"].most == {"fact: p95 ms": 900, "brevity": 4}


def test_a_run_is_not_held_against_itself(gates: Path, tmp_path: Path) -> None:
    (itself,) = failed(gates, tmp_path / "base").values()
    assert (itself.gate, "is the run itself" in itself.told) == ("baseline", True)


def test_the_summary_in_markdown_says_how_it_ended_and_what_failed() -> None:
    text = to_markdown(VERDICTS)
    assert text.startswith("# ❌ 1 of 3 gates fail\n\n- **s, least a\\|b**: a\\|b is \\<b\\>")
    assert "(q0, q1," in text and "q19 and 3 more)" in text and "q20" not in text
    assert "\ns, changed since the baseline: settings.x was 1 and is 2\n" in text
    assert "| ✅ | t | labels | none |" in text
    assert to_markdown([VERDICTS[2]]).startswith("# ✅ all 1 gates hold\n")


def test_the_junit_xml_has_a_suite_a_set_and_a_case_a_gate() -> None:
    root = ET.fromstring(to_junit(VERDICTS))
    suites = [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root]
    assert suites == [("s", "2", "1"), ("t", "1", "0")]
    (failure,) = root.iter("failure")
    assert failure.get("message") == "a|b is <b>\ufffdlow</b>\nhere"
    assert (failure.text or "").split("\n") == [f"q{n}" for n in range(23)]
    assert [case.get("name") for case in root.iter("testcase")] == ["baseline", "least a|b", "labels"]


def test_the_command_writes_both_and_tells_by_its_exit_code(
    gates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--gates", str(gates), "--junit", str(tmp_path / "j.xml"), "--markdown", str(tmp_path / "m.md")]
    assert main([str(written_run(tmp_path / "good", scores_of(8))), *files]) == 0
    assert "✅ all 10 gates hold" in capsys.readouterr().out
    assert main([str(written_run(tmp_path / "bad", scores_of(3))), *files]) == 1
    assert (tmp_path / "m.md").read_text(encoding="utf-8") == capsys.readouterr().out
    assert '<failure message="joint accuracy lost 5' in (tmp_path / "j.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--junit", "--markdown"])
def test_a_file_that_cannot_be_written_is_one_sentence(
    gates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    run = written_run(tmp_path / "good", scores_of(8))
    assert main([str(run), "--gates", str(gates), option, str(tmp_path / "none" / "file")]) == 1
    output = capsys.readouterr()
    assert "✅ all 10 gates hold" in output.out
    assert output.err.startswith("error: ") and "none/file" in output.err


# baselines


def test_an_accepted_run_is_a_small_baseline_that_it_passes(gates: Path, tmp_path: Path) -> None:
    run = written_run(tmp_path / "run", scores_of(6, milliseconds=12.5, forbidden=None, F1=1 / 3))
    assert failed(gates, run).keys() == {"loss of joint accuracy"}
    assert accept([str(run), "--gates", str(gates)]) == 0
    assert failed(gates, run) == {}
    first = json.loads((tmp_path / "base" / "lines.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first.keys() == {"id", "set", "type", "scores", "error", "outcome", "evidence_rank"}
    assert first["scores"] == {"joint accuracy": 1, "citations exact": 1, "over-refusal": 0, "MRR@10": 1, "F1": 0.3333}
    settings = json.loads((tmp_path / "base" / "settings.json").read_text(encoding="utf-8"))
    assert settings["settings"] == {"dense_weight": 0.6}


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ({"q0": "KeyError: x"}, {}, "q0 failed"),
        (scores_of(8), {"name": "t"}, "t has no gates, which would say where its baseline is: add a table [t]\n"),
        (scores_of(8), {"name": "质量"}, 'add a table ["质量"]\n'),
        (scores_of(8), {"sets": {"s": {"sha256": "", "questions": 12}}}, "10 of 12 questions were asked"),
    ],
)
def test_a_run_that_is_no_baseline_is_not_accepted(
    gates: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    scores: Scores,
    options: dict[str, Any],
    message: str,
) -> None:
    run = written_run(tmp_path / "run", scores, **options)
    assert accept([str(run), "--gates", str(gates)]) == 1
    assert message in capsys.readouterr().err


def test_a_baseline_is_not_written_over_its_run_nor_over_that_of_another_set(
    gates: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, before = tmp_path / "base", (tmp_path / "base" / "lines.jsonl").read_bytes()
    assert accept([str(base), "--gates", str(gates)]) == 1
    assert "is the run itself" in capsys.readouterr().err
    run = written_run(tmp_path / "run", scores_of(7))
    gates.write_text(TABLE + TABLE.replace("[s]", "[t]", 1), encoding="utf-8")
    assert accept([str(run), "--gates", str(gates)]) == 1
    assert "[s] and [t] have the same baseline" in capsys.readouterr().err
    assert (base / "lines.jsonl").read_bytes() == before
    (tmp_path / "file").touch()
    gates.write_text(TABLE.replace('"base"', '"file"'), encoding="utf-8")
    assert accept([str(run), "--gates", str(gates)]) == 1
    assert "the baseline of s cannot be written" in capsys.readouterr().err


def test_the_committed_gates_pass_on_their_own_baselines(tmp_path: Path) -> None:
    gates = load_gates(GATES)
    assert gates["corpus"].invariants == {"citations resolve": 1, "citations exact": 1, "unsupported figures": 0}
    assert not gates["corpus"].optional
    runs = [shutil.copytree(gate.baseline, tmp_path / name) for name, gate in gates.items()]
    verdicts = judge_runs(runs, gates)
    assert [verdict for verdict in verdicts if not verdict.passed] == []
    assert sum(path.stat().st_size for gate in gates.values() for path in gate.baseline.iterdir()) < 500_000
