import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder

from ingest.run import ingest
from rag.errors import IndexDamaged, IndexLocked, IndexMismatch, IndexMissing, unwritable
from rag.index import Generation, IndexReader, Manifest, read_manifest, verify
from rag.library import IndexedFile
from rag.seal import SEAL, seal_text
from rag.types import Article, Chunk
from rag.vectors import VectorStore
from rag.writer import IndexWriter, history, published_files


def folder(index: Path) -> Path:
    """The folder of the published generation."""
    return index / read_manifest(index).directory


def generations(index: Path) -> list[int]:
    return sorted(int(path.name.split("-")[1]) for path in index.glob("gen-*"))


def publish(index: Path, text: str, embedder: FakeEmbedder | None = None) -> Manifest:
    """Publish an index that holds one article, 文, of one sentence."""
    embedder = embedder or FakeEmbedder()
    article = Article("文", "文.md", text, title="文")
    chunk = Chunk(f"id of {text}", "文", 0, len(text), text, "", ((0, len(text)),))
    with IndexWriter.locked(index, embedder, "1") as writer:
        writer.begin()
        for published in published_files(index, writer.base):
            writer.remove(published)
        vectors, _ = writer.embed([text])
        writer.put(article, IndexedFile("digest"), [chunk], [np.array([vectors[text]])])
        return writer.publish()


def text_of(generation: Generation) -> str:
    return generation.library.article("文").text


def test_what_is_published_is_read(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    manifest = publish(tmp_path, "猫吃鱼。")
    assert (manifest.generation, manifest.articles, manifest.chunks, manifest.deleted) == (1, 1, 1, 0)
    assert (manifest.model, manifest.fingerprint, manifest.dimensions, manifest.chunker) == ("fake", "fake@1", 5, "1")
    assert read_manifest(tmp_path) == manifest
    reader = IndexReader(tmp_path, fake_embedder)
    generation = reader.current()
    assert generation.manifest == manifest
    assert text_of(generation) == "猫吃鱼。"
    assert [hit.chunk_id for hit in generation.store.nearest(fake_embedder.embed_query("鱼"), 1)] == ["id of 猫吃鱼。"]
    assert [hit.chunk_id for hit in generation.library.search(["吃鱼"])] == ["id of 猫吃鱼。"]
    reader.close()


def test_the_vector_of_a_chunk_is_the_unit_mean_of_its_sentences(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    chunk = Chunk("c", "文", 0, 4, "猫。狗。", "", ((0, 2), (2, 4)))
    rows = np.float32([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]])
    with IndexWriter.locked(tmp_path, fake_embedder, "1") as writer:
        writer.begin()
        writer.put(Article("文", "文.md", "猫。狗。"), IndexedFile("d"), [chunk], [rows])
        writer.publish()
    reader = IndexReader(tmp_path, fake_embedder)
    assert reader.current().store.vectors(["c"])["c"] == pytest.approx([0.5**0.5, 0.5**0.5, 0, 0, 0])
    assert reader.current().library.sentence_vectors("c").tolist() == rows.tolist()
    reader.close()


def test_an_index_that_is_not_there_is_missing(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    with pytest.raises(IndexMissing, match=f"there is no index in {tmp_path}: run python -m ingest first"):
        IndexReader(tmp_path, fake_embedder).current()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"generation": 1}'])
def test_a_manifest_that_cannot_be_read_is_damaged_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "CURRENT").write_text(content)
    with pytest.raises(IndexDamaged, match="CURRENT cannot be read"):
        read_manifest(tmp_path)


def test_a_reader_sees_a_new_generation_at_its_next_call(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    publish(tmp_path, "猫吃鱼。")
    reader = IndexReader(tmp_path, fake_embedder)
    first = reader.current()
    assert reader.current() is first
    publish(tmp_path, "狗追猫。")
    second = reader.current()
    assert (second.manifest.generation, text_of(second)) == (2, "狗追猫。")
    assert text_of(first) == "猫吃鱼。", "a question that is still being answered reads the one before"
    publish(tmp_path, "鸟会飞。")
    assert text_of(reader.current()) == "鸟会飞。"
    assert text_of(second) == "狗追猫。"
    reader.close()


def test_a_reader_sees_an_index_that_was_deleted_and_made_anew(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    index = tmp_path / "index"
    publish(index, "猫吃鱼。")
    reader = IndexReader(index, fake_embedder)
    reader.current()
    shutil.rmtree(index)
    assert text_of(reader.current()) == "猫吃鱼。"
    assert isinstance(reader.problem, IndexMissing)
    publish(index, "狗追猫。")
    (hit,) = reader.current().store.nearest(fake_embedder.embed_query("狗"), 1)
    assert (text_of(reader.current()), hit.chunk_id) == ("狗追猫。", "id of 狗追猫。")
    assert reader.problem is None
    reader.close()


def test_an_index_of_another_model_is_refused_with_both_names(tmp_path: Path) -> None:
    publish(tmp_path, "猫。", FakeEmbedder(name="bge"))
    with pytest.raises(IndexMismatch) as refused:
        IndexReader(tmp_path, FakeEmbedder(name="e5")).current()
    assert str(refused.value) == (
        f"the index in {tmp_path} was built with bge, the settings say e5: "
        "run python -m ingest again, or set YINJU_EMBEDDING_MODEL back"
    )


def test_a_reader_keeps_its_generation_when_the_new_one_has_another_model(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    publish(tmp_path, "猫。")
    reader = IndexReader(tmp_path, fake_embedder)
    reader.current()
    publish(tmp_path, "狗。", FakeEmbedder(name="other"))
    assert text_of(reader.current()) == "猫。"
    assert isinstance(reader.problem, IndexMismatch)
    reader.close()


def lose_library(generation: Path) -> None:
    (generation / "library.sqlite").unlink()


def spoil_library(generation: Path) -> None:
    (generation / "library.sqlite").write_bytes(b"no database" * 1000)


def lose_vectors(generation: Path) -> None:
    shutil.rmtree(generation / "chroma")


def spoil_vectors(generation: Path) -> None:
    (generation / "chroma" / "chroma.sqlite3").write_bytes(b"no database" * 1000)


def lose_folder(generation: Path) -> None:
    shutil.rmtree(generation)


DAMAGES = [lose_library, spoil_library, lose_vectors, spoil_vectors, lose_folder]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_reader_keeps_its_generation_when_the_new_one_is_damaged_and_says_so(
    tmp_path: Path, fake_embedder: FakeEmbedder, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    publish(tmp_path, "猫。")
    reader = IndexReader(tmp_path, fake_embedder)
    reader.current()
    publish(tmp_path, "狗。")
    damage(folder(tmp_path))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert text_of(reader.current()) == "猫。"
    assert isinstance(reader.problem, IndexDamaged)
    assert "keeping generation 1" in caplog.text
    publish(tmp_path, "鸟。")
    assert text_of(reader.current()) == "鸟。"
    assert reader.problem is None
    reader.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_ingest_replaces_a_damaged_generation_though_no_article_changed(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder, damage: Callable[[Path], None]
) -> None:
    damage(folder(tiny_index))
    with pytest.raises(IndexDamaged, match="run python -m ingest"):
        IndexReader(tiny_index, fake_embedder).current()
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert (len(summary.added), summary.embedded) == (3, 0)
    reader = IndexReader(tiny_index, fake_embedder)
    assert reader.current().library.article_ids() == ["乙", "子/丙", "甲"]
    reader.close()


def test_a_second_writer_is_refused(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    with (
        IndexWriter.locked(tmp_path, fake_embedder, "1"),
        pytest.raises(IndexLocked, match=f"another process is indexing into {tmp_path}: wait until"),
        IndexWriter.locked(tmp_path, fake_embedder, "1"),
    ):
        pass
    publish(tmp_path, "猫。")


def test_two_generations_are_kept(tmp_path: Path) -> None:
    for text in "猫狗鱼鸟":
        publish(tmp_path, text)
    assert generations(tmp_path) == [3, 4]
    assert not list(tmp_path.glob("build-*"))


def test_a_generation_in_use_is_not_removed_until_it_is_let_go(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    publish(tmp_path, "猫。")
    reader = IndexReader(tmp_path, fake_embedder)
    first = reader.current()
    for text in "狗鱼鸟":
        publish(tmp_path, text)
    assert generations(tmp_path) == [1, 3, 4]
    assert text_of(first) == "猫。"
    assert len(first.store.nearest(fake_embedder.embed_query("猫"), 9)) == 1
    reader.close()
    publish(tmp_path, "猫。")
    assert generations(tmp_path) == [4, 5]


def test_opening_and_searching_changes_no_byte_of_a_generation(tiny_index: Path, fake_embedder: FakeEmbedder) -> None:
    before = seal_text(folder(tiny_index))
    reader = IndexReader(tiny_index, fake_embedder)
    assert len(reader.current().store.nearest(fake_embedder.embed_query("猫"), 3)) == 3
    assert len(list(tiny_index.glob("open-*"))) == 1
    reader.close()
    assert not list(tiny_index.glob("open-*"))
    assert seal_text(folder(tiny_index)) == before == (folder(tiny_index) / SEAL).read_text()


def test_copies_that_killed_readers_left_are_removed_and_those_in_use_are_not(
    tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_index / "open-left" / "chroma").mkdir(parents=True)
    first, second = (IndexReader(tiny_index, fake_embedder) for _ in range(2))
    first.current()
    second.current()
    assert not (tiny_index / "open-left").exists()
    assert len(first.current().store.nearest(fake_embedder.embed_query("猫"), 3)) == 3
    first.close()
    second.close()


def test_stale_builds_are_removed_by_the_next_writer(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    (tmp_path / "build-stale" / "chroma").mkdir(parents=True)
    with IndexWriter.locked(tmp_path, fake_embedder, "1"):
        assert not list(tmp_path.glob("build-*"))


def test_a_build_that_is_given_up_leaves_the_published_generation_as_it_was(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    before = publish(tmp_path, "猫。")
    with pytest.raises(ZeroDivisionError), IndexWriter.locked(tmp_path, fake_embedder, "1") as writer:
        writer.begin()
        writer.remove("文")
        raise ZeroDivisionError
    assert read_manifest(tmp_path) == before
    assert not list(tmp_path.glob("build-*"))
    reader = IndexReader(tmp_path, fake_embedder)
    assert text_of(reader.current()) == "猫。"
    reader.close()


def put_articles(index: Path, names: str, *, removing: str = "") -> Manifest:
    """Publish with one article of one chunk more for every name."""
    embedder = FakeEmbedder()
    with IndexWriter.locked(index, embedder, "1") as writer:
        writer.begin()
        for name in removing:
            writer.remove(name)
        for name in names:
            chunk = Chunk(name, name, 0, 1, name, "", ((0, 1),))
            writer.put(Article(name, name, name), IndexedFile("d"), [chunk], [embedder.embed_texts([name])])
        return writer.publish()


def test_deleted_vectors_are_counted_and_above_30_percent_the_store_is_built_anew(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    put_articles(tmp_path, "猫狗鱼鸟甲乙丙丁戊己")
    assert put_articles(tmp_path, "", removing="甲乙丙").deleted == 3  # 3 of 10 is not above 30%
    reader = IndexReader(tmp_path, fake_embedder)
    before = reader.current().store.vectors(list("猫狗鱼鸟丁戊"))
    manifest = put_articles(tmp_path, "", removing="己")
    assert (manifest.deleted, manifest.chunks) == (0, 6)
    after = reader.current().store
    assert after.count() == 6
    assert {k: v.tolist() for k, v in after.vectors(list(before)).items()} == {k: v.tolist() for k, v in before.items()}
    assert [hit.chunk_id for hit in after.nearest(fake_embedder.embed_query("鸟"), 1)] == ["鸟"]
    assert not (folder(tmp_path) / "chroma-new").exists()
    reader.close()


def seal_again(generation: Path) -> None:
    """As a program would that seals what it has spoiled."""
    (generation / SEAL).write_text(seal_text(generation))


def test_verify_passes_a_whole_generation(tiny_index: Path) -> None:
    verify(folder(tiny_index), read_manifest(tiny_index))


def test_verify_catches_a_lost_vector(tiny_index: Path, fake_embedder: FakeEmbedder) -> None:
    store = VectorStore(folder(tiny_index) / "chroma")
    (hit,) = store.search(fake_embedder.embed_query("鸟"), 1)
    store.delete([hit.chunk_id])
    store.close()
    seal_again(folder(tiny_index))
    with pytest.raises(IndexDamaged, match=r"holds \(3, 3, 3, 2\) articles, chunks, texts, vectors"):
        verify(folder(tiny_index), read_manifest(tiny_index))


def test_verify_catches_a_vector_under_another_id(tiny_index: Path, fake_embedder: FakeEmbedder) -> None:
    store = VectorStore(folder(tiny_index) / "chroma")
    (hit,) = store.search(fake_embedder.embed_query("鸟"), 1)
    store.delete([hit.chunk_id])
    store.put(["stray"], [fake_embedder.embed_query("鸟")])
    store.close()
    seal_again(folder(tiny_index))
    with pytest.raises(IndexDamaged, match="1 of 3 chunks do not find themselves"):
        verify(folder(tiny_index), read_manifest(tiny_index))


@pytest.mark.parametrize("table", ["terms", "chunks", "articles"])
def test_verify_catches_a_lost_row(tiny_index: Path, table: str) -> None:
    with sqlite3.connect(folder(tiny_index) / "library.sqlite") as connection:
        connection.execute(f"DELETE FROM {table} WHERE rowid = (SELECT min(rowid) FROM {table})")
    connection.close()
    seal_again(folder(tiny_index))
    with pytest.raises(IndexDamaged, match="articles, chunks, texts, vectors"):
        verify(folder(tiny_index), read_manifest(tiny_index))


def test_a_build_that_fails_verification_is_not_published(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    before = publish(tmp_path, "猫。")
    with (
        pytest.raises(IndexDamaged, match=r"holds \(2, 2, 2, 1\)"),
        IndexWriter.locked(tmp_path, fake_embedder, "1") as writer,
    ):
        writer.begin()
        chunk = Chunk("id of 猫。", "别", 0, 1, "狗", "", ((0, 1),))
        other = Chunk("c2", "别", 0, 1, "狗", "", ((0, 1),))
        writer.put(Article("别", "别.md", "狗"), IndexedFile("d"), [other], [fake_embedder.embed_texts(["狗"])])
        writer._store.delete([chunk.id])
        writer.publish()
    assert read_manifest(tmp_path) == before
    assert generations(tmp_path) == [1]
    assert not list(tmp_path.glob("build-*"))


def test_the_manifest_in_the_generation_is_the_one_in_current(tiny_index: Path) -> None:
    inside = json.loads((folder(tiny_index) / "manifest.json").read_text(encoding="utf-8"))
    assert inside == json.loads((tiny_index / "CURRENT").read_text(encoding="utf-8"))


def test_texts_are_embedded_once_and_then_come_from_the_cache(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    with IndexWriter.locked(tmp_path, fake_embedder, "1") as writer:
        first, embedded = writer.embed(["猫", "狗", "猫"])
        assert (embedded, fake_embedder.embedded) == (2, ["猫", "狗"])
        again, embedded = writer.embed(["狗", "猫", "鸟"])
    assert (embedded, fake_embedder.embedded) == (1, ["猫", "狗", "鸟"])
    assert {text: again[text].tolist() for text in first} == {text: first[text].tolist() for text in first}


def roll_back(index: Path) -> Manifest:
    with IndexWriter.locked(index, FakeEmbedder(), "1") as writer:
        return writer.roll_back()


def test_a_rollback_brings_the_generation_before_to_an_open_reader(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    first = publish(tmp_path, "猫吃鱼。")
    publish(tmp_path, "狗追猫。")
    reader = IndexReader(tmp_path, fake_embedder)
    assert text_of(reader.current()) == "狗追猫。"
    assert roll_back(tmp_path) == first
    assert text_of(reader.current()) == "猫吃鱼。"
    reader.close()
    assert publish(tmp_path, "鸟会飞。").generation == 3
    assert generations(tmp_path) == [1, 3], "the one rolled back from is gone, the one before stays"
    assert roll_back(tmp_path) == first


def test_without_a_generation_before_a_rollback_is_refused(tmp_path: Path) -> None:
    manifest = publish(tmp_path, "猫吃鱼。")
    with pytest.raises(IndexMissing, match=r"no generation before 1 .*: nothing was changed"):
        roll_back(tmp_path)
    assert read_manifest(tmp_path) == manifest


def test_a_rollback_to_a_damaged_generation_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, "猫吃鱼。")
    (folder(tmp_path) / "library.sqlite").write_bytes(b"")
    manifest = publish(tmp_path, "狗追猫。")
    with pytest.raises((IndexDamaged, IndexMismatch)):
        roll_back(tmp_path)
    assert read_manifest(tmp_path) == manifest


def told(index: Path) -> list[tuple[int, str]]:
    return [(entry["generation"], entry["action"]) for entry in history(index)]


def test_history_tells_every_publish_and_rollback(tmp_path: Path) -> None:
    assert history(tmp_path) == []
    publish(tmp_path, "猫吃鱼。")
    publish(tmp_path, "狗追猫。")
    roll_back(tmp_path)
    assert told(tmp_path) == [(1, "ingest"), (2, "ingest"), (1, "rollback")]


def test_history_survives_a_crash_between_the_swap_and_its_note(tmp_path: Path) -> None:
    publish(tmp_path, "猫吃鱼。")
    publish(tmp_path, "狗追猫。")
    lines = (tmp_path / "history.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "history.jsonl").write_text(lines[0] + lines[1][:20])
    assert told(tmp_path) == [(1, "ingest"), (2, "ingest")]


def test_history_goes_on_below_a_line_that_a_crash_cut_within_a_character(tmp_path: Path) -> None:
    publish(tmp_path, "猫吃鱼。")
    with (tmp_path / "history.jsonl").open("ab") as file:
        file.write('{"generation": 2, "action": "猫'.encode()[:-1])
    publish(tmp_path, "狗追猫。")
    publish(tmp_path, "鸟会飞。")
    assert told(tmp_path) == [(1, "ingest"), (2, "ingest"), (3, "ingest")]


def test_of_a_copy_that_fails_the_first_reason_is_told() -> None:
    full = "[Errno 28] No space left on device: 'b'"
    english, chinese = unwritable(shutil.Error([("a", "b", full), ("c", "d", full)]))
    told = "free some space or check the rights; the published one is as it was"
    assert english == f"the index cannot be written ({full}): {told}"
    assert chinese == f"索引写不进去（{full}）：请腾出磁盘空间或检查权限；已有的索引没有改动"


def test_an_index_of_another_version_is_told_apart_from_a_damaged_one(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    publish(tmp_path, "猫吃鱼。")
    with sqlite3.connect(folder(tmp_path) / "library.sqlite") as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(IndexMismatch, match="has the form 1, this program reads form 2: run python -m ingest again"):
        IndexReader(tmp_path, fake_embedder).current()
    assert publish(tmp_path, "狗追猫。").generation == 2


def test_a_question_keeps_its_generation_however_many_are_published_and_then_it_is_closed(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    publish(tmp_path, "猫吃鱼。")
    reader = IndexReader(tmp_path, fake_embedder)
    asked = reader.current()
    for text in ("狗追猫。", "鸟会飞。", "鱼在游。"):
        publish(tmp_path, text)
        assert text_of(reader.current()) == text
    assert text_of(asked) == "猫吃鱼。"
    assert len(asked.store.nearest(fake_embedder.embed_query("猫"), 1)) == 1
    del asked
    assert len(list(tmp_path.glob("open-*"))) == 2, "its copy is gone; the last two are open"
    publish(tmp_path, "猫在叫。")
    assert generations(tmp_path)[0] > 1, "and its folder may go"
    reader.close()
