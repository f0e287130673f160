from pathlib import Path

import pytest

from ingest.load import article_files
from ingest.trash import discard, restore, trashed
from rag.errors import CorpusError


def names(corpus: Path) -> list[str]:
    return [path.relative_to(corpus).as_posix() for path in article_files(corpus)]


def test_a_discarded_article_waits_in_the_trash_and_comes_back_with_its_sidecar(tiny_corpus: Path) -> None:
    sidecar = tiny_corpus / "子" / "丙.meta.toml"
    sidecar.write_text('title = "鸟"\n')
    discarded = discard("子/丙.txt", tiny_corpus)
    assert names(tiny_corpus) == ["乙.txt", "甲.md"] and not sidecar.exists()
    assert trashed(tiny_corpus) == [discarded] and discarded.id == "子/丙"
    restore(discarded, tiny_corpus)
    assert names(tiny_corpus) == ["乙.txt", "子/丙.txt", "甲.md"] and sidecar.read_text() == 'title = "鸟"\n'
    assert trashed(tiny_corpus) == []


def test_the_trash_keeps_every_article_that_had_a_name_and_tells_the_last_first(tiny_corpus: Path) -> None:
    discard("甲.md", tiny_corpus)
    (tiny_corpus / "甲.md").write_text("新的。")
    discard("甲.md", tiny_corpus)
    assert [one.path.read_text() for one in trashed(tiny_corpus)] == ["新的。", "# 甲\n\n猫吃鱼。猫怕狗。\n"]


def test_what_others_put_into_the_trash_is_left_where_it_is(tiny_corpus: Path) -> None:
    discarded = discard("甲.md", tiny_corpus)
    for folder in ("2024年-a", "2024-旧", "别的"):
        (tiny_corpus / ".trash" / folder).mkdir()
        (tiny_corpus / ".trash" / folder / "丁.txt").write_text("鱼。")
    assert trashed(tiny_corpus) == [discarded]


@pytest.mark.parametrize("rival", ["甲.md", "甲.html", "甲.PDF"])
def test_putting_back_never_overwrites_nor_makes_two_articles_of_one_id(tiny_corpus: Path, rival: str) -> None:
    discarded = discard("甲.md", tiny_corpus)
    (tiny_corpus / rival).write_text("新的。")
    with pytest.raises(CorpusError, match="another file"):
        restore(discarded, tiny_corpus)
    assert (tiny_corpus / rival).read_text() == "新的。" and trashed(tiny_corpus) == [discarded]


@pytest.mark.parametrize("name", ["../外.md", "/etc/hosts", "SOURCES.md", "子/../../外.md", "子"])
def test_nothing_but_articles_of_the_corpus_is_discarded(tiny_corpus: Path, name: str) -> None:
    outside = tiny_corpus.parent / "外.md"
    outside.write_text("外。")
    (tiny_corpus / "SOURCES.md").write_text("表")
    with pytest.raises(CorpusError, match="no article"):
        discard(name, tiny_corpus)
    assert outside.exists() and (tiny_corpus / "SOURCES.md").exists() and (tiny_corpus / "子" / "丙.txt").exists()


def test_what_is_gone_already_is_told(tiny_corpus: Path) -> None:
    with pytest.raises(CorpusError, match="gone already"):
        discard("丁.md", tiny_corpus)
    discarded = discard("甲.md", tiny_corpus)
    restore(discarded, tiny_corpus)
    (tiny_corpus / "甲.md").unlink()
    with pytest.raises(CorpusError, match="gone already"):
        restore(discarded, tiny_corpus)
