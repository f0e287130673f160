"""The optional judge: what it asks, what it makes of replies, its spread and its agreement with the metrics."""

import json
import random
from pathlib import Path

import pytest
from llm_server import fake_llm
from run_folder import answer, line, write_run

from eval.agreement import Agreement, Spread, agreement, majority, share_of
from eval.intervals import estimate
from eval.judge import Asked, answer_of, claims_of, judge, main

# agreement


def test_agreement_beyond_chance_is_computed_by_hand() -> None:
    # alike 3 of 4; yes 3/4 and 2/4, so chance is 3/4 * 2/4 + 1/4 * 2/4 = 1/2, and kappa (3/4 - 1/2) / (1/2)
    assert agreement([True, True, True, False], [True, True, False, False]) == Agreement(4, 0.75, 0.5)
    assert agreement([True, None], [True, True]) == Agreement(1, 1.0, None)
    assert agreement([None], [True]) == Agreement(0, None, None)


def test_kappa_agrees_with_an_independent_implementation() -> None:
    from sklearn.metrics import cohen_kappa_score

    chance = random.Random(7)
    for _ in range(50):
        one = [chance.random() < 0.7 for _ in range(30)]
        other = [judged if chance.random() < 0.6 else not judged for judged in one]
        assert agreement(one, other).kappa == pytest.approx(cohen_kappa_score(one, other))


def test_the_majority_decides_and_a_tie_is_no_judgement() -> None:
    runs = [[True, True, None, None], [True, False, None, True], [False, None, None, None]]
    assert majority(runs) == [True, None, None, True]


def test_a_spread_is_told_without_what_was_not_judged() -> None:
    assert Spread((0.5, None, 1.0)).to_json() == {
        "values": [0.5, None, 1.0],
        "mean": 0.75,
        "low": 0.5,
        "high": 1.0,
        "deviation": pytest.approx(0.5**0.5 / 2),
    }
    assert Spread((None,)).to_json()["mean"] is None
    assert (share_of([True, None, False]), share_of([None])) == (0.5, None)


# judging


def test_each_sentence_is_asked_about_with_its_own_quotes() -> None:
    of = line(answer=answer("猫吃鱼。", "猫怕狗。"))
    of["answer"]["statements"][1]["text"] = "猫怕18只狗。"
    assert claims_of(of) == [
        Asked("cat#1", "judge_support", {"quotes": "猫吃鱼。", "claim": "猫吃鱼。"}, True),
        Asked("cat#2", "judge_support", {"quotes": "猫怕狗。", "claim": "猫怕18只狗。"}, False),
    ]


def test_correctness_is_asked_with_all_of_the_gold() -> None:
    slots = {"question": "猫吃什么？", "gold": "鱼 或 小鱼；虾", "answer": "猫吃鱼。"}
    of = line(gold=[["鱼", "小鱼"], ["虾"]], scores={"gold containment": 0.0})
    assert answer_of(of) == [Asked("cat", "judge_answer", slots, False)]
    assert not answer_of(line(scores={"forbidden": 1.0}))[0].measured


def test_verdicts_are_compared_with_the_metrics() -> None:
    lines = [line("a", answer=answer("猫吃鱼。", "猫怕狗。")), line("b", scores={"gold containment": 0.0})]
    found = judge(lines, lambda _, slots: slots.get("claim") != "猫怕狗。", 3)
    assert found["correctness"]["values"] == [1.0, 1.0, 1.0]
    assert found["correctness"]["metrics say"] == estimate([1.0, 0.0]).to_json()
    assert found["correctness"]["agreement"] == {"n": 2, "share": 0.5, "kappa": 0.0}
    assert found["correctness"]["verdicts"] == {"a": True, "b": True}
    assert found["support"]["verdicts"] == {"a#1": True, "a#2": False, "b#1": True}
    assert (found["support"]["judged"], found["support"]["agreement"]["share"]) == (3, 2 / 3)


# the command, through LangChain's real client


def test_a_run_is_judged_three_times_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    refusal = line("refused", answer=answer(refused=True))
    folder = write_run(tmp_path / "run", line("a"), line("b"), refusal, line("no", answerable=False, gold=[]))
    with fake_llm() as server:
        server.queue = ["是", "否", "是。", "是", "也许", "否"]  # support of a and b, three times
        server.reply = "是"  # correctness
        monkeypatch.setenv("YINJU_LLM", "openai:fake")
        monkeypatch.setenv("YINJU_LLM_BASE_URL", server.base_url)
        assert main([str(folder)]) == 0
        assert len(server.prompts) == 12
    record = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
    assert record["answers"] == 2 and record["model"] == "openai:fake"
    assert record["support"]["values"] == [0.5, 1.0, 0.0]
    assert record["support"]["not judged"] == 1
    assert record["support"]["verdicts"] == {"a#1": True, "b#1": False}
    assert record["correctness"]["agreement"] == {"n": 2, "share": 1.0, "kappa": None}
    assert "hold no release to it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mode", "told"),
    [("error", "error: the LLM did not answer ("), ("ok", "error: openai:fake answered no request with 是 or 否\n")],
)
def test_an_llm_that_judges_nothing_is_told_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, mode: str, told: str
) -> None:
    folder = write_run(tmp_path / "run", line("a"))
    with fake_llm() as server:
        server.mode = mode
        server.reply = "也许"
        monkeypatch.setenv("YINJU_LLM", "openai:fake")
        monkeypatch.setenv("YINJU_LLM_BASE_URL", server.base_url)
        assert main([str(folder), "--runs", "1"]) == 1
    assert capsys.readouterr().err.startswith(told)
    assert not (folder / "judge.json").exists()


def test_without_an_llm_or_answers_it_is_one_sentence_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.delenv("YINJU_LLM", raising=False)
    folder = write_run(tmp_path / "run", line("a"))
    assert main([str(folder)]) == 1
    assert "YINJU_LLM is ''" in capsys.readouterr().err
    for nothing in (line(answer=None), line(scores={"carried right": 1.0})):
        assert main([str(write_run(tmp_path / "none", nothing))]) == 1
        assert "holds no answer" in capsys.readouterr().err
