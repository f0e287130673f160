"""The runner, its summary, its floors and its command."""

import json
import math
import statistics
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from eval.floors import FloorsError, load_floors, missed_limits
from eval.metrics import Place
from eval.run import main
from eval.scoring import Judged, Run, answers_of, by_type, passages_of, percentile, run, summarize
from eval.sets import Evidence, SetError, SetQuestion
from rag.chain import AnswerChain
from rag.settings import Settings
from rag.types import Question

ROOT = Path(__file__).parent.parent
SET = str(ROOT / "eval" / "sets" / "corpus.jsonl")
FISH = SetQuestion("fish", "fact", Question("猫吃鱼吗"), True, (("鱼",),), ("鸟",), (Evidence("甲", "猫吃鱼。"),))
BIRD = SetQuestion("bird", "fact", Question("鸟会什么"), True, (("飞",),), (), (Evidence("子/丙", "鸟会飞。"),))
WEATHER = SetQuestion("weather", "off-topic", Question("股价"), False, (), (), ())


@pytest.fixture
def chain(tiny_index: Path, fake_embedder: FakeEmbedder) -> AnswerChain:
    """Answers from the tiny corpus, and refuses nothing that it finds a passage for."""
    return AnswerChain(Settings(_env_file=None, index=tiny_index, refusal_threshold=0), embedder=fake_embedder)


def judged(type_: str = "fact", **scores: float | None) -> Judged:
    return Judged(SetQuestion("q", type_, Question("问"), True, (("答",),), (), ()), scores)


# running


def test_each_question_is_answered_and_judged_in_order(chain: AnswerChain) -> None:
    result = run([FISH, BIRD], chain.index.current().library, answers_of(chain))
    assert result.failed == {}
    assert [j.question.id for j in result.judged] == ["fish", "bird"]
    for j in result.judged:
        assert j.answer is not None
        assert j.answer.question == j.question.question
        assert {name: j.scores[name] for name in ("evidence hit@1", "article@1", "citation hit")} == {
            "evidence hit@1": 1.0,
            "article@1": 1.0,
            "citation hit": 1.0,
        }
        assert (j.scores["joint accuracy"], j.scores["over-refusal"], j.scores["refusal"]) == (1.0, 0.0, None)
    assert (result.judged[0].scores["forbidden"], result.judged[1].scores["forbidden"]) == (0.0, None)


def test_an_unanswerable_question_is_judged_by_its_refusal_alone(chain: AnswerChain) -> None:
    (j,) = run([WEATHER], chain.index.current().library, answers_of(chain)).judged
    assert j.answer is not None
    assert j.scores["refusal"] == j.scores["joint accuracy"] == float(j.answer.refused)
    assert j.scores["over-refusal"] is None
    assert j.scores["evidence hit@5"] is None
    assert j.scores.get("gold containment") is None


def test_retrieval_only_measures_the_same_passages_and_writes_no_answer(chain: AnswerChain) -> None:
    generation = chain.index.current()
    whole = run([FISH, BIRD], generation.library, answers_of(chain)).judged
    only = run([FISH, BIRD], generation.library, passages_of(chain)).judged
    for with_answer, without in zip(whole, only, strict=True):
        assert without.answer is None
        names = without.scores.keys() - {"milliseconds"}
        assert {name: without.scores[name] for name in names} == {name: with_answer.scores[name] for name in names}
        assert names == {
            "evidence hit@1",
            "evidence hit@5",
            "evidence recall@5",
            "evidence hit@10",
            "evidence recall@10",
            "MRR@10",
            "nDCG@10",
            "article@1",
            "article MRR@10",
        }


def test_a_question_that_raises_is_named_and_the_others_are_judged(chain: AnswerChain) -> None:
    judge = answers_of(chain)

    def fragile(question: SetQuestion, gold: list[Place]) -> Judged:
        if question.id == "fish":
            raise ZeroDivisionError("no fish")
        return judge(question, gold)

    result = run([FISH, BIRD], chain.index.current().library, fragile)
    assert [j.question.id for j in result.judged] == ["bird"]
    assert result.failed == {"fish": "ZeroDivisionError: no fish"}
    assert result.to_json()["failed"] == {"fish": "ZeroDivisionError: no fish"}


def test_a_run_in_which_everything_fails_has_a_summary_without_metrics() -> None:
    result = Run([], {"a": "X: y"})
    assert result.to_json() == {"all": {"questions": 0}, "types": {}, "evidence": {}, "failed": {"a": "X: y"}}


def test_a_stale_label_stops_the_run_before_its_first_answer(chain: AnswerChain) -> None:
    stale = SetQuestion("old", "fact", Question("问"), True, (("答",),), (), (Evidence("甲", "猫吃鸟"),))

    def never(question: SetQuestion, gold: list[Place]) -> Judged:
        raise AssertionError("judged")

    with pytest.raises(SetError, match="old: stale label"):
        run([FISH, stale], chain.index.current().library, never)


def test_a_result_line_holds_the_question_its_scores_and_its_answer(chain: AnswerChain) -> None:
    result = run([FISH], chain.index.current().library, answers_of(chain))
    (line,) = result.to_lines().splitlines()
    row = json.loads(line)
    assert (row["id"], row["type"], row["answer"]["question"]) == ("fish", "fact", "猫吃鱼吗")
    assert row["scores"] == result.judged[0].scores
    assert (row["evidence"], row["evidence_rank"]) == ("cited", 1)
    assert json.loads(Run([judged(a=1.0)]).to_lines()) == {"id": "q", "type": "fact", "scores": {"a": 1.0}}


# summaries


def test_a_summary_is_the_mean_of_what_was_judged() -> None:
    all_ = [judged(a=1.0, b=None), judged(a=0.0, b=0.5), judged(c=None)]
    assert summarize(all_) == {"questions": 3, "a": 0.5, "b": 0.5}
    assert summarize([]) == {"questions": 0}


def test_brevity_is_a_median_and_time_two_percentiles() -> None:
    all_ = [judged(brevity=value, milliseconds=value * 10) for value in (1.0, 2.0, 30.0)]
    assert summarize(all_) == {"questions": 3, "brevity": 2.0, "p50 ms": 20.0, "p95 ms": 300.0}


def test_refusal_is_told_by_type_and_never_averaged_over_types() -> None:
    all_ = [
        judged("off-topic", refusal=1.0, **{"over-refusal": None}),
        judged("near-miss", refusal=0.0),
        judged("near-miss", refusal=1.0),
        judged("fact", refusal=None, **{"over-refusal": 0.25}),
    ]
    assert summarize(all_) == {
        "questions": 4,
        "over-refusal": 0.25,
        "refusal off-topic": 1.0,
        "balanced accuracy off-topic": (1 + 0.75) / 2,
        "refusal near-miss": 0.5,
        "balanced accuracy near-miss": (0.5 + 0.75) / 2,
    }
    assert summarize(all_[:3]) == {"questions": 3, "refusal off-topic": 1.0, "refusal near-miss": 0.5}


def test_types_are_summarized_apart_in_order_of_appearance() -> None:
    all_ = [judged("b", x=1.0), judged("a", x=0.0), judged("b", x=0.0)]
    types = by_type(all_)
    assert list(types) == ["b", "a"]
    assert types == {"b": {"questions": 2, "x": 0.5}, "a": {"questions": 1, "x": 0.0}}


@pytest.mark.parametrize(
    ("count", "percent", "value"), [(100, 95, 95), (20, 95, 19), (3, 95, 3), (1, 95, 1), (4, 50, 2)]
)
def test_a_percentile_is_the_nearest_rank(count: int, percent: int, value: int) -> None:
    assert percentile([float(v) for v in range(count, 0, -1)], percent) == value


def test_percentiles_agree_with_their_definition() -> None:
    values = [float(v * v % 37) for v in range(50)]
    for percent in range(1, 101):
        enough = [v for v in values if sum(w <= v for w in values) * 100 >= percent * len(values)]
        assert percentile(values, percent) == min(enough)
    assert percentile(sorted(values)[:49], 50) == statistics.median(sorted(values)[:49])


# floors

FLOORS = '[least]\n"hit@5" = 0.9\n[most]\n"over-refusal" = 0.2\n'


def write_floors(folder: Path, text: str) -> Path:
    path = folder / "floors.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("summary", "missed"),
    [
        ({"hit@5": 0.9, "over-refusal": 0.2}, []),
        ({"hit@5": 1.0, "over-refusal": 0.0, "other": 0.0}, []),
        ({"hit@5": 0.89, "over-refusal": 0.2}, ["hit@5 is 0.89, the least is 0.9"]),
        ({"hit@5": 0.9, "over-refusal": 0.21}, ["over-refusal is 0.21, the most is 0.2"]),
        ({"hit@5": math.nan, "over-refusal": 0.2}, ["hit@5 is nan, the least is 0.9"]),
        ({"hit@5": 0.9, "over-refusal": math.nan}, ["over-refusal is nan, the most is 0.2"]),
        ({}, ["hit@5 is not measured, the least is 0.9", "over-refusal is not measured, the most is 0.2"]),
    ],
)
def test_what_is_below_above_or_missing_is_named(tmp_path: Path, summary: dict[str, float], missed: list[str]) -> None:
    assert missed_limits(summary, load_floors(write_floors(tmp_path, FLOORS))) == missed


@pytest.mark.parametrize("text", ["", '[lest]\n"a" = 1\n', "[least]\n", "least = 1\n", '"a" = 1\n', "[least\n"])
def test_a_floors_file_that_would_check_nothing_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FloorsError, match=r"floors\.toml"):
        load_floors(write_floors(tmp_path, text))
    with pytest.raises(FloorsError, match=r"none\.toml cannot be read"):
        load_floors(tmp_path / "none.toml")


def test_the_committed_floors_name_metrics_of_the_summary(chain: AnswerChain) -> None:
    limits = load_floors(ROOT / "eval" / "floors.toml")
    measured = run([FISH], chain.index.current().library, answers_of(chain)).judged[0].scores
    assert {name for table in limits.values() for name in table} <= measured.keys()
    assert limits["least"]["citations exact"] == 1.0
    assert limits["most"]["unsupported figures"] == 0.0


# the command


def test_the_command_without_an_index_is_one_sentence_and_exit_code_1(tmp_path: Path, capsys) -> None:
    assert main([SET, "--index", str(tmp_path / "none")]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: there is no index in ")


def test_wrong_set_and_floors_are_named_with_exit_code_1(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 1
    assert "none.jsonl cannot be read" in capsys.readouterr().err
    assert main([SET, "--floors", str(tmp_path / "none.toml")]) == 1
    assert "none.toml cannot be read" in capsys.readouterr().err


def test_a_limit_below_1_is_a_wrong_argument() -> None:
    with pytest.raises(SystemExit) as raised:
        main([SET, "--limit", "0"])
    assert raised.value.code == 2


@pytest.mark.model
@pytest.mark.parametrize(("floor", "code"), [(0.0, 0), (1.1, 1)])
def test_the_command_measures_real_answers(corpus_index: Path, tmp_path: Path, capsys, floor: float, code: int) -> None:
    floors = write_floors(tmp_path, f'[least]\n"citations exact" = {floor}\n')
    files = ["--json", str(tmp_path / "summary.json"), "--lines", str(tmp_path / "lines.jsonl")]
    assert main([SET, "--index", str(corpus_index), "--limit", "3", "--floors", str(floors), *files]) == code
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["failed"] == {}
    assert (summary["all"]["questions"], summary["all"]["citations exact"]) == (3, 1.0)
    assert len((tmp_path / "lines.jsonl").read_text(encoding="utf-8").splitlines()) == 3
    assert ("FAILED: citations exact is 1, the least is 1.1" in capsys.readouterr().err) == bool(code)
