import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from rag.adapter import changes, read_adapter
from rag.reader import ADAPTER, Window
from training.__main__ import main as run_training
from training.average import main as average
from training.evaluate import main as evaluate
from training.evaluate import open_reader
from training.examples import KINDS, Example, Examples, ReadingSet, cropped, window_around
from training.train import LENGTHS, Plan, draw, export_adapter, export_tensors, schedule, train, write_changes
from training.truncate import main as truncate

PASSAGES = {
    "甲": ("猫", "猫吃鱼。猫在1998年怕过狗。猫睡在屋顶上。猫的主人姓王。"),
    "乙": ("狗", "狗追猫。狗在院子里看门。狗的主人姓李。"),
    "丙": ("鳥", "鳥會飛。鳥在樹上築巢。"),
}
QUESTIONS = [
    ("q1", "猫吃什么？", "甲", "鱼", [2]),
    ("q2", "猫在1998年怕过什么？", "甲", "狗", [13]),
    ("q3", "狗的主人姓什么？", "乙", "李", []),
    ("q4", "鳥在哪裡築巢？", "丙", "樹上", [6]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A reading-comprehension set of three passages and four questions, and one question that has no answer."""
    rows = [{"id": id_, "title": title, "text": text} for id_, (title, text) in PASSAGES.items()]
    questions = [
        {"id": id_, "question": q, "passage": p, "answers": [a], "answerable": True, "starts": starts}
        for id_, q, p, a, starts in QUESTIONS
    ]
    questions.append({"id": "q5", "question": "猫几岁？", "passage": "甲", "answers": [], "answerable": False})
    for name, lines in (("passages", rows), ("questions", questions)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_reading_set_holds_the_answered_questions_in_simplified_characters(folder: Path) -> None:
    reading = ReadingSet.load(folder)
    assert [item.id for item in reading.items] == ["q1", "q2", "q3", "q4"]
    last = reading.items[-1]
    assert (last.question, reading.texts["丙"][last.start : last.end]) == ("鸟在哪里筑巢？", "树上")


def test_the_passages_held_out_are_learned_from_by_no_question(folder: Path) -> None:
    learn, held = ReadingSet.load(folder).split(0.34)
    assert {item.passage for item in learn.items} & {item.passage for item in held.items} == set()
    assert len(learn.items) + len(held.items) == 4
    assert held.items


def test_a_window_grows_by_whole_sentences_up_to_its_length() -> None:
    spans = [(0, 4), (4, 10), (10, 12), (12, 20)]
    for seed in range(20):
        chosen = window_around(spans, (10, 11), 9, random.Random(seed))
        assert chosen in ([2], [1, 2])
    assert window_around(spans, (3, 5), 2, random.Random(1)) == [0, 1]


def test_an_answer_example_marks_the_answer_in_its_window(folder: Path) -> None:
    reading = ReadingSet.load(folder)
    examples = Examples(reading)
    for seed in range(20):
        for item in reading.items:
            example = examples.answer(item, 12, random.Random(seed))
            assert example.window[example.start : example.end] == reading.texts[item.passage][item.start : item.end]


def test_a_kind_of_negative_that_is_left_out_is_not_drawn(folder: Path) -> None:
    reading = ReadingSet.load(folder)
    drawn = {}
    for without in ((), ("removed", "missed")):
        examples = Examples(reading, without=without)
        drawn[without] = {examples.no_answer(i, 12, random.Random(n)).kind for n in range(99) for i in reading.items}
    assert drawn[()] - {"other"} == set(KINDS)
    assert drawn["removed", "missed"] - {"other"} == set(KINDS) - {"removed", "missed"}


def test_windows_are_no_longer_than_the_plan_says() -> None:
    assert {batch.letters for batch in schedule(Plan(epochs=3, longest=90), 1000)} == {60, 90}
    assert {batch.letters for batch in schedule(Plan(epochs=3, shortest=100, longest=260), 1000)} == {160, 260}


def test_lengths_that_no_window_has_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_training([str(folder), str(folder / "out"), "--shortest", "100", "--longest", "150"])
    assert "no window has 100 to 150 code points: there are [60, 90, 160, 260, 360]" in capsys.readouterr().err


def test_an_unknown_kind_of_negative_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run_training([str(folder), str(folder / "out"), "--without", "removed", "remved"])
    assert "there is no kind remved: the kinds are retrieved, removed," in capsys.readouterr().err


def test_a_question_that_its_passage_leaves_open_is_asked_of_the_windows_of_that_passage(folder: Path) -> None:
    reading = ReadingSet.load(folder)
    examples = Examples(reading, {kind: float(kind == "missed") for kind in KINDS})
    for seed in range(9):
        cat = [examples.no_answer(item, 12, random.Random(seed)) for item in reading.items[:2]]
        assert [(e.kind, e.question, e.start) for e in cat] == [("missed", "猫几岁？", None)] * 2
        assert all(e.window in reading.texts["甲"] for e in cat)
    assert Examples(reading).no_answer(reading.items[2], 12, random.Random(1)).kind != "missed"


def test_a_set_may_ask_about_the_passages_of_the_one_before(folder: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    later.mkdir()
    (later / "passages.jsonl").write_text("", encoding="utf-8")
    row = {"id": "w1", "question": "猫以什么为食？", "passage": "甲", "answers": ["鱼"], "answerable": True}
    (later / "questions.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert [item.id for item in ReadingSet.load(folder, later).items] == ["q1", "q2", "q3", "q4", "w1"]


@pytest.mark.parametrize("kind", ["retrieved", "removed", "elsewhere", "changed", "stray"])
def test_no_window_of_these_kinds_answers(folder: Path, kind: str) -> None:
    reading = ReadingSet.load(folder)
    examples = Examples(reading, {k: float(k == kind) for k in KINDS})
    kinds = set()
    for seed in range(30):
        for item in reading.items:
            example = examples.no_answer(item, 20, random.Random(seed))
            assert example.start is None
            if example.kind == "changed":
                assert example.question != item.question
            else:
                assert not any(answer in example.window for answer in item.answers)
            kinds.add(example.kind)
    assert kind in kinds


def test_a_cropped_window_keeps_its_answer() -> None:
    window = "零一二三四五六七八九"
    for seed in range(50):
        chance = random.Random(seed)
        start = chance.randint(0, 8)
        end = chance.randint(start + 1, min(10, start + 4))
        short = cropped(Example("问", "", window, start, end), 4, chance)
        assert len(short.window) == 4
        assert short.window[short.start : short.end] == window[start:end]
    assert cropped(Example("问", "", window), 10, random.Random(1)).window == window
    assert cropped(Example("问", "", window), 3, random.Random(1)).window in window


def test_a_schedule_takes_every_question_once_an_epoch_and_long_windows_in_small_batches() -> None:
    batches = schedule(Plan(epochs=1.5), 1000)
    assert batches[0].first == 0
    assert all(b.first == a.first + a.count for a, b in pairwise(batches))
    assert 1500 <= batches[-1].first + batches[-1].count < 1500 + batches[-1].count
    assert len({(batch.letters, batch.count) for batch in batches}) == len(LENGTHS)


def test_a_batch_is_the_same_whenever_it_is_drawn(folder: Path) -> None:
    reading = ReadingSet.load(folder)
    batch = schedule(Plan(epochs=30), 4)[1]
    first, second = (draw(batch, reading.items, Examples(reading), 7) for _ in range(2))
    assert first == second
    assert len(first) == 2 * batch.count
    assert first != draw(batch, reading.items, Examples(reading), 8)


@pytest.mark.model
def test_a_run_that_was_broken_off_ends_as_one_that_was_not(folder: Path, tmp_path: Path) -> None:
    reading = ReadingSet.load(folder)
    plan = Plan(epochs=10, rank=2)

    class Stop(Exception):
        pass

    def stop_after_the_first_checkpoint(out: Path) -> None:
        def report(line: str) -> None:
            raise Stop(line)

        train(plan, Examples(reading), reading.items, out, report, keep_every=2, report_every=2)

    train(plan, Examples(reading), reading.items, tmp_path / "whole", report=list, keep_every=2)
    with pytest.raises(Stop, match="step 2/"):
        stop_after_the_first_checkpoint(tmp_path / "broken")
    train(plan, Examples(reading), reading.items, tmp_path / "broken", report=list, keep_every=2)
    for name in ("whole", "broken"):
        export_adapter(tmp_path / name / "checkpoint.pt", tmp_path / f"{name}.safetensors", "toy")
    whole, said = read_adapter(tmp_path / "whole.safetensors")
    broken, _ = read_adapter(tmp_path / "broken.safetensors")
    assert said["trained on"] == "toy"
    assert whole.keys() == broken.keys()
    assert all(torch.allclose(whole[name].float(), broken[name].float(), atol=1e-3) for name in whole)
    assert any(name.endswith("attention.self.query.weight.A") for name in whole)


@pytest.mark.model
def test_a_checkpoint_of_another_plan_is_not_resumed(folder: Path, tmp_path: Path) -> None:
    reading = ReadingSet.load(folder)
    train(Plan(epochs=1, rank=2), Examples(reading), reading.items, tmp_path, report=list)
    with pytest.raises(ValueError, match="of another plan"):
        train(Plan(epochs=2, rank=2), Examples(reading), reading.items, tmp_path, report=list)


def test_two_adapters_are_averaged_number_by_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    export_tensors({"span.weight": torch.tensor([1.0, 2.0])}, first, {"plan": "a"})
    export_tensors({"span.weight": torch.tensor([5.0, 2.0])}, second, {"plan": "b"})
    export_tensors({"span.weight": torch.tensor([5.0])}, other, {})
    mixed = tmp_path / "mixed"
    assert average([str(first), str(second), str(mixed), "--share", "0.25"]) == 0
    tensors, said = read_adapter(mixed)
    assert tensors["span.weight"].tolist() == [2.0, 2.0]
    assert (said["plan"], said["averaged"]) == ("b", "0.25 of it")
    assert average([str(first), str(other), str(mixed)]) == 1
    assert "different heads" in capsys.readouterr().err


def test_the_mean_of_two_adapters_is_of_what_they_change_whatever_their_ranks(tmp_path: Path) -> None:
    chance = torch.Generator().manual_seed(5)
    a, b, whole = (torch.randn(shape, generator=chance) for shape in ((2, 64), (3, 2), (3, 64)))
    head = {"span.weight": torch.tensor([1.0])}
    export_tensors({"w.A": a, "w.B": b, **head}, tmp_path / "low", {})
    write_changes({"w": whole, "bias": torch.tensor([4.0])}, head, tmp_path / "whole", {})
    assert average([str(tmp_path / "low"), str(tmp_path / "whole"), str(tmp_path / "mean")]) == 0
    mean = changes(read_adapter(tmp_path / "mean")[0])
    assert torch.allclose(mean["w"], (b @ a + whole) / 2, atol=0.3)
    assert mean["bias"].tolist() == [2.0]


@pytest.mark.model
def test_a_run_of_every_weight_begins_with_the_adapter_and_ends_as_one(folder: Path, tmp_path: Path) -> None:
    reading = ReadingSet.load(folder)
    plan = Plan(epochs=1, rank=0, rate=0.0, start=str(ADAPTER))
    train(plan, Examples(reading), reading.items, tmp_path, report=list)
    export_adapter(tmp_path / "checkpoint.pt", tmp_path / "whole", "toy")
    begun, ended = (read_adapter(path)[0] for path in (ADAPTER, tmp_path / "whole"))
    assert torch.equal(begun["span.weight"], ended["span.weight"])
    before, after = changes(begun), changes(ended)
    assert {name for name in after if after[name].abs().max() > 1e-3} == set(before)
    assert all((after[name] - before[name]).norm() < 0.2 * before[name].norm() for name in before)
    with pytest.raises(ValueError, match="give its --rank, or --rank 0"):
        low = Plan(epochs=1, rank=2, start=str(ADAPTER))
        train(low, Examples(reading), reading.items, tmp_path / "low", report=list)


def test_a_truncated_adapter_is_the_nearest_change_of_its_rank(tmp_path: Path) -> None:
    chance = torch.Generator().manual_seed(3)
    a, b = (torch.randn(shape, generator=chance) for shape in ((4, 6), (5, 4)))
    whole, lower = tmp_path / "whole", tmp_path / "lower"
    export_tensors({"w.A": a, "w.B": b, "span.weight": torch.tensor([1.0])}, whole, {"plan": "a"})
    assert truncate([str(whole), str(lower), "--rank", "2"]) == 0
    tensors, said = read_adapter(lower)
    assert (said["plan"], said["truncated"], tensors["span.weight"].tolist()) == ("a", "to rank 2", [1.0])
    assert (tensors["w.A"].shape, tensors["w.B"].shape) == ((2, 6), (5, 2))
    stored = read_adapter(whole)[0]
    change = stored["w.B"].float() @ stored["w.A"].float()
    left = torch.linalg.norm(change - tensors["w.B"].float() @ tensors["w.A"].float())
    least = torch.linalg.svdvals(change)[2:].norm()
    assert float(left) == pytest.approx(float(least), rel=0.02)  # kept in bfloat16
    with pytest.raises(SystemExit):
        truncate([str(whole), str(lower), "--rank", "0"])


@pytest.mark.model
def test_a_checkpoint_of_a_run_without_an_adapter_is_read_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = {"answers.weight": torch.zeros(1, 384), "answers.bias": torch.tensor([7.0])}
    torch.save({"trained": trained}, tmp_path / "whole.pt")
    reading = open_reader(tmp_path / "whole.pt").read("猫吃什么？", [Window("猫", "猫吃鱼。", ((0, 4),))])[0]
    assert reading is not None and reading.answers == 7
    torch.save({"trained": {"encoder.base_model.model.x.lora_A.default.weight": torch.zeros(1)}}, tmp_path / "lora.pt")
    assert evaluate([str(tmp_path), "--adapter", str(tmp_path / "lora.pt")]) == 1
    assert "give its reader.safetensors" in capsys.readouterr().err
