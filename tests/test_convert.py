"""The converter on a folder of two made-up passages."""

import json
from pathlib import Path

import pytest

from eval.convert import Converted, convert, half_of, located, main, sentence_of, to_question
from eval.sets import Evidence, load_set, locate_all
from ingest.run import ingest
from rag.index import IndexReader

CATS = "猫吃鱼。猫怕狗。“狗”不吃鱼。"
BIRDS = "鸟会飞，也吃鱼。"
PASSAGES = [{"id": "P0", "title": "猫狗", "text": CATS}, {"id": "P1", "title": "鸟", "text": BIRDS}]
QUESTIONS = [
    {"id": "Q0", "question": "狗不吃什么？", "passage": "P0", "answers": ["鱼"], "answerable": True, "starts": [13]},
    {"id": "Q1", "question": "鸟会什么？", "passage": "P1", "answers": ["飞", "飞"], "answerable": True},
    {"id": "Q2", "question": "鸟怕什么？", "passage": "P1", "answers": [], "answerable": False},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, rows in (("passages", PASSAGES), ("questions", QUESTIONS)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_a_passage_becomes_an_article_and_a_question_has_the_sentence_of_its_answer(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert convert(folder, out) == Converted(2, 3)
    assert {path.name: path.read_text(encoding="utf-8") for path in (out / "corpus").iterdir()} == {
        "P0.txt": f"猫狗\n\n{CATS}\n",
        "P1.txt": f"鸟\n\n{BIRDS}\n",
    }
    questions = load_set(out / "set.jsonl")
    assert [(q.id, q.type, q.answerable, q.gold, q.evidence) for q in questions] == [
        ("Q0", "fact", True, (("鱼",),), (Evidence("P0", "“狗”不吃鱼。"),)),
        ("Q1", "fact", True, (("飞",),), (Evidence("P1", "鸟会飞，也吃鱼。"),)),
        ("Q2", "unanswerable", False, (), ()),
    ]


def test_every_quote_of_a_converted_set_is_found_in_the_index(folder: Path, tmp_path: Path, fake_embedder) -> None:
    out = tmp_path / "out"
    convert(folder, out)
    ingest(out / "corpus", out / "index", fake_embedder)
    library = IndexReader(out / "index", fake_embedder).current().library
    places = locate_all(load_set(out / "set.jsonl"), library)
    texts = [[library.article(article).text[start:end] for article, start, end in of_one] for of_one in places]
    assert texts == [["“狗”不吃鱼。"], ["鸟会飞，也吃鱼。"], []]


def test_converting_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(folder, out, keep=0.5, questions=2)
    before = {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}
    convert(folder, out, keep=0.5, questions=2)
    assert {path: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()} == before


def test_questions_on_a_passage_that_is_left_out_are_of_an_absent_topic(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert convert(folder, out, keep=0.5) == Converted(1, 3)
    (kept,) = (path.stem for path in (out / "corpus").iterdir())
    for question in load_set(out / "set.jsonl"):
        about = "P0" if question.id == "Q0" else "P1"
        if about != kept:
            assert (question.type, question.answerable, question.evidence) == ("absent-topic", False, ())
        else:
            assert question.type in ("fact", "unanswerable")


def test_the_first_questions_come_with_their_passages_only(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert convert(folder, out, first=1) == Converted(1, 1)
    assert [path.name for path in (out / "corpus").iterdir()] == ["P0.txt"]
    assert [question.id for question in load_set(out / "set.jsonl")] == ["Q0"]


def test_articles_of_another_selection_are_refused(folder: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    convert(folder, out)
    with pytest.raises(ValueError, match="holds other files, such as P"):
        convert(folder, out, keep=0.5)
    assert main([str(folder), str(out), "--keep", "0.5"]) == 1
    assert "give an empty folder" in capsys.readouterr().err


def test_starts_are_tried_for_every_answer() -> None:
    # equal answers are listed once, but the starts of all of them: the second start is that of the second answer
    row = {"answers": ["鱼", "狗"], "starts": [2, 2, 9], "answerable": True}
    assert located(row, CATS) == [("鱼", 2), ("狗", 9)]
    assert located({"answers": ["鱼", "龙"]}, CATS) == [("鱼", 2)]
    assert located({"answers": ["狗"], "starts": [0]}, CATS) == [("狗", 6)]


def test_evidence_marked_by_people_is_taken_as_it_is() -> None:
    row = {**QUESTIONS[0], "evidence": ["猫怕狗。", "猫怕狗。", "不在文中。"]}
    assert to_question(row, CATS)["evidence"] == [{"article": "P0", "quote": "猫怕狗。"}]


def test_the_sentence_of_an_answer_is_the_one_it_begins_in() -> None:
    assert sentence_of(CATS, "怕狗", 5) == "猫怕狗。"
    assert sentence_of("猫", "龙", 9) == "龙"


def test_a_folder_without_passages_is_one_sentence_and_exit_code_1(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "none"), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("row", [{"id": "Q0", "question": "？", "answers": ["鱼"], "answerable": True}, 5])
def test_rows_that_lack_something_are_one_sentence_and_exit_code_1(
    folder: Path, tmp_path: Path, capsys, row: object
) -> None:
    (folder / "questions.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert main([str(folder), str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {folder} holds no such rows as --help tells: ")


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    (folder / "articles").mkdir(parents=True)
    (folder / "articles" / "甲-0.txt").write_text(f"甲公司年报\n\n{CATS}\n", encoding="utf-8")
    (folder / "articles" / "乙-0.txt").write_text(f"乙公司年报\n\n{BIRDS}\n", encoding="utf-8")
    cats = [{"doc": "甲-0.txt", "quote": quote} for quote in ("猫吃鱼。", "猫怕狗。", "猫不怕狗。")]
    rows = [
        {"id": "甲-0-multi_hop-0", "type": "multi_hop", "question": "猫？", "answers": ["鱼"], "answerable": True},
        {"id": "乙-0-fact_based-0", "type": "fact_based", "question": "鸟？", "answers": ["飞"], "answerable": True},
        {"id": "乙-0-irrelevant-0", "type": "irrelevant", "question": "龙？", "answers": [], "answerable": False},
    ]
    lines = [json.dumps({**row, "evidence": cats if "甲" in row["id"] else []}, ensure_ascii=False) for row in rows]
    (folder / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_articles_keep_their_bytes_and_questions_their_types_and_the_quotes_that_are_there(
    reports: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert convert(reports, out) == Converted(2, 3, ("甲-0-multi_hop-0",))
    for path in (reports / "articles").iterdir():
        assert (out / "corpus" / path.name).read_bytes() == path.read_bytes()
    assert [(q.type, q.answerable, q.gold, q.evidence, q.tags) for q in load_set(out / "set.jsonl")] == [
        (
            "multi-hop",
            True,
            (("鱼",),),
            (Evidence("甲-0", "猫吃鱼。"), Evidence("甲-0", "猫怕狗。")),
            (half_of("甲-0"),),
        ),
        ("fact", True, (("飞",),), (), (half_of("乙-0"),)),
        ("irrelevant", False, (), (), (half_of("乙-0"),)),
    ]


def test_questions_that_lost_quotes_are_named(reports: Path, tmp_path: Path, capsys) -> None:
    assert main([str(reports), str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.endswith(
        "1 questions lost quotes that their article does not hold: 甲-0-multi_hop-0\n"
    )
    assert main([str(reports), str(tmp_path / "other"), "--keep", "0.5"]) == 1


def test_all_questions_on_an_article_are_in_the_same_half() -> None:
    assert {half_of(f"P{number}") for number in range(20)} == {"tune", "report"}
    assert half_of("P0") == half_of("P0")


def test_by_option_a_question_is_answered_from_its_own_article_only(folder: Path, tmp_path: Path) -> None:
    assert main([str(folder), str(tmp_path / "out"), "--given"]) == 0
    scopes = [question.question.scope.articles for question in load_set(tmp_path / "out" / "set.jsonl")]
    assert scopes == [("P0",), ("P1",), ("P1",)]
