import os
from pathlib import Path

from fakes import FakeEmbedder

from ingest.failures import read_failures
from ingest.listing import Listed, list_articles
from ingest.run import ingest
from rag.index import IndexReader
from rag.library import Library
from rag.types import Metadata


def library_of(index: Path) -> Library:
    return IndexReader(index, FakeEmbedder()).current().library


def statuses(corpus: Path, index: Path) -> dict[str, str]:
    listed = list_articles(corpus, library_of(index), read_failures(index))
    return {one.name or one.id: one.status for one in listed}


def test_an_indexed_article_has_what_the_index_holds_of_it(tiny_corpus: Path, tiny_index: Path) -> None:
    listed = list_articles(tiny_corpus, library_of(tiny_index), {})
    assert listed[2] == Listed("甲", "甲.md", "indexed", Metadata("甲"), chunks=1, length=11)
    assert [one.name for one in listed] == ["乙.txt", "子/丙.txt", "甲.md"]


def test_without_an_index_every_file_is_new_and_without_a_folder_there_is_none(tiny_corpus: Path) -> None:
    assert {one.status for one in list_articles(tiny_corpus, None, {})} == {"new"}
    assert list_articles(tiny_corpus / "none", None, {}) == []


def test_two_files_whose_names_are_not_utf_8_are_two(tiny_corpus: Path) -> None:
    for name in (b"\xff.txt", b"\xfe.txt"):
        (tiny_corpus / os.fsdecode(name)).write_text("鱼。")
    assert [one.name for one in list_articles(tiny_corpus, None, {})].count("?.txt") == 2


def test_what_waits_for_the_next_run_is_told(tiny_corpus: Path, tiny_index: Path) -> None:
    (tiny_corpus / "丁.md").write_text("鱼。")
    (tiny_corpus / "甲.md").write_text("猫吃草。")
    (tiny_corpus / "子" / "丙.txt").unlink()
    assert statuses(tiny_corpus, tiny_index) == {
        "丁.md": "new",
        "乙.txt": "indexed",
        "甲.md": "changed",
        "子/丙": "gone",
    }


def test_a_sidecar_that_changes_changes_its_article(tiny_corpus: Path, tiny_index: Path) -> None:
    assert statuses(tiny_corpus, tiny_index)["甲.md"] == "indexed"
    (tiny_corpus / "甲.meta.toml").write_text('title = "猫"')
    assert statuses(tiny_corpus, tiny_index)["甲.md"] == "changed"


def test_a_failed_file_is_told_with_its_reason_until_it_changes(tiny_corpus: Path, tiny_index: Path) -> None:
    (tiny_corpus / "丁.md").write_text("")
    (tiny_corpus / "甲.md").write_text("")
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    found = {one.name: one for one in list_articles(tiny_corpus, library_of(tiny_index), read_failures(tiny_index))}
    assert (found["丁.md"].status, found["甲.md"].status) == ("failed", "failed, kept")
    assert found["丁.md"].failure and "丁.md" in found["丁.md"].failure.chinese
    assert (found["丁.md"].metadata, found["甲.md"].chunks) == (Metadata("丁"), 1)
    (tiny_corpus / "丁.md").write_text("鱼。")
    assert statuses(tiny_corpus, tiny_index)["丁.md"] == "new"


def test_a_second_file_of_a_name_has_nothing_of_the_article_that_is_indexed(
    tiny_corpus: Path, tiny_index: Path
) -> None:
    (tiny_corpus / "乙.md").write_text("鱼游。", encoding="utf-8")
    assert statuses(tiny_corpus, tiny_index)["乙.md"] == "new"
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    found = {one.name: one for one in list_articles(tiny_corpus, library_of(tiny_index), read_failures(tiny_index))}
    assert (found["乙.md"].status, found["乙.md"].chunks, found["乙.txt"].status) == ("failed", 0, "indexed")


def test_the_articles_of_a_folder_that_failed_are_not_gone(tiny_corpus: Path, tiny_index: Path, tmp_path: Path) -> None:
    (tiny_corpus / "子").rename(tmp_path / "别处")
    (tiny_corpus / "子").symlink_to(tmp_path / "没有")
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    found = {one.name: one for one in list_articles(tiny_corpus, library_of(tiny_index), read_failures(tiny_index))}
    assert (found["子"].status, found["子/丙.txt"].status) == ("failed", "failed, kept")
    assert found["子/丙.txt"].failure == found["子"].failure
