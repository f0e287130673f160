"""Question sets: what is refused, with file and line, and where evidence is found."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.metrics import contains, normalize_answer
from eval.sets import Evidence, SetError, SetQuestion, load_set, locate, locate_all
from ingest.load import article_files, load_article
from rag.library import IndexedFile, Library
from rag.types import Article, Message, Question, Removal, Scope

ROOT = Path(__file__).parent.parent
ROW: dict[str, Any] = {
    "id": "a",
    "type": "fact",
    "question": "猫吃什么？",
    "history": [{"role": "user", "content": "猫"}],
    "answerable": True,
    "gold": [["鱼", "小鱼"]],
    "forbid": ["狗"],
    "evidence": [{"article": "甲", "quote": "猫吃鱼"}],
    "tags": ["tune"],
}
REFUSED = {"answerable": False, "gold": [], "evidence": []}


def write_set(folder: Path, *rows: object) -> Path:
    path = folder / "set.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def question_with(*evidence: tuple[str, str]) -> SetQuestion:
    return SetQuestion("a", "fact", Question("问"), True, (("鱼",),), (), tuple(Evidence(*e) for e in evidence))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """A library with one article, 甲: 猫吃鱼。猫怕狗。猫吃鱼。"""
    library = Library.create(tmp_path / "library.sqlite")
    library.put(
        Article("甲", "甲.md", "**猫**吃鱼。猫怕狗。猫吃鱼。".replace("*", ""), title="甲"), IndexedFile("digest")
    )
    return library


def test_a_set_is_loaded_whole(tmp_path: Path) -> None:
    (question,) = load_set(write_set(tmp_path, ROW, ""))
    assert question == SetQuestion(
        id="a",
        type="fact",
        question=Question("猫吃什么？", (Message("user", "猫"),), "a"),
        answerable=True,
        gold=(("鱼", "小鱼"),),
        forbid=("狗",),
        evidence=(Evidence("甲", "猫吃鱼"),),
        tags=("tune",),
    )


def test_a_question_may_say_which_articles_may_answer(tmp_path: Path) -> None:
    (question,) = load_set(write_set(tmp_path, {**ROW, "scope": {"articles": ["甲"], "since": "2025-01-01"}}))
    assert question.question.scope == Scope(since="2025-01-01", articles=("甲",))


def test_a_line_ends_at_a_line_feed_only(tmp_path: Path) -> None:
    row = {**ROW, "question": "猫\u2028吃什么？"}
    assert load_set(write_set(tmp_path, row))[0].question.text == "猫\u2028吃什么？"


@pytest.mark.parametrize(
    "wrong",
    [
        "{not json",
        "[]",
        {key: value for key, value in ROW.items() if key != "gold"},
        {key: value for key, value in ROW.items() if key != "evidence"},
        {**ROW, "id": 7},
        {**ROW, "question": " "},
        {**ROW, "answerable": "yes"},
        {**ROW, "answerable": 1},
        {**ROW, "answerable": False},
        {**ROW, "gold": []},
        {**ROW, "gold": [[]]},
        {**ROW, "gold": ["鱼"]},
        {**ROW, "gold": [[""]]},
        {**ROW, "forbid": "狗"},
        {**ROW, "evidence": [{"article": "甲", "quote": ""}]},
        {**ROW, "evidence": [{"article": "甲"}]},
        {**ROW, "history": [{"role": "user"}]},
        '{"id": "a\\ud800"}',
        json.dumps({**ROW, "question": "猫吃什么？\ud800"}),
        {**ROW, "scope": {"folder": "甲"}},
        {**ROW, "scope": {"since": "2025-13-01"}},
        json.dumps(ROW)[:-1] + ', "gold": [["狗"]]}',
    ],
)
def test_a_wrong_line_is_refused_with_file_and_line(tmp_path: Path, wrong: object) -> None:
    path = write_set(tmp_path, {**ROW, **REFUSED, "id": "first"}, wrong)
    with pytest.raises(SetError) as raised:
        load_set(path)
    assert str(raised.value).startswith(f"{path}, line 2: ")


def test_a_repeated_id_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = write_set(tmp_path, ROW, "", ROW)
    with pytest.raises(SetError) as raised:
        load_set(path)
    assert str(raised.value) == f"{path}, line 3: the id a is there twice, first in line 1"


def test_every_wrong_line_is_told_with_where_in_the_line_and_what(tmp_path: Path) -> None:
    path = write_set(
        tmp_path, {**ROW, "forbids": []}, ROW, {**ROW, "id": "b", "answerable": False, "gold": [["鱼", ""]]}
    )
    with pytest.raises(SetError) as raised:
        load_set(path)
    assert str(raised.value).splitlines() == [
        f"{path}, line 1: Additional properties are not allowed ('forbids' was unexpected)",
        f"{path}, line 3: gold: [['鱼', '']] is expected to be empty",
        f"{path}, line 3: gold[0][1]: '' does not match '\\\\S'",
    ]


@pytest.mark.parametrize("name", ["x\n::error::y", "x\n", "c\0d", "\u2028x", " ", "x\x85y"])
def test_what_names_a_question_a_type_or_an_article_is_one_line(tmp_path: Path, name: str) -> None:
    evidence = [{"article": name, "quote": "猫"}]
    path = write_set(tmp_path, {**ROW, "id": name}, {**ROW, "type": name}, {**ROW, "evidence": evidence})
    with pytest.raises(SetError) as raised:
        load_set(path)
    places = ("id", "type", "evidence[0].article")
    assert str(raised.value).split("\n") == [
        f"{path}, line {number}: {place}: {name!r} is not one line of text" for number, place in enumerate(places, 1)
    ]


def test_a_byte_order_mark_is_no_part_of_a_set(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_text(json.dumps(ROW), encoding="utf-8-sig")
    assert [question.id for question in load_set(path)] == ["a"]


@pytest.mark.parametrize("whole", [ROW, [ROW], [ROW, ROW]])
def test_an_indented_object_or_array_is_told_in_one_line_with_the_remedy(tmp_path: Path, whole: object) -> None:
    path = write_set(tmp_path, json.dumps(whole, indent=1))
    with pytest.raises(SetError) as raised:
        load_set(path)
    assert str(raised.value) == (
        f"{path} is one JSON value; write one object a line instead, without brackets around all of them"
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"id": "a"} # c', "no JSON, Extra data at column 13"),
        (json.dumps(ROW)[:-1] + ', "id": "b"}', "the key id is there twice"),
        (json.dumps({**ROW, "answerable": "是"}, ensure_ascii=False), "answerable: '是' is not of type 'boolean'"),
    ],
)
def test_a_wrong_line_has_one_reason_without_a_line_of_its_own(tmp_path: Path, line: str, told: str) -> None:
    path = write_set(tmp_path, line)
    with pytest.raises(SetError) as raised:
        load_set(path)
    assert str(raised.value) == f"{path}, line 1: {told}"


def test_a_set_that_is_missing_empty_or_no_text_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SetError, match=r"none\.jsonl cannot be read"):
        load_set(tmp_path / "none.jsonl")
    with pytest.raises(SetError, match=r"set\.jsonl holds no question"):
        load_set(write_set(tmp_path, ""))
    for encoding in ("gbk", "utf-16"):
        (tmp_path / "other.jsonl").write_bytes("猫狗。".encode(encoding))
        with pytest.raises(SetError, match=r"other\.jsonl cannot be read: it is no UTF-8; save it as UTF-8$"):
            load_set(tmp_path / "other.jsonl")


def test_a_quote_is_evidence_wherever_it_stands(library: Library) -> None:
    assert locate(question_with(("甲", "猫吃鱼")), library) == [("甲", 0, 3), ("甲", 8, 11)]
    assert locate(question_with(("甲", "猫怕狗。"), ("甲", "鱼。")), library) == [
        ("甲", 4, 8),
        ("甲", 2, 4),
        ("甲", 10, 12),
    ]
    assert locate(question_with(), library) == []


def test_every_stale_label_is_named(library: Library) -> None:
    questions = [question_with(("甲", "猫吃鸟")), question_with(("甲", "猫吃鱼")), question_with(("乙", "狗"))]
    with pytest.raises(SetError) as raised:
        locate_all(questions, library)
    assert str(raised.value) == "a: stale label, 甲 does not say '猫吃鸟'\na: stale label, there is no article 乙"
    assert locate_all(questions[1:2], library) == [[("甲", 0, 3), ("甲", 8, 11)]]


def test_an_article_of_the_scope_that_is_not_there_is_a_stale_label(library: Library) -> None:
    asked = question_with(("甲", "猫吃鱼"))
    for article, remedy in (("乙", ""), ("甲.md", "; without the suffix: 甲")):
        within = replace(asked, question=Question("问", scope=Scope(articles=(article,))))
        with pytest.raises(SetError) as raised:
            locate(within, library)
        assert str(raised.value) == f"a: stale label, there is no article {article}{remedy}"


# the committed set

CORPUS_SET = load_set(ROOT / "eval" / "sets" / "corpus.jsonl")


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    corpus = ROOT / "corpus"
    loaded = [load_article(path, corpus, path.read_bytes()) for path in article_files(corpus)]
    return {article.id: article for article in loaded}


def test_the_committed_set_has_its_questions_in_two_halves() -> None:
    assert len(CORPUS_SET) == 217
    assert sum(question.answerable for question in CORPUS_SET) == 176
    halves = [{"tune", "report"} & set(question.tags) for question in CORPUS_SET]
    assert all(len(half) == 1 for half in halves)


def test_every_evidence_quote_of_the_committed_set_is_in_the_clean_text(articles: dict[str, Article]) -> None:
    missing = [
        (question.id, evidence)
        for question in CORPUS_SET
        for evidence in question.evidence
        if evidence.article not in articles or evidence.quote not in articles[evidence.article].text
    ]
    assert missing == []


def test_every_gold_group_of_the_committed_set_can_be_found_in_the_articles(articles: dict[str, Article]) -> None:
    texts = [article.text for article in articles.values()]
    texts += [f"{a.title} {a.author} {a.publisher} {a.published}" for a in articles.values()]
    lost = [
        (question.id, group)
        for question in CORPUS_SET
        for group in question.gold
        if not any(contains(text, alternative) for text in texts for alternative in group)
    ]
    assert lost == [("metadata-12", ("智见",))], "a public account that only the removed by-line names"


def test_no_gold_or_forbidden_string_of_the_committed_set_is_only_punctuation() -> None:
    strings = [s for q in CORPUS_SET for group in (*q.gold, q.forbid) for s in group]
    assert all(normalize_answer(string) for string in strings)


def test_no_right_answer_of_the_committed_set_is_forbidden() -> None:
    gold = {question.id: [string for group in question.gold for string in group] for question in CORPUS_SET}
    clashes = [(q.id, s) for q in CORPUS_SET for s in q.forbid if any(contains(g, s) for g in gold[q.id])]
    assert clashes == []


def test_a_quote_with_mark_up_inside_is_found_in_the_raw_file(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library.sqlite")
    removed = (Removal(1, 3, "markup", "markup/bold"), Removal(4, 6, "markup", "markup/bold"))
    library.put(Article("甲", "甲.md", "猫**吃**鱼。", removed), IndexedFile("digest"))
    assert locate(question_with(("甲", "猫**吃**鱼")), library) == [("甲", 0, 3)]
    assert locate(question_with(("甲", "吃**鱼")), library) == [("甲", 1, 3)]
    library.close()
