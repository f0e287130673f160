"""Rows of a table: never without the head that says what their cells are, and found by its words too."""

from contextlib import closing
from pathlib import Path

import numpy as np
from measured import measured, passage

from rag.choose import Group, choose
from rag.extract import extract, understandable
from rag.features import SENTENCE_FEATURES, candidates_of, sentence_features
from rag.library import IndexedFile, Library
from rag.subjects import per_subject
from rag.tables import cells_of, head_of, is_head, is_row
from rag.types import Question

HEAD, RULE = "| 类目 | 原费率 | 新费率 |", "|---|:--:|---|"
CLOTHES, PETS = "| 服饰 | 8.0% | 7.2% |", "| 宠物 | 7.0% | 6.3% |"
TABLE = f"费率如下。\n\n{HEAD}\n{RULE}\n{CLOTHES}\n{PETS}\n\n五月起执行。\n"


def answer(question: str, cosines: list[float], text: str = TABLE) -> list[str]:
    of = passage(1, text)
    *_, last = extract(Question(question), measured([of], cosines), (of,))
    return [statement.text for statement in last.statements]


def test_the_head_of_a_row_is_the_line_above_the_rule() -> None:
    assert [TABLE[slice(*head_of(TABLE, TABLE.index(row)))] for row in (CLOTHES, PETS)] == [HEAD, HEAD]  # type: ignore[misc]
    assert head_of(TABLE, TABLE.index(HEAD)) is None
    assert head_of(TABLE, TABLE.index("五月")) is None
    assert head_of(f"{CLOTHES}\n{PETS}\n", len(CLOTHES) + 1) is None  # no rule, no head
    assert head_of(TABLE.replace(HEAD, HEAD + " "), TABLE.index(PETS) + 1) == (TABLE.index(HEAD), TABLE.index(RULE) - 1)
    dashes = f"{HEAD}\n{RULE}\n| - | 无 |\n{PETS}"
    assert head_of(dashes, dashes.index(PETS)) == (0, len(HEAD))  # a cell may begin like a rule
    apart = f"{HEAD}\n{RULE}\n{PETS}\n\n{CLOTHES}"
    assert head_of(apart, apart.index(CLOTHES)) is None  # the table ended at the empty line
    ends = [TABLE.index(row) + len(row) for row in (HEAD, CLOTHES, PETS)]
    assert [is_head(TABLE, end) for end in ends] == [True, False, False]
    assert not is_head(HEAD, len(HEAD))
    assert is_row(CLOTHES) and not is_row("费率如下。") and not is_row("|x")


def test_a_row_is_told_below_the_head_of_its_table() -> None:
    assert answer("服饰的新费率是多少？", [-9, -9, 0, -9, -9]) == [HEAD, CLOTHES]
    assert answer("服饰和宠物的费率有哪些？", [-9, -9, 0, -0.1, -9]) == [HEAD, CLOTHES, PETS]  # once for both


def test_a_sentence_that_announces_a_table_brings_its_rows() -> None:
    announced = TABLE.replace("费率如下。", "费率如下：")
    assert answer("谁？", [0, -9, -9, -9, -9], announced) == ["费率如下：", HEAD, CLOTHES, PETS]


def test_a_head_that_is_itself_among_the_sentences_chosen_is_told_once() -> None:
    groups = [Group(0.5, [candidate]) for candidate in candidates_of([passage(1, TABLE)])[1:3]]
    assert [group.candidates[0].text for group in understandable("费率？", groups)] == [HEAD, CLOTHES]


def test_the_head_alone_answers_nothing() -> None:
    assert answer("谁？", [-1, 0, -9, -9, -9]) == ["费率如下。"]
    probabilities = np.array([0.0, 0.0, 0.1, 0.0, 0.0])
    candidates = candidates_of([passage(1, TABLE)])
    assert per_subject(("原费率", "新费率"), candidates, probabilities) == [("", 2)]  # a row names what its head does
    of = passage(1, TABLE)
    *_, compared = extract(Question("宠物的原费率和新费率差多少？"), measured([of], [0.0, 0.0, 0.0, -1.0, 0.0]), (of,))
    assert [s.text for s in compared.statements] == [HEAD, PETS]


def test_another_row_is_no_other_figure_for_the_same_thing() -> None:
    assert answer("服饰的新费率是多少？", [-9, -9, 0, -1, -9]) == [HEAD, CLOTHES]
    assert answer("服饰、宠物的新费率是多少？", [-9, -9, 0, -1, -9]) == [HEAD, CLOTHES, PETS]
    assert answer("新费率是多少？", [-9, -9, 0, -1, -9]) == [HEAD, CLOTHES, PETS]  # it names neither
    text = "服饰收7.2%。宠物收6.3%。"
    kept = choose("服饰的新费率是多少？", measured([passage(1, text)], [0, -1]))
    assert len(kept) == 2  # of sentences a reader must see both


def test_a_row_is_of_what_the_head_of_its_table_names() -> None:
    others = "".join(f"{month}月有{month}家店。" for month in range(1, 12))
    text = TABLE.replace("新费率", "半托管费率") + "商家分“半托管”和别的。" + others
    cosines = [-9.0, -9, 0, -9, -9, -1, *[-0.1] * 11]
    assert answer("半托管服饰的费率是多少？", cosines, text)[1] == CLOTHES


def test_the_words_of_the_head_count_for_its_rows(tmp_path: Path) -> None:
    of = passage(1, TABLE)
    with closing(Library.create(tmp_path / "library.sqlite")) as library:
        vectors = np.zeros((len(of.chunk.sentences), 2), np.float32)
        library.put(of.article, IndexedFile("digest"))
        library.put_chunks([(of.article, of.chunk, vectors)])
        features = sentence_features("新费率", np.zeros(2), candidates_of([of]), {"新费": 1.0}, library)
    assert features[:, SENTENCE_FEATURES.index("coverage")].tolist() == [0, 1, 1, 1, 0]


def test_cells_are_the_words_between_the_bars() -> None:
    def cells(row: str) -> list[str]:
        return [row[start:end] for start, end in cells_of(row)]

    assert cells(CLOTHES) == ["服饰", "8.0%", "7.2%"]
    assert cells("|甲||乙\\|丙|  ") == ["甲", "", "乙\\|丙"]
    assert cells("| 甲 | 乙") == ["甲", "乙"]
