"""docs/eval.md and its workflow: every command that they name exists with its options, and the examples are read."""

import re
from pathlib import Path

import pytest
import yaml

from eval.__main__ import COMMANDS
from eval.__main__ import main as eval_main
from eval.gates import load_gates
from eval.reasons import ORDER
from eval.sets import load_set

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/eval.md").read_text(encoding="utf-8")
WORKFLOW = (ROOT / "docs/examples/eval.yml").read_text(encoding="utf-8")
NAMED = re.findall(r"python -m eval (\w+)([^`|\n]*)", GUIDE + WORKFLOW)


def fenced(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.parametrize("command", sorted({command for command, _ in NAMED}))
def test_every_command_that_is_told_exists_with_its_options(command: str, capsys) -> None:
    assert command in COMMANDS
    with pytest.raises(SystemExit):
        eval_main([command, "--help"])
    help_text = capsys.readouterr().out
    options = {option for named, rest in NAMED if named == command for option in re.findall(r"--[\w-]+", rest)}
    assert [option for option in options if option not in help_text] == []


def test_the_example_questions_fit_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(fenced("json")[0], encoding="utf-8")
    assert [question.answerable for question in load_set(path)] == [True, False]


def test_the_example_gates_are_gates(tmp_path: Path) -> None:
    path = tmp_path / "gates.toml"
    path.write_text(fenced("toml")[0], encoding="utf-8")
    assert load_gates(path)["mine"].baseline == tmp_path / "baseline"


def test_every_reason_of_a_failure_is_told() -> None:
    told = re.findall(
        r"^\| ([a-z ]+) \| .* \| .* \|$", GUIDE.split("## The report")[1].split("## Under")[0], re.MULTILINE
    )
    assert tuple(told[1:]) == ORDER


def test_the_workflow_is_one_that_github_reads() -> None:
    workflow = yaml.safe_load(WORKFLOW)
    (job,) = workflow["jobs"].values()
    assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    assert job["env"] == {"YINJU_CORPUS": "articles"}
    before_the_gate = {s["run"].split()[3]: s for s in job["steps"] if "-m eval" in s.get("run", "")}
    assert all(before_the_gate[command]["continue-on-error"] for command in ("validate", "run"))
    assert not before_the_gate["gate"].get("continue-on-error")
    assert "pull_request" in workflow[True]  # YAML 1.1 reads the key "on" as true
