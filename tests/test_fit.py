"""Fitting the topic model, and what it makes of questions that are near to everything."""

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import CORPUS

from eval.fit import fit_topics, main
from rag.chain import AnswerChain
from rag.embed import EVERYDAY, SentenceEmbedder
from rag.features import TOPIC_FEATURES
from rag.settings import Settings
from rag.text import is_foreign

SETS = CORPUS.parent / "eval" / "sets"


def test_a_source_counts_as_much_as_another_of_a_hundred_times_its_questions() -> None:
    at = np.array([[0.0], [1.0]])
    labels = np.array([False, True])
    few, other = (at, labels), (at, ~labels)  # as many reasons for as against
    many = (np.repeat(at, 100, axis=0), np.repeat(labels, 100))
    assert fit_topics([few, other]).coef_ == pytest.approx(0, abs=1e-3)
    assert fit_topics([many, other]).coef_ == pytest.approx(0, abs=1e-3)


def test_absent_topics_count_as_much_as_present_ones_however_few() -> None:
    present, absent = np.repeat([[1.0]], 99, axis=0), np.array([[1.0]])
    model = fit_topics([(np.concatenate([present, absent]), np.array([True] * 99 + [False]))])
    assert model.predict_proba([[1.0]])[0, 1] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.model
def test_the_command_writes_the_weights_of_the_topic_and_keeps_the_others(
    corpus_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "weights.json"
    out.write_text('{"sentence": {"cosine": 1}}', encoding="utf-8")
    sets = [str(SETS / "corpus.jsonl"), str(SETS / "off-topic.jsonl")]
    given = ["--only", "topic", "--source", str(corpus_index), *sets, "--limit", "25", "--out", str(out)]
    assert main(given) == 0
    weights = json.loads(out.read_text(encoding="utf-8"))
    assert weights["sentence"] == {"cosine": 1}
    assert set(weights["topic"]) == set(TOPIC_FEATURES)
    assert weights["topic"]["dense"] > 0 > weights["topic"]["everyday"]
    assert float(capsys.readouterr().out.split("each source: ")[1].split()[0]) > 0.9


@pytest.mark.model
def test_the_command_fits_how_likely_passages_answer_by_what_the_reader_makes_of_them(
    corpus_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "weights.json"
    given = ["--only", "answered", "--source", str(corpus_index), str(SETS / "corpus.jsonl"), "--limit", "50"]
    assert main([*given, "--out", str(out)]) == 0
    weights = json.loads(out.read_text(encoding="utf-8"))
    assert weights.keys() == {"answered"}
    assert weights["answered"]["slope"] > 0
    assert float(capsys.readouterr().out.split("odds ")[1].split()[0]) > 0.7


def test_what_cannot_be_fitted_on_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, own = ["--out", str(tmp_path / "weights.json")], tmp_path / "own.jsonl"
    row = {"id": "a", "type": "fact", "question": "？", "answerable": False, "gold": [], "evidence": []}
    own.write_text(json.dumps({**row, "tags": ["report"]}) + "\n", encoding="utf-8")
    for name, told in (
        (str(SETS / "corpus.jsonl"), f"there is no index in {tmp_path}: "),
        (str(tmp_path / "none.jsonl"), "none.jsonl cannot be read: "),
        (str(own), f"the sets of {tmp_path} hold no question without the tag report\n"),
    ):
        assert main(["--source", str(tmp_path), name, *out]) == 1
        assert told in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["--source", str(tmp_path), *out])
    assert "needs a SET, too" in capsys.readouterr().err
    assert not (tmp_path / "weights.json").exists()


def test_no_everyday_question_is_one_that_the_product_is_judged_by() -> None:
    judged = [
        json.loads(line) for path in SETS.glob("*.jsonl") for line in path.read_text(encoding="utf-8").splitlines()
    ]
    everyday = EVERYDAY.read_text(encoding="utf-8").splitlines()
    assert len(everyday) == len(set(everyday)) > 200
    assert sum(map(is_foreign, everyday)) > 50
    assert not set(everyday) & {row.get("question") for row in judged}


@pytest.mark.model
@pytest.mark.parametrize(
    ("vague", "precise"),
    [
        ("说个绕口令", "福利社是哪一年停止运营的？"),
        ("How do I train for a marathon?", "What is the technical service fee of Xiaohongshu?"),
    ],
)
def test_a_vague_question_is_nearer_to_everyday_ones_and_is_refused(
    vague: str, precise: str, corpus_index: Path, real_embedder: SentenceEmbedder
) -> None:
    cosines = [real_embedder.everyday_cosine(question) for question in (vague, precise)]
    assert cosines[0] > cosines[1] + 0.05
    chain = AnswerChain(Settings(_env_file=None, index=corpus_index), embedder=real_embedder)
    refused, answered = (chain.invoke(question) for question in (vague, precise))
    assert refused.confidence is not None and answered.confidence is not None
    assert refused.confidence < 0.08 < 0.5 < answered.confidence
    chain.close()
