"""A run: every question judged, what its folder holds, going on after a break, and its command."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbedder
from llm_server import FakeServer, fake_llm
from runs import written_run

import rag
from eval.intervals import estimate
from eval.metrics import Place
from eval.provenance import OF_ANSWERS, changed_parts, code, describe_run
from eval.records import RunError, claimed, read_run
from eval.run import LLM, RETRIEVAL, failures, foreign_aliases, judged_lines, main, print_summary, read_sets, record_run
from eval.scoring import Judged, answers_of, passages_of
from eval.sets import Evidence, SetError, SetQuestion
from rag.chain import AnswerChain
from rag.prompt import PROMPTS
from rag.settings import Settings
from rag.types import EXTRACTIVE, Question

ROOT = Path(__file__).parent.parent
SET = str(ROOT / "eval" / "sets" / "corpus.jsonl")
FIRST = "24"  # questions of it that runs of it ask
FISH = SetQuestion("fish", "fact", Question("猫吃鱼吗"), True, (("鱼",),), ("鸟",), (Evidence("甲", "猫吃鱼。"),))
BIRD = SetQuestion("bird", "fact", Question("鸟会什么"), True, (("飞",),), (), (Evidence("子/丙", "鸟会飞。"),))
WEATHER = SetQuestion("weather", "off-topic", Question("股价"), False, (), (), ())
STALE = SetQuestion("old", "fact", Question("猫吃鸟吗"), True, (("鸟",),), (), (Evidence("甲", "猫吃鸟"),))
RETRIEVED = {
    "evidence hit@1",
    "evidence hit@5",
    "evidence recall@5",
    "evidence precision@5",
    "evidence hit@10",
    "evidence recall@10",
}
RETRIEVED |= {"MRR@10", "nDCG@10", "article@1", "article MRR@10"}


@pytest.fixture
def chain(tiny_index: Path, fake_embedder: FakeEmbedder) -> AnswerChain:
    """Answers from the tiny corpus, and refuses nothing that it finds a passage for."""
    return AnswerChain(Settings(_env_file=None, index=tiny_index, refusal_threshold=0), embedder=fake_embedder)


def row_of(question: SetQuestion) -> dict[str, Any]:
    return {
        "id": question.id,
        "type": question.type,
        "question": question.question.text,
        "answerable": question.answerable,
        "gold": question.gold,
        "forbid": question.forbid,
        "evidence": [{"article": e.article, "quote": e.quote} for e in question.evidence],
    }


def written_set(folder: Path, *questions: SetQuestion, name: str = "tiny") -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row_of(q), ensure_ascii=False) + "\n" for q in questions), encoding="utf-8")
    return path


def lines_of(chain: AnswerChain, *questions: SetQuestion, parallel: int = 1) -> list[dict[str, Any]]:
    named = [("tiny", question) for question in questions]
    return list(judged_lines(named, chain.index.current().library, answers_of(chain), parallel))


def recorded(chain: AnswerChain, folder: Path, *questions: SetQuestion, answerer: str = EXTRACTIVE, **options: Any):
    path = written_set(folder, *questions)
    sets = read_sets([path], None, None)
    return record_run(chain, sets, [path], answerer, folder / "run", **options)


# judging


def test_each_question_is_answered_and_judged_in_order(chain: AnswerChain) -> None:
    lines = lines_of(chain, FISH, BIRD)
    assert [line["id"] for line in lines] == ["fish", "bird"]
    for line, question in zip(lines, (FISH, BIRD), strict=True):
        assert line["error"] is None
        assert line["answer"]["question"] == line["question"] == question.question.text
        judged = ("evidence hit@1", "article@1", "citation hit", "joint accuracy", "gold containment")
        assert {name: line["scores"][name] for name in judged} == dict.fromkeys(judged, 1.0)
        assert (line["scores"]["over-refusal"], line["scores"]["refusal"]) == (0.0, None)
    assert (lines[0]["scores"]["forbidden"], lines[1]["scores"]["forbidden"]) == (0.0, None)


def test_evidence_f1_is_of_the_quote_that_the_answer_is_nearest_to(chain: AnswerChain) -> None:
    quotes = tuple(replace(FISH.evidence[0], quote=quote) for quote in ("猫", "猫吃鱼。猫怕狗。"))
    (line,) = lines_of(chain, replace(FISH, evidence=quotes))
    (said,) = line["answer"]["statements"]
    assert said["text"] == "猫吃鱼。"
    assert line["scores"]["evidence F1"] == pytest.approx(2 * 3 / (3 + 6))  # 2 * 1 / (3 + 1) of the other
    (line,) = lines_of(chain, replace(FISH, evidence=()))
    assert line["scores"]["evidence F1"] is None


def test_a_line_holds_the_question_its_answer_and_what_became_of_its_evidence(chain: AnswerChain) -> None:
    (line,) = lines_of(chain, FISH)
    assert {key: line[key] for key in row_of(FISH)} == json.loads(json.dumps(row_of(FISH)))
    assert (line["set"], line["history"], line["tags"]) == ("tiny", [], [])
    assert (line["outcome"], line["evidence_rank"]) == ("cited", 1)
    assert line["answer"]["search"]["query"] == "猫吃鱼吗"
    assert line["timings"]["total"] > 0 and line["tokens"] is None


def test_an_unanswerable_question_is_judged_by_its_refusal_alone(chain: AnswerChain) -> None:
    (line,) = lines_of(chain, WEATHER)
    scores = line["scores"]
    assert scores["refusal"] == scores["joint accuracy"] == float(line["answer"]["refused"])
    assert (scores["over-refusal"], scores["evidence hit@5"], scores.get("gold containment")) == (None, None, None)


def test_retrieval_only_measures_the_same_passages_and_writes_no_answer(chain: AnswerChain) -> None:
    named = [("tiny", FISH), ("tiny", BIRD)]
    only = list(judged_lines(named, chain.index.current().library, passages_of(chain)))
    for whole, line in zip(lines_of(chain, FISH, BIRD), only, strict=True):
        assert line["answer"] is None
        assert line["passages"] == whole["answer"]["passages"]
        assert line["scores"].keys() == RETRIEVED | {"milliseconds"}
        assert {name: line["scores"][name] for name in RETRIEVED} == {n: whole["scores"][n] for n in RETRIEVED}


def test_a_question_that_raises_or_is_stale_is_named_and_the_others_are_judged(chain: AnswerChain) -> None:
    judge = answers_of(chain)

    def fragile(question: SetQuestion, gold: list[Place]) -> Judged:
        if question.id == "fish":
            raise ZeroDivisionError("no fish")
        return judge(question, gold)

    named = [("tiny", FISH), ("tiny", STALE), ("tiny", BIRD)]
    fish, stale, bird = judged_lines(named, chain.index.current().library, fragile)
    assert (fish["error"], fish["scores"], fish["answer"]) == ("ZeroDivisionError: no fish", {}, None)
    assert (stale["error"], stale["scores"]) == ("stale label: 甲 does not say '猫吃鸟'", {})
    assert bird["error"] is None and bird["scores"]["joint accuracy"] == 1


def test_what_failed_is_told_on_a_line_of_its_own() -> None:
    lines = [{"id": "a", "error": None}, {"id": "b", "error": "ValueError: in\n::error::c"}]
    assert failures(lines) == ["b: ValueError: in ::error::c"]


def test_questions_asked_at_the_same_time_give_the_same_lines_in_the_same_order(chain: AnswerChain) -> None:
    questions = [FISH, BIRD, WEATHER, STALE] * 5
    assert timeless(lines_of(chain, *questions, parallel=4)) == timeless(lines_of(chain, *questions))


def timeless(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines without what a clock said."""
    rows = json.loads(json.dumps(lines))
    for row in rows:
        row["scores"].pop("milliseconds", None)
        row["timings"] = (row["answer"] or {}).get("timings_ms")
        row["timings"] and row["answer"].pop("timings_ms")
        row["timings"] = row["timings"] and sorted(row["timings"])
    return rows


# the folder


def test_a_run_writes_what_it_was_made_with_and_a_summary_of_each_set(chain: AnswerChain, tmp_path: Path) -> None:
    run, asked = recorded(chain, tmp_path, FISH, WEATHER)
    settings = json.loads((tmp_path / "run" / "settings.json").read_text(encoding="utf-8"))
    assert asked == 2
    assert (settings["answerer"], settings["tag"], settings["limit"]) == ("extractive", None, None)
    assert settings["sets"]["tiny"]["questions"] == 2 and len(settings["sets"]["tiny"]["sha256"]) == 64
    assert settings["settings"]["refusal_threshold"] == 0 and settings["settings"].keys() == OF_ANSWERS
    assert settings["model"] == {"name": "fake", "fingerprint": "fake@1"}
    reader = Path(rag.__file__).with_name("reader.safetensors")
    assert settings["weights"]["reader.safetensors"] == hashlib.sha256(reader.read_bytes()).hexdigest()
    assert set(settings["prompts"]) == {path.name for path in PROMPTS.glob("*.md")}
    assert (settings["index"]["generation"], settings["index"]["articles"]) == (1, 3)
    assert settings["revision"] and settings["started"]
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    assert summary == json.loads(json.dumps(run.summary()))
    assert summary["tiny"]["types"]["fact"]["joint accuracy"]["value"] == 1.0
    assert read_run(tmp_path / "run").lines == run.lines


def described(chain: AnswerChain, **changed: Any) -> dict[str, Any]:
    settings = Settings.model_validate({**chain.settings.model_dump(), **changed})
    return describe_run(settings, chain.index.current(), {}, answerer="extractive", tag=None, limit=None)


def test_the_address_of_an_llm_and_of_milvus_is_hashed_without_what_is_secret_in_it(chain: AnswerChain) -> None:
    assert described(chain, llm_base_url="http://a/v1")["endpoints"] == {"llm": None, "milvus": None}
    llm = {"llm": "openai:x", "llm_base_url": "https://a:8/v1"}
    one = described(chain, **llm, milvus_uri="http://m:19530")["endpoints"]
    assert one["llm"] == hashlib.sha256(b"https://a:8/v1").hexdigest()
    secret = {"llm": "openai:x", "llm_base_url": "https://u:p@ss@a:8/v1?key=k", "milvus_uri": "http://u:p@m:19530"}
    assert described(chain, **secret)["endpoints"] == one
    other = described(chain, llm="openai:x", llm_base_url="https://b:8/v1", milvus_uri="http://n:19530")["endpoints"]
    assert other["llm"] != one["llm"] and other["milvus"] != one["milvus"]


def test_aliases_are_part_of_a_run(chain: AnswerChain, tmp_path: Path) -> None:
    assert described(chain, corpus=tmp_path)["aliases"] is None
    aliases = '[[alias]]\nnames = ["鱼", "fish"]\n'
    (tmp_path / "aliases.toml").write_text(aliases, encoding="utf-8")
    assert described(chain, corpus=tmp_path)["aliases"] == hashlib.sha256(aliases.encode()).hexdigest()


@pytest.mark.parametrize("edited", ["rag/refuse.py", "rag/mentions.toml", "rag/everyday.txt", "eval/metrics/texts.py"])
def test_what_answers_and_what_judges_is_hashed_as_it_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edited: str
) -> None:
    for folder in ("rag", "eval/metrics"):
        (tmp_path / folder).mkdir(parents=True)
        for path in (ROOT / folder).glob("*.*"):
            path.suffix == ".safetensors" or (tmp_path / folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr("rag.prompt.__file__", str(tmp_path / "rag" / "prompt.py"))
    monkeypatch.setattr("eval.provenance.__file__", str(tmp_path / "eval" / "provenance.py"))
    before = code()
    assert code() == before
    with (tmp_path / edited).open("a") as file:
        file.write("#")
    changed = {name for name, value in code().items() if value != before[name]}
    assert changed == {"answers" if edited.startswith("rag") else "judging"}


def test_what_older_runs_do_not_tell_has_not_changed_since_them(chain: AnswerChain) -> None:
    now = described(chain)
    older = {name: part for name, part in now.items() if name not in ("code", "aliases", "endpoints")}
    assert changed_parts(older, now) == changed_parts(now, older) == {}
    other = {**now, "aliases": "a" * 64, "code": {**now["code"], "answers": "b" * 64}}
    assert changed_parts(now, other).keys() == {"aliases", "code.answers"}


def test_what_may_be_secret_is_in_no_run_and_of_an_old_run_not_read(chain: AnswerChain, tmp_path: Path) -> None:
    secret = {
        "history": "postgresql://u:s3cret@db/h",
        "milvus_uri": "http://u:s3cret@milvus",
        "milvus_token": "u:s3cret",
        "llm_base_url": "https://u:s3cret@llm/v1",
        "llm_api_key": "s3cret",
        "editor_password": "s3cret-of-editors",
    }
    assert "s3cret" not in json.dumps(described(chain, **secret))
    old = written_run(tmp_path / "old", {"一": {"refusal": 1}}, settings={**secret, "candidates": 50})
    assert read_run(old).settings["settings"] == {"candidates": 50}


def test_each_setting_is_of_answers_or_known_to_change_none() -> None:
    none = """
        corpus index runs history milvus_token milvus_alias allow_urls llm_api_key api_keys
        api_rate api_workers api_queue log_json log_questions reader_password editor_password readers editors
    """
    hashed = {"llm_base_url", "milvus_uri"}
    assert Settings.model_fields.keys() - OF_ANSWERS - hashed == set(none.split())


def test_two_extractive_runs_are_the_same_but_for_the_clock(chain: AnswerChain, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    runs = [recorded(chain, tmp_path / name, FISH, BIRD, WEATHER)[0] for name in "ab"]
    assert timeless(runs[0].lines) == timeless(runs[1].lines)


@pytest.fixture(scope="module")
def whole(corpus_index: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The lines of the first questions of the corpus set, asked one at a time, without what the clock says."""
    out = tmp_path_factory.mktemp("whole")
    assert main([SET, "--index", str(corpus_index), "--limit", FIRST, "--out", str(out)]) == 0
    return timeless(read_run(out).lines)


@pytest.mark.model
def test_questions_of_the_corpus_set_asked_two_at_a_time_have_the_lines_of_one_at_a_time(
    whole: list[dict[str, Any]], corpus_index: Path, tmp_path: Path
) -> None:
    options = ["--limit", FIRST, "--parallel", "2", "--out", str(tmp_path)]
    assert main([SET, "--index", str(corpus_index), *options]) == 0
    assert timeless(read_run(tmp_path).lines) == whole


def test_a_broken_run_goes_on_after_its_last_whole_line(chain: AnswerChain, tmp_path: Path) -> None:
    whole, _ = recorded(chain, tmp_path, FISH, BIRD, WEATHER)
    path = tmp_path / "run" / "lines.jsonl"
    first, second, _ = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(first + second[: len(second) // 2], encoding="utf-8")
    again, asked = recorded(chain, tmp_path, FISH, BIRD, WEATHER)
    assert asked == 2
    assert again.lines[0] == whole.lines[0]
    assert timeless(again.lines) == timeless(whole.lines)
    assert recorded(chain, tmp_path, FISH, BIRD, WEATHER)[1] == 0


@pytest.mark.model
def test_a_run_that_was_killed_and_continued_has_the_bytes_of_one_that_was_not(
    whole: list[dict[str, Any]], corpus_index: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "eval", "run", SET, "--index", str(corpus_index), "--limit", FIRST]
    running = subprocess.Popen([*command, "--out", str(tmp_path)], cwd=ROOT, stdout=subprocess.DEVNULL)
    lines = tmp_path / "lines.jsonl"
    while not lines.exists() or lines.read_bytes().count(b"\n") < 2:
        assert running.poll() is None
        time.sleep(0.005)
    running.kill()
    running.wait()
    assert not (tmp_path / "summary.json").exists()
    assert 0 < lines.read_bytes().count(b"\n") < int(FIRST)
    assert main([*command[4:], "--out", str(tmp_path)]) == 0
    assert json.dumps(timeless(read_run(tmp_path).lines)) == json.dumps(whole)


def test_a_run_made_in_another_way_is_not_gone_on_with(
    chain: AnswerChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(chain, tmp_path, FISH)
    chain.settings = chain.settings.model_copy(update={"dense_weight": 0.25})
    with pytest.raises(RunError, match=r"another way.*settings\.dense_weight was 0\.6 and is 0\.25"):
        recorded(chain, tmp_path, FISH)
    chain.settings = chain.settings.model_copy(update={"dense_weight": 0.6})
    monkeypatch.setattr("eval.provenance.code", lambda: {"answers": "a" * 64})
    with pytest.raises(RunError, match=r"code\.answers was .* and is aaaaaaaaaaaa"):
        recorded(chain, tmp_path, FISH)
    monkeypatch.undo()
    with pytest.raises(RunError, match=r"sets\.tiny\.sha256"):
        recorded(chain, tmp_path, FISH, BIRD)
    with pytest.raises(RunError, match="answerer was extractive and is retrieval"):
        recorded(chain, tmp_path, FISH, answerer=RETRIEVAL)


def test_lines_that_nothing_says_the_making_of_are_not_gone_on_with(chain: AnswerChain, tmp_path: Path) -> None:
    recorded(chain, tmp_path, FISH)
    (tmp_path / "run" / "settings.json").unlink()
    with pytest.raises(RunError, match=r"holds lines, and no settings\.json says how they were made"):
        recorded(chain, tmp_path, FISH)
    assert not (tmp_path / "run" / "settings.json").exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("settings.json", None, r"settings\.json cannot be read as that of a run: No such file or directory$"),
        ("settings.json", "{", r"settings\.json cannot be read"),
        ("settings.json", "[]", r"settings\.json cannot be read"),
        ("settings.json", "{}", r"settings\.json cannot be read.*: it should hold sets, answerer, settings$"),
        ("lines.jsonl", None, r"lines\.jsonl cannot be read"),
        ("lines.jsonl", "", "holds 0 lines"),
        ("lines.jsonl", "{broken\n", r"lines\.jsonl, line 1, cannot be read"),
        ("settings.json", '{"sets": {"tiny": {}}, "answerer": "x"}', "each of its sets should hold questions, a"),
        ("settings.json", '{"sets": {"tiny": []}, "answerer": "x"}', "each of its sets should hold questions, a"),
        ("lines.jsonl", '{"id": "a", "scores": {}}\n', r"line 1, cannot be read: 'set' is a required property; "),
    ],
)
def test_a_folder_that_is_no_run_is_named(
    chain: AnswerChain, tmp_path: Path, file: str, text: str | None, message: str
) -> None:
    recorded(chain, tmp_path, FISH)
    path = tmp_path / "run" / file
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("error", 5, "error: 5 is not of type 'string', 'null'"),
        ("type", ["x"], r"type: \['x'\] is not of type 'string'"),
        ("id", 7, "id: 7 is not of type 'string'"),
        ("gold", "鱼", "gold: '鱼' is not of type 'array'"),
        ("evidence", [{}], r"evidence\[0\]: 'article' is a required property; .*'quote'"),
        ("answer", {"passages": ["x" * 999]}, r"answer\.passages\[0\]: 'x{250,300}$"),
    ],
)
def test_a_line_with_a_wrong_value_is_named_with_it(
    chain: AnswerChain, tmp_path: Path, key: str, value: Any, message: str
) -> None:
    run, _ = recorded(chain, tmp_path, FISH)
    path = tmp_path / "run" / "lines.jsonl"
    path.write_text(json.dumps({**run.lines[0], key: value}, ensure_ascii=False) + "\n", encoding="utf-8")
    with pytest.raises(RunError, match=rf"lines\.jsonl, line 1, cannot be read: {message}"):
        read_run(tmp_path / "run")


def test_a_question_that_is_there_twice_makes_a_run_unusable(chain: AnswerChain, tmp_path: Path) -> None:
    recorded(chain, tmp_path, FISH)
    path = tmp_path / "run" / "lines.jsonl"
    path.write_text(path.read_text(encoding="utf-8") * 2, encoding="utf-8")
    with pytest.raises(RunError, match="holds 2 lines of 1 questions"):
        read_run(tmp_path / "run")


# with an LLM


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_llm() as running:
        yield running


def llm_chain(server: FakeServer, index: Path, embedder: FakeEmbedder) -> AnswerChain:
    settings = Settings(
        _env_file=None, index=index, refusal_threshold=0, llm="openai:fake", llm_base_url=server.base_url
    )
    return AnswerChain(settings, embedder=embedder)


def test_an_llm_run_counts_tokens_and_the_sentences_that_the_model_marked(
    server: FakeServer, tiny_index: Path, fake_embedder: FakeEmbedder, tmp_path: Path
) -> None:
    server.queue = ["猫吃鱼。[1]", "猫吃鱼。"]
    run, _ = recorded(llm_chain(server, tiny_index, fake_embedder), tmp_path, FISH, BIRD, answerer=LLM)
    fish = run.lines[0]
    assert (fish["scores"]["fell back"], fish["scores"]["marked sentences"]) == (0.0, 1.0)
    assert fish["tokens"]["calls"] == 1 and fish["tokens"]["reply"] > 3
    assert fish["scores"]["prompt tokens"] == fish["tokens"]["prompt"] > 200
    assert run.summary()["tiny"]["all"]["prompt tokens"]["n"] == 2


def test_an_llm_run_survives_an_endpoint_that_fails(
    server: FakeServer, tiny_index: Path, fake_embedder: FakeEmbedder, tmp_path: Path
) -> None:
    server.mode = "error"
    run, _ = recorded(llm_chain(server, tiny_index, fake_embedder), tmp_path, FISH, BIRD, answerer=LLM, parallel=2)
    assert [line["error"] for line in run.lines] == [None, None]
    assert [line["scores"]["fell back"] for line in run.lines] == [1.0, 1.0]
    assert "大模型" in run.lines[0]["answer"]["notice"] and run.lines[0]["answer"]["citations"]
    assert (run.lines[0]["tokens"]["reply"], run.lines[0]["tokens"]["prompt"] > 200) == (0, True)  # sent all the same
    assert run.summary()["tiny"]["all"]["fell back"] == {**estimate([1.0, 1.0]).to_json()}


def test_questions_to_an_llm_are_asked_at_the_same_time(chain: AnswerChain) -> None:
    both = threading.Barrier(2, timeout=5)

    def judge(question: SetQuestion, gold: list[Place]) -> Judged:
        both.wait()
        raise KeyError(question.id)

    lines = judged_lines([("s", FISH), ("s", BIRD)], chain.index.current().library, judge, 2)
    assert [line["error"] for line in lines] == ["KeyError: 'fish'", "KeyError: 'bird'"]


# the command


def test_the_command_without_an_index_is_one_sentence_and_exit_code_1(tmp_path: Path, capsys) -> None:
    assert main([SET, "--index", str(tmp_path / "none")]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: there is no index in ")


def test_wrong_sets_are_named_with_exit_code_1(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 1
    assert "none.jsonl cannot be read" in capsys.readouterr().err
    assert main([SET, "--tag", "nothing"]) == 1
    assert "has the tag nothing" in capsys.readouterr().err
    with pytest.raises(SetError, match="two sets are named corpus"):
        read_sets([Path(SET), Path(SET)], None, None)


def test_an_llm_run_without_an_llm_is_refused(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.delenv("YINJU_LLM", raising=False)
    assert main([SET, "--answerer", "llm"]) == 1
    assert "--answerer llm needs YINJU_LLM" in capsys.readouterr().err


@pytest.mark.parametrize("out", ["file", "file/run"])
def test_a_folder_that_cannot_be_made_is_told_before_the_index_is_opened(tmp_path: Path, capsys, out: str) -> None:
    (tmp_path / "file").touch()
    assert main([SET, "--index", str(tmp_path / "none"), "--out", str(tmp_path / out)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / out} cannot be the folder of a run: ")


def test_of_two_runs_into_one_folder_the_second_is_refused(tmp_path: Path, capsys) -> None:
    with claimed(tmp_path / "run"):
        assert main([SET, "--index", str(tmp_path / "none"), "--out", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err.startswith(f"error: another run is writing into {tmp_path / 'run'}: ")


def test_passages_alone_have_no_answerer(capsys) -> None:
    with pytest.raises(SystemExit) as raised:
        main([SET, "--retrieval-only", "--answerer", "llm"])
    assert raised.value.code == 2
    assert "argument --answerer: not allowed with argument --retrieval-only" in capsys.readouterr().err


def test_a_folder_that_holds_no_indexed_article_has_aliases_of_something_else(
    chain: AnswerChain, tiny_corpus: Path, tmp_path: Path
) -> None:
    library = chain.index.current().library
    assert (foreign_aliases(tiny_corpus, library), foreign_aliases(tmp_path, library)) == (False, True)


def test_a_type_and_a_set_in_square_brackets_are_shown_as_they_are_named(capsys) -> None:
    print_summary({"questions": 1, "types": {"[/旧]": {}}, "all": {}, "evidence": {}}, "集[red]", ["MRR@10"])
    shown = capsys.readouterr().out
    assert "[/旧]" in shown and "集[red]" in shown


@pytest.mark.parametrize("option", ["--limit", "--parallel"])
def test_a_number_below_1_is_a_wrong_argument(option: str) -> None:
    with pytest.raises(SystemExit) as raised:
        main([SET, option, "0"])
    assert raised.value.code == 2


@pytest.mark.model
def test_the_command_measures_real_answers_of_several_sets(corpus_index: Path, tmp_path: Path, capsys) -> None:
    stale = written_set(tmp_path, STALE)
    options = ["--index", str(corpus_index), "--limit", "3", "--out", str(tmp_path / "run")]
    assert main([SET, str(stale), *options]) == 1
    run = read_run(tmp_path / "run")
    assert (run.sets, len(run.lines)) == (["corpus", "tiny"], 4)
    summary = run.summary()
    assert summary["corpus"]["failed"] == {}
    assert summary["corpus"]["all"]["citations exact"] | {"low": 0} == {"value": 1.0, "low": 0, "high": 1.0, "n": 3}
    output = capsys.readouterr()
    assert output.err == "FAILED: old: stale label: there is no article 甲\n"
    assert "a second" in output.out
