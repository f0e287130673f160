"""Indexes of other formats: an older one is refused with the command that rebuilds it, a newer one is left alone."""

import json
import shutil
import tarfile
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.check import check_index
from ingest.run import ingest
from rag.cache import EmbeddingCache
from rag.errors import IndexMismatch, IndexNewer
from rag.index import FORMAT, IndexReader, read_manifest

FORMATS = Path(__file__).parent / "formats"
STORED = sorted(int(path.name.split(".")[0].removeprefix("index-")) for path in FORMATS.glob("index-*.tar.gz"))


def stored_index(version: int, folder: Path) -> Path:
    with tarfile.open(FORMATS / f"index-{version}.tar.gz") as tar:
        tar.extractall(folder)
    return folder / "index"


def found(index: Path) -> list[str]:
    """The texts that both legs find for 鸟."""
    reader = IndexReader(index, FakeEmbedder())
    generation = reader.current()
    hits = generation.store.nearest(reader.embedder.embed_query("鸟"), 1) + generation.library.search(["会飞"])
    texts = [generation.library.chunk(hit.chunk_id).text for hit in hits]
    reader.close()
    return texts


def test_an_index_of_every_format_so_far_is_stored() -> None:
    assert list(range(2, FORMAT + 1)) == STORED


def test_a_stored_index_of_this_format_answers_and_is_whole(tmp_path: Path) -> None:
    index = stored_index(FORMAT, tmp_path)
    assert ["鸟会飞" in text for text in found(index)] == [True, True]
    assert check_index(index).problems == []


@pytest.mark.parametrize("version", [version for version in STORED if version < FORMAT])
def test_an_older_index_is_refused_with_the_command_that_rebuilds_it_without_embedding(
    version: int, tiny_corpus: Path, tmp_path: Path
) -> None:
    index = stored_index(version, tmp_path)
    with pytest.raises(IndexMismatch, match=rf"has format {version}, .* reads format {FORMAT}: run python -m ingest"):
        found(index)
    embedder = FakeEmbedder()
    summary = ingest(tiny_corpus, index, embedder)
    assert (summary.articles, summary.generation, embedder.embedded) == (3, 2, [])
    assert ["鸟会飞" in text for text in found(index)] == [True, True]
    assert check_index(index).problems == []


def test_a_page_that_is_open_keeps_answering_when_a_newer_program_publishes(
    tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    reader = IndexReader(tiny_index, fake_embedder)
    assert reader.current().manifest.generation == 1
    make_newer(tiny_index)
    assert reader.current().manifest.generation == 1
    assert "update the program" in str(reader.problem)
    reader.close()


def make_newer(index: Path) -> None:
    manifest = json.loads((index / "CURRENT").read_text(encoding="utf-8"))
    (index / "CURRENT.new").write_text(json.dumps({**manifest, "format": FORMAT + 1, "more": 1}), encoding="utf-8")
    (index / "CURRENT.new").rename(index / "CURRENT")


def test_an_older_program_reads_nothing_of_a_newer_index_and_overwrites_nothing(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    make_newer(tiny_index)
    before = sorted((path, path.stat().st_mtime_ns) for path in tiny_index.rglob("*") if path.is_file())
    for use in (lambda: read_manifest(tiny_index), lambda: ingest(tiny_corpus, tiny_index, fake_embedder)):
        with pytest.raises(IndexNewer, match=f"has format {FORMAT + 1}, .*: update the program"):
            use()
    after = sorted((path, path.stat().st_mtime_ns) for path in tiny_index.rglob("*") if path.is_file())
    assert [item for item in after if item[0].name != "LOCK"] == [item for item in before if item[0].name != "LOCK"]


def test_a_newer_cache_is_refused(tmp_path: Path) -> None:
    import sqlite3

    cache = EmbeddingCache(tmp_path / "cache.sqlite")
    cache.close()
    with sqlite3.connect(tmp_path / "cache.sqlite") as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    shutil.copy(tmp_path / "cache.sqlite", tmp_path / "before")
    with pytest.raises(IndexNewer, match="has format 2, this program reads format 1: update"):
        EmbeddingCache(tmp_path / "cache.sqlite")
    assert (tmp_path / "cache.sqlite").read_bytes() == (tmp_path / "before").read_bytes()
