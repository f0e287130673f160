import os
from pathlib import Path

import pytest

from rag.aliases import Aliases, load_aliases
from rag.errors import CorpusError

NAMES = Aliases([["小红书", "红书", "Xiaohongshu", "RED"], ["中国香港", "Hong Kong"]])


@pytest.mark.parametrize(
    ("question", "canonical"),
    [
        ("红书的月活是多少？", "小红书的月活是多少？"),
        ("小红书的月活是多少？", "小红书的月活是多少？"),
        ("Is xiaohongshu in HONG KONG?", "Is 小红书 in 中国香港?"),
        ("RED是什么？", "小红书是什么？"),
        ("a red redder REDDER", "a red redder REDDER"),
        ("没有别名", "没有别名"),
        ("", ""),
    ],
)
def test_every_name_becomes_the_first_of_its_group(question: str, canonical: str) -> None:
    assert NAMES.canonical(question) == canonical
    assert NAMES.canonical(canonical) == canonical


def test_aliases_are_read_again_when_their_file_changes(tmp_path: Path) -> None:
    assert load_aliases(tmp_path).canonical("红书") == "红书"
    path = tmp_path / "aliases.toml"
    for number, first in enumerate(("小红书", "大红书")):
        path.write_text(f'[[alias]]\nnames = ["{first}", "红书"]\n', encoding="utf-8")
        os.utime(path, (number, number))
        assert load_aliases(tmp_path).canonical("红书") == first


@pytest.mark.parametrize(
    "text", ["x", "alias = 1", "[[alias]]\nname = 1", "[[alias]]\nnames = [1]", '[[alias]]\nnames = [""]']
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "aliases.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"aliases\.toml cannot be used"):
        load_aliases(tmp_path)


def test_a_file_that_cannot_be_read_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "aliases.toml").mkdir()
    with pytest.raises(CorpusError, match=r"aliases\.toml cannot be used"):
        load_aliases(tmp_path)


def test_blanks_around_a_name_are_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "aliases.toml").write_text('[[alias]]\nnames = [" 小红书 ", "红薯 "]\n', encoding="utf-8")
    assert load_aliases(tmp_path).canonical("红薯好吗") == "小红书好吗"


def test_the_aliases_of_the_corpus_can_be_used() -> None:
    assert load_aliases(Path(__file__).parent.parent / "corpus").canonical("XHS") == "小红书"
