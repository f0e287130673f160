from collections import Counter
from pathlib import Path

import pytest

import rag.written
from rag.written import in_written_words

TABLE = Path(rag.written.__file__).with_name("written.tsv")


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("邮费和关税算谁的？", "运费和关税算谁的？"),
        ("这是它头一回出海吗？", "这是它首次出海吗？"),
        ("机房建好了吗？", "数据中心建好了吗？"),
        ("司机房子多大？", "司机房子多大？"),
        ("巨头一批接一批离场", "巨头一批接一批离场"),
        ("小红书有多少用户？", "小红书有多少用户？"),
    ],
)
def test_everyday_words_become_written_ones_where_they_are_words(question: str, written: str) -> None:
    assert in_written_words(question, uses=lambda phrase: 0) == written


@pytest.mark.parametrize(
    ("used", "written"),
    [
        (Counter({"老外": 3, "外国人": 1}), "老外喜欢什么？"),
        (Counter({"老外": 2, "外国人": 2}), "老外喜欢什么？"),
        (Counter({"老外": 1, "外国人": 2}), "外国人喜欢什么？"),
    ],
)
def test_a_word_that_the_articles_use_as_much_as_the_written_one_stays(used: Counter[str], written: str) -> None:
    assert in_written_words("老外喜欢什么？", uses=used.__getitem__) == written


def test_each_line_of_the_table_has_an_everyday_phrase_and_another_that_is_written() -> None:
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    assert all(len(row) == 2 and row[0] != row[1] and len(row[0]) > 1 and row[1].strip() for row in rows)
    everyday = [row[0] for row in rows]
    assert everyday == sorted(set(everyday))
    assert not set(everyday) & {row[1] for row in rows}  # no chains
