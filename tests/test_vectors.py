import shutil
from pathlib import Path

import numpy as np
import pytest

from rag.embed import unit_rows
from rag.errors import IndexDamaged
from rag.types import Hit
from rag.vectors import READ_BATCH, VectorStore

EAST, NORTH, BETWEEN = np.float32([1, 0]), np.float32([0, 1]), np.float32([0.6, 0.8])


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    store = VectorStore(tmp_path / "chroma", create=True)
    store.put(["a", "b", "c"], [EAST, NORTH, BETWEEN])
    return store


def rounded(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.chunk_id, round(hit.score, 4)) for hit in hits]


def test_hits_have_their_cosine_best_first(store: VectorStore) -> None:
    assert rounded(store.search(EAST, 3)) == [("a", 1.0), ("c", 0.6), ("b", 0.0)]
    assert rounded(store.search(NORTH, 2)) == [("b", 1.0), ("c", 0.8)]


def test_asking_for_more_than_there_is_gives_all(store: VectorStore) -> None:
    assert len(store.search(EAST, 99)) == 3


def test_what_is_found_is_what_is_nearest(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "many", create=True)
    vectors = unit_rows(np.random.default_rng(7).normal(size=(4000, 384)).astype(np.float32))
    ids = [f"{row:04}" for row in range(len(vectors))]
    store.put(ids, vectors)
    queries = unit_rows(np.random.default_rng(8).normal(size=(40, 384)).astype(np.float32))
    found = [{hit.chunk_id for hit in store.search(query, 50)} for query in queries]
    nearest = [{ids[row] for row in np.argsort(-(vectors @ query))[:50]} for query in queries]
    missed = sum(len(there - here) for here, there in zip(found, nearest, strict=True))
    assert missed <= 2  # of 2,000; 70 with ef_search 200


def test_ties_come_in_the_order_of_ids(store: VectorStore) -> None:
    store.put(["e", "d"], [EAST, EAST])
    assert [hit.chunk_id for hit in store.search(EAST, 3)] == ["a", "d", "e"]


def test_an_empty_store_finds_nothing(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "chroma", create=True)
    store.put([], [])
    assert store.count() == 0
    assert store.search(EAST, 5) == []
    assert store.vectors([]) == {}


def test_put_replaces_and_delete_removes_and_unknown_ids_are_passed_over(store: VectorStore) -> None:
    store.put(["a"], [NORTH])
    store.delete(["b", "没有"])
    assert store.count() == 2
    assert {id_: vector.tolist() for id_, vector in store.vectors(["a", "b", "没有"]).items()} == {"a": [0, 1]}


def test_a_store_opened_again_holds_what_was_put(store: VectorStore, tmp_path: Path) -> None:
    before = store.search(BETWEEN, 3)
    store.close()
    again = VectorStore(tmp_path / "chroma")
    assert again.count() == 3
    assert again.search(BETWEEN, 3) == before


def test_more_vectors_than_one_batch_are_all_kept_and_found(tmp_path: Path) -> None:
    count = READ_BATCH + 1
    rows = unit_rows(np.random.default_rng(7).normal(size=(count, 8)))
    ids = [f"c{number}" for number in range(count)]
    store = VectorStore(tmp_path / "chroma", create=True)
    store.put(ids, rows)
    assert store.count() == count
    stored = store.vectors(ids)
    assert np.allclose([stored[id_] for id_ in ids], rows, atol=1e-6)  # Chroma scales to unit length once more
    exact = {ids[number] for number in np.argsort(-rows @ rows[0])[:10]}
    assert {hit.chunk_id for hit in store.search(rows[0], 10)} == exact
    store.delete(ids[1:])
    assert rounded(store.search(rows[0], 5)) == [("c0", 1.0)]


def test_a_folder_without_vectors_is_damaged_by_name(tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match=r"the vectors in .*没有 cannot be opened"):
        VectorStore(tmp_path / "没有")


def test_a_damaged_folder_is_damaged_however_often_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "坏").mkdir()
    (tmp_path / "坏" / "chroma.sqlite3").write_bytes(b"no database" * 100)
    for _ in range(3):
        with pytest.raises(IndexDamaged, match=r"the vectors in .*坏 cannot be opened"):
            VectorStore(tmp_path / "坏")


def test_vectors_whose_graph_was_lost_are_damaged_when_they_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    store = VectorStore(folder, create=True)
    store.put([f"c{number}" for number in range(1500)], unit_rows(np.random.default_rng(7).normal(size=(1500, 4))))
    store.close()
    (graph,) = [path for path in folder.iterdir() if path.is_dir()]
    shutil.rmtree(graph)
    with pytest.raises(IndexDamaged, match="the vectors of the index cannot be read"):
        VectorStore(folder).vectors(["c0"])
