"""pytest --yinju-set: a question is a test that passes, fails with its reason, or is a stale label by name."""

import json
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import eval.scoring  # noqa: F401  # pytester forgets what is first imported inside of it, and this takes seconds

pytest_plugins = "pytester"
ROOT = Path(__file__).parent.parent
FISH = {
    "id": "fish",
    "type": "fact",
    "question": "猫吃鱼吗",
    "answerable": True,
    "gold": [["鱼"]],
    "evidence": [{"article": "甲", "quote": "猫吃鱼。"}],
    "tags": ["tune"],
}
BIRD = {**FISH, "id": "bird", "gold": [["虾"]], "tags": ["report"]}
STALE = {**FISH, "id": "old", "evidence": [{"article": "甲", "quote": "猫吃鸟。"}]}

CONFTEST = """
from fakes import FakeEmbedder
from eval.pytest_plugin import CHAIN
from rag.chain import AnswerChain
from rag.settings import Settings

def pytest_configure(config):
    settings = Settings(_env_file=None, index={index!r}, refusal_threshold=0)
    config.stash[CHAIN] = AnswerChain(settings, embedder=FakeEmbedder())
"""


@pytest.fixture
def run(pytester: pytest.Pytester, tiny_index: Path):
    """Runs pytest over a set of these rows with the plug-in alone, whether or not it is installed."""
    pytester.makeconftest(CONFTEST.format(index=str(tiny_index)))
    pytester.makepyfile(test_other="def test_other(): pass")

    def run(*rows: dict, arguments: tuple[str, ...] = ()) -> pytest.RunResult:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (pytester.path / "set.jsonl").write_text(lines, encoding="utf-8")
        plugin = ("-p", "no:yinju", "-p", "eval.pytest_plugin")
        return pytester.runpytest_inprocess(*plugin, "--yinju-set", "set.jsonl", "-v", *arguments)

    return run


def test_each_question_is_a_test_with_its_id(run) -> None:
    result = run(FISH, {**FISH, "id": "fish-2"})
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*set.jsonl::fish PASSED*", "*set.jsonl::fish-2 PASSED*"])


def test_a_failure_says_why_and_what_was_wanted_without_a_traceback(run) -> None:
    result = run(FISH, BIRD)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["gold missing", "question: 猫吃鱼吗", "wanted: 虾", "answer: *", "猫吃鱼。*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.ret == 1


def test_a_quote_that_is_gone_fails_as_a_stale_label(run) -> None:
    result = run(STALE)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["old: stale label, 甲 does not say '猫吃鸟。'"])


def test_tags_choose_questions_and_xfail_is_expected(run) -> None:
    run(FISH, BIRD, arguments=("-k", "tune")).assert_outcomes(passed=1, deselected=1)
    run(FISH, {**BIRD, "tags": ["xfail"]}).assert_outcomes(passed=1, xfailed=1)


def test_tests_that_are_named_are_run_beside_the_set(run) -> None:
    run(FISH, arguments=("test_other.py",)).assert_outcomes(passed=2)


def test_a_set_that_cannot_be_read_is_an_error_with_the_line(run) -> None:
    result = run({**FISH, "gold": []})
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*set.jsonl, line 1: gold: * should be non-empty"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_the_package_registers_the_plug_in() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert hasattr(import_module(project["entry-points"]["pytest11"]["yinju"]), "pytest_addoption")
