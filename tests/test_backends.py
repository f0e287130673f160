"""What both backends promise, Chroma embedded and Milvus; a Milvus Lite stands for Milvus, in this process."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CORPUS
from fakes import FakeEmbedder
from milvus_lite.server_manager import server_manager_instance as milvus_lite

from eval.sets import load_set
from ingest.backup import backup
from ingest.check import check_index
from ingest.run import ingest
from ingest.upkeep import repair
from rag.backend import open_backend
from rag.embed import SentenceEmbedder
from rag.embedded import EMBEDDED, EmbeddedBackend
from rag.errors import BackendUnavailable, IndexDamaged, IndexMismatch
from rag.index import Generation, IndexReader, Manifest, read_manifest
from rag.library import IndexedFile, Library
from rag.milvus import LONGEST_TERMS, MilvusBackend
from rag.retrieve import HybridRetriever
from rag.settings import Settings
from rag.store import Backend, Store
from rag.types import Article, Chunk, Hit, Scope
from rag.writer import IndexWriter, published_files

EAST, NORTH, BETWEEN = np.float32([1, 0]), np.float32([0, 1]), np.float32([0.6, 0.8])
TEXTS = {"a": "猫吃鱼，共3.5亿次。", "b": "狗追猫。", "c": "猫会飞，鸟吃虫。"}


@pytest.fixture
def milvus(tmp_path: Path) -> Iterator[MilvusBackend]:
    """An empty Milvus Lite."""
    uri = str(tmp_path / "milvus.db")
    yield MilvusBackend(uri, "yinju")
    milvus_lite.release_server(uri)


@pytest.fixture(params=["chroma", "milvus"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return EMBEDDED if request.param == "chroma" else request.getfixturevalue("milvus")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "build-x1"
    folder.mkdir()
    return folder


@pytest.fixture
def library(folder: Path) -> Library:
    """Three articles of one chunk, which has the id of its article."""
    library = Library.create(folder / "library.sqlite")
    for id_, text in TEXTS.items():
        article = Article(id_, f"{id_}.md", text, title="标题")
        chunk = Chunk(id_, id_, 0, len(text), text, "", ((0, len(text)),))
        library.put(article, IndexedFile(id_))
        library.put_chunks([(article, chunk, np.float32([[1, 0]]))])
    return library


@pytest.fixture
def store(backend: Backend, folder: Path, library: Library) -> Store:
    """The three chunks, put, closed and opened again."""
    store = backend.create(folder, library, 2)
    store.put(list("abc"), [EAST, NORTH, BETWEEN])
    store.close()
    return backend.open(folder, library)


def rounded(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.chunk_id, round(hit.score, 4)) for hit in hits]


def ids(hits: list[Hit]) -> list[str]:
    return [hit.chunk_id for hit in hits]


def test_the_nearest_have_their_cosine_best_first(store: Store) -> None:
    assert rounded(store.nearest(EAST, 3)) == [("a", 1.0), ("c", 0.6), ("b", 0.0)]
    assert rounded(store.nearest(NORTH, 2)) == [("b", 1.0), ("c", 0.8)]
    assert len(store.nearest(EAST, 99)) == 3


def test_matches_have_any_of_the_terms_the_best_first(store: Store) -> None:
    assert ids(store.matching(["猫吃", "吃鱼"], 9)) == ["a"]
    assert ids(store.matching(["猫会", "鸟吃", "追猫"], 9)) == ["c", "b"]
    assert ids(store.matching(["3.5"], 9)) == ["a"]
    assert sorted(ids(store.matching(["标题"], 9))) == ["a", "b", "c"], "titles are searched too"
    assert all(hit.score > 0 for hit in store.matching(["猫会", "鸟吃", "追猫"], 9))


def test_a_phrase_finds_the_chunk_that_has_it(store: Store) -> None:
    assert ids(store.matching(["鸟吃 吃虫"], 9)) == ["c"]


def test_no_term_or_an_unknown_one_matches_nothing(store: Store) -> None:
    assert store.matching([], 9) == store.matching(["没有"], 9) == []


def test_a_scope_leaves_its_articles_in_both_legs(store: Store) -> None:
    assert rounded(store.nearest(EAST, 1, Scope(articles=("b", "c")))) == [("c", 0.6)]
    assert ids(store.matching(["猫会", "猫吃", "追猫"], 9, Scope(articles=("a",)))) == ["a"]
    nothing = Scope(tags=("没有",))
    assert store.nearest(EAST, 3, nothing) == store.matching(["猫吃"], 3, nothing) == []


def test_vectors_come_back_as_they_were_put(store: Store) -> None:
    found = store.vectors(["a", "c", "没有"])
    assert {id_: vector.tolist() for id_, vector in found.items()} == {"a": EAST.tolist(), "c": BETWEEN.tolist()}
    assert store.vectors([]) == {}


def test_put_replaces_and_delete_removes_and_unknown_ids_are_passed_over(
    backend: Backend, folder: Path, library: Library
) -> None:
    store = backend.create(folder, library, 2)
    store.put(list("abc"), [EAST, NORTH, BETWEEN])
    store.put(["a"], [NORTH])
    library.delete("b")
    store.delete(["b", "没有"])
    store.close()
    store = backend.open(folder, library)
    assert store.count() == 2
    assert rounded(store.nearest(NORTH, 3)) == [("a", 1.0), ("c", 0.8)]
    assert ids(store.matching(["追猫", "吃鱼"], 9)) == ["a"]


def test_an_empty_store_finds_nothing(backend: Backend, folder: Path) -> None:
    library = Library.create(folder / "library.sqlite")
    store = backend.create(folder, library, 2)
    store.put([], [])
    store.close()
    store = backend.open(folder, library)
    assert store.count() == 0
    assert store.nearest(EAST, 5) == store.matching(["猫吃"], 5) == []


def test_a_compacted_store_holds_what_is_left(backend: Backend, folder: Path, library: Library) -> None:
    store = backend.create(folder, library, 2)
    store.put(list("abc"), [EAST, NORTH, BETWEEN])
    store.delete(["a", *library.delete("b")])
    library.delete("a")
    store = backend.compact(folder, library, store)
    store.close()
    store = backend.open(folder, library)
    assert (store.count(), rounded(store.nearest(NORTH, 3))) == (1, [("c", 0.8)])


def test_ties_come_in_the_order_of_ids(backend: Backend, folder: Path, library: Library) -> None:
    store = backend.create(folder, library, 2)
    store.put(list("cab"), [EAST, EAST, EAST])
    store.close()
    assert ids(backend.open(folder, library).nearest(EAST, 3)) == ["a", "b", "c"]


def test_a_store_that_is_gone_is_damaged(backend: Backend, tmp_path: Path, library: Library) -> None:
    with pytest.raises(IndexDamaged, match="run python -m ingest again"):
        backend.open(tmp_path / "gen-000001-none", library)


def publish(index: Path, text: str, backend: Backend) -> Manifest:
    """Publish an index that holds one article, 文, of one sentence."""
    article = Article("文", "文.md", text, title="文")
    chunk = Chunk(f"id of {text[:9]}", "文", 0, len(text), text, "", ((0, len(text)),))
    with IndexWriter.locked(index, FakeEmbedder(), "1", backend) as writer:
        writer.begin()
        for published in published_files(index, writer.base):
            writer.remove(published)
        vectors, _ = writer.embed([text])
        writer.put(article, IndexedFile("digest"), [chunk], [np.array([vectors[text]])])
        return writer.publish()


def found(generation: Generation, animal: str) -> list[str]:
    """What both legs find, which must be the same: the texts."""
    near = generation.store.nearest(FakeEmbedder().embed_query(animal), 9)
    matches = generation.store.matching([f"{animal}在"], 9)
    assert ids(near) == ids(matches)
    return [generation.library.chunk(id_).text for id_ in ids(near)]


def test_a_reader_follows_what_is_published_and_the_generation_before_still_answers(
    backend: Backend, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    publish(index, "猫在。", backend)
    reader = IndexReader(index, FakeEmbedder(), backend)
    first = reader.current()
    assert found(first, "猫") == ["猫在。"]
    publish(index, "狗在。", backend)
    assert found(reader.current(), "狗") == ["狗在。"]
    assert found(first, "猫") == ["猫在。"]
    reader.close()


def test_a_rollback_brings_the_generation_before(backend: Backend, tmp_path: Path) -> None:
    index = tmp_path / "index"
    publish(index, "猫在。", backend)
    publish(index, "狗在。", backend)
    with IndexWriter.locked(index, FakeEmbedder(), "1", backend) as writer:
        assert writer.roll_back().generation == 1
    reader = IndexReader(index, FakeEmbedder(), backend)
    assert found(reader.current(), "猫") == ["猫在。"]
    reader.close()


def test_a_build_that_lacks_a_chunk_is_not_published(backend: Backend, tmp_path: Path) -> None:
    index = tmp_path / "index"
    before = publish(index, "猫在。", backend)
    with (
        pytest.raises(IndexDamaged, match=r"holds \(1, 1, 1, 0\)"),
        IndexWriter.locked(index, FakeEmbedder(), "1", backend) as writer,
    ):
        writer.begin()
        writer._store.delete(["id of 猫在。"])
        writer.publish()
    assert read_manifest(index) == before


def test_an_ingest_after_changes_finds_what_a_new_index_finds(
    backend: Backend, tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(tiny_corpus, tmp_path / "index", fake_embedder, backend=backend)
    (tiny_corpus / "甲.md").write_text("# 甲\n\n猫吃鸟。\n", encoding="utf-8")
    (tiny_corpus / "乙.txt").unlink()
    for index in ("index", "new"):
        ingest(tiny_corpus, tmp_path / index, fake_embedder, backend=backend)
    passages = [
        HybridRetriever.of(reader.current(), fake_embedder, Settings(_env_file=None)).retrieve("猫吃什么鸟")
        for reader in (IndexReader(tmp_path / name, fake_embedder, backend) for name in ("index", "new"))
    ]
    assert passages[0] == passages[1]
    assert [p.article.id for p in passages[0]] == ["甲", "子/丙"]


def test_an_index_of_the_other_backend_is_refused_and_replaced_from_the_cache(
    milvus: MilvusBackend, tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    with pytest.raises(IndexMismatch, match="is searched with chroma, the settings say milvus: run python -m ingest"):
        IndexReader(tiny_index, fake_embedder, milvus).current()
    summary = ingest(tiny_corpus, tiny_index, fake_embedder, backend=milvus)
    assert (len(summary.added), summary.embedded) == (3, 0)
    assert IndexReader(tiny_index, fake_embedder, milvus).current().store.count() == 3
    with pytest.raises(IndexMismatch, match="is searched with milvus, the settings say chroma"):
        IndexReader(tiny_index, fake_embedder).current()


def collections(milvus: MilvusBackend) -> set[str]:
    with milvus.talking() as client:
        return set(client.list_collections())


def collection_of(manifest: Manifest) -> str:
    return f"yinju_{manifest.directory.rpartition('-')[2]}"


def test_the_alias_names_the_published_collection_and_two_collections_are_kept(
    milvus: MilvusBackend, tmp_path: Path
) -> None:
    manifests = []
    for animal in "猫狗鸟":
        manifests.append(publish(tmp_path / "index", f"{animal}在。", milvus))
        with milvus.talking() as client:
            assert client.describe_alias("yinju")["collection_name"] == collection_of(manifests[-1])
    assert collections(milvus) == {collection_of(manifest) for manifest in manifests[1:]}


def test_a_milvus_that_was_started_again_answers(milvus: MilvusBackend, folder: Path, library: Library) -> None:
    store = milvus.create(folder, library, 2)
    store.put(list("abc"), [EAST, NORTH, BETWEEN])
    store.close()
    milvus_lite.release_server(milvus.uri)
    reopened = MilvusBackend(milvus.uri, "yinju").open(folder, library)
    assert ids(reopened.nearest(EAST, 1)) == ["a"]
    assert reopened.count() == 3


def test_a_build_that_is_given_up_leaves_no_collection(milvus: MilvusBackend, tmp_path: Path) -> None:
    manifest = publish(tmp_path / "index", "猫在。", milvus)
    with (
        pytest.raises(ZeroDivisionError),
        IndexWriter.locked(tmp_path / "index", FakeEmbedder(), "1", milvus) as writer,
    ):
        writer.begin()
        assert len(collections(milvus)) == 2
        raise ZeroDivisionError
    assert collections(milvus) == {collection_of(manifest)}


def test_the_collection_of_a_killed_build_is_removed_by_the_next_writer(
    milvus: MilvusBackend, tmp_path: Path, library: Library, folder: Path
) -> None:
    milvus.create(folder, library, 2)  # in tmp_path/build-x1, as a writer that was killed leaves it
    assert collections(milvus) == {"yinju_x1"}
    with IndexWriter.locked(tmp_path, FakeEmbedder(), "1", milvus):
        assert collections(milvus) == set()
        assert not folder.exists()


def test_a_lost_collection_is_built_anew_from_the_cache(
    milvus: MilvusBackend, tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(tiny_corpus, tmp_path / "index", fake_embedder, backend=milvus)
    milvus.remove(tmp_path / "index" / read_manifest(tmp_path / "index").directory)
    with pytest.raises(IndexDamaged, match="is gone from Milvus"):
        IndexReader(tmp_path / "index", fake_embedder, milvus).current()
    summary = ingest(tiny_corpus, tmp_path / "index", fake_embedder, backend=milvus)
    assert (len(summary.added), summary.embedded) == (3, 0)


def test_a_chunk_with_more_terms_than_milvus_takes_is_indexed_by_its_first(
    milvus: MilvusBackend, tmp_path: Path
) -> None:
    text = "猫在" + "".join(chr(0x4E00 + number) for number in range(LONGEST_TERMS // 13))
    publish(tmp_path / "index", text, milvus)
    reader = IndexReader(tmp_path / "index", FakeEmbedder(), milvus)
    assert found(reader.current(), "猫") == [text]


def test_a_milvus_that_does_not_answer_is_named_and_no_index_is_built_anew(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    manifest = read_manifest(tiny_index)
    (tiny_index / "CURRENT").write_text(json.dumps({**asdict(manifest), "backend": "milvus"}))
    nobody = MilvusBackend("http://127.0.0.1:9", "yinju")
    with pytest.raises(BackendUnavailable, match=r"Milvus at http://127\.0\.0\.1:9 does not do what it is asked"):
        IndexReader(tiny_index, fake_embedder, nobody).current()
    with pytest.raises(BackendUnavailable, match="check YINJU_MILVUS_URI"):
        ingest(tiny_corpus, tiny_index, fake_embedder, backend=nobody)
    assert read_manifest(tiny_index).generation == 1


def test_a_manifest_without_a_backend_is_an_embedded_one_and_that_is_how_it_is_written(tiny_index: Path) -> None:
    assert "backend" not in json.loads((tiny_index / "CURRENT").read_text(encoding="utf-8"))
    assert read_manifest(tiny_index).backend == "chroma"


def test_an_index_in_milvus_is_verified_and_repaired_there_and_no_backup_pretends_to_hold_it(
    milvus: MilvusBackend, tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    index = tmp_path / "index"
    ingest(tiny_corpus, index, fake_embedder, backend=milvus)
    assert check_index(index, backend=milvus).problems == []
    with pytest.raises(IndexMismatch, match="is searched with milvus, the settings say chroma"):
        check_index(index)
    with pytest.raises(IndexMismatch, match="are in milvus, which a backup does not hold"):
        backup(tiny_corpus, index, tmp_path / "backup.tar")
    milvus.remove(index / read_manifest(index).directory)
    settings = Settings(_env_file=None, corpus=tiny_corpus, index=index, milvus_uri=milvus.uri)
    problems, summary = repair(settings, fake_embedder)
    assert ["is gone from Milvus" in str(problem) for problem in problems] == [True]
    assert summary is not None
    assert (len(summary.added), summary.embedded) == (3, 0)
    assert check_index(index, backend=milvus).problems == []


def test_the_settings_choose_the_backend(tmp_path: Path) -> None:
    assert open_backend(Settings(_env_file=None)) is EMBEDDED
    chosen = open_backend(Settings(_env_file=None, milvus_uri="http://milvus:19530", milvus_alias="news"))
    assert isinstance(chosen, MilvusBackend)
    assert (chosen.uri, chosen.alias) == ("http://milvus:19530", "news")


@pytest.mark.model
def test_the_passages_for_every_third_question_of_the_corpus_set_are_the_same_with_both(
    milvus: MilvusBackend, corpus_index: Path, real_embedder: SentenceEmbedder, tmp_path: Path
) -> None:
    shutil.copytree(corpus_index, tmp_path / "index")  # for its embedding cache
    ingest(CORPUS, tmp_path / "index", real_embedder, backend=milvus)
    set_ = load_set(CORPUS.parent / "eval" / "sets" / "corpus.jsonl")
    questions = [question.question.text for question in set_[::3]]
    assert len(questions) > 70
    both = [
        [HybridRetriever.of(generation, real_embedder, Settings(_env_file=None)).retrieve(text) for text in questions]
        for generation in (
            IndexReader(corpus_index, real_embedder).current(),
            IndexReader(tmp_path / "index", real_embedder, milvus).current(),
        )
    ]
    first, second = ([[p.chunk.id for p in passages] for passages in of_one] for of_one in both)
    assert first == second


class Noted:
    """A store that notes which of its legs is asked."""

    def __init__(self, store: Store, asked: list[str]) -> None:
        self._store = store
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        if name in ("nearest", "matching"):
            self._asked.append(name)
        return getattr(self._store, name)


class Noting(EmbeddedBackend):
    """The embedded backend with noted stores."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def open(self, folder: Path, library: Library) -> Any:
        return Noted(super().open(folder, library), self.asked)


def test_both_legs_are_searched_once_before_a_reader_waits_for_them(
    tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    noting = Noting()
    reader = IndexReader(tiny_index, fake_embedder, noting)
    reader.current()
    reader.current()
    assert noting.asked == ["nearest", "matching"]
    reader.close()
