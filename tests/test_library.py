import threading
from collections.abc import Iterator
from math import log
from pathlib import Path

import numpy as np
import pytest

from rag.cache import EmbeddingCache
from rag.errors import IndexDamaged, IndexUnwritable
from rag.library import IndexedFile, Library
from rag.text import index_terms
from rag.types import Article, Chunk, Removal

FIRST = Article(
    "甲",
    "甲.md",
    "猫[图]吃鱼。鸟飞。",
    (Removal(1, 4, "image", "i"),),
    "题",
    "人",
    "社",
    "2025-01-02",
    "http://a",
    ("标",),
)
SECOND = Article("乙", "乙.txt", "狗追猫。", title="乙")
CHUNKS = [
    Chunk("c1", "甲", 0, 4, "猫吃鱼。", "节", ((0, 4),)),
    Chunk("c2", "甲", 4, 7, "鸟飞。", "", ((4, 6), (6, 7))),
    Chunk("c3", "乙", 0, 4, "狗追猫。", "", ((0, 4),)),
]
ROWS = [np.array(rows, np.float32) for rows in ([[1, 0]], [[0, 1], [0.5, 0.5]], [[0, 1]])]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "library.sqlite"
    library = Library.create(path)
    library.put(FIRST, IndexedFile("digest-1"))
    library.put(SECOND, IndexedFile("digest-2"))
    library.put_chunks(list(zip((FIRST, FIRST, SECOND), CHUNKS, ROWS, strict=True)))
    library.close()
    return path


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    library = Library.open(path)
    yield library
    library.close()


def test_what_is_put_is_read_back_equal(library: Library) -> None:
    assert library.article("甲") == FIRST
    assert library.article("乙") == SECOND
    assert [library.chunk(chunk.id) for chunk in CHUNKS] == CHUNKS
    assert [library.sentence_vectors(chunk.id).tolist() for chunk in CHUNKS] == [rows.tolist() for rows in ROWS]
    assert library.sentence_vectors("c1").dtype == np.float32


def test_ids_digests_and_counts_list_what_is_there(library: Library) -> None:
    assert library.article_ids() == ["乙", "甲"]
    assert library.chunk_ids() == ["c1", "c2", "c3"]
    assert library.files() == {"甲": IndexedFile("digest-1"), "乙": IndexedFile("digest-2")}
    assert library.counts() == (2, 3, 3)


@pytest.mark.parametrize("read", ["article", "chunk", "sentence_vectors"])
def test_an_unknown_id_is_a_key_error(library: Library, read: str) -> None:
    with pytest.raises(KeyError, match="没有"):
        getattr(library, read)("没有")


def test_a_deleted_article_is_gone_from_every_table(path: Path) -> None:
    library = Library.edit(path)
    assert library.delete("甲") == ["c1", "c2"]
    library.close()
    library = Library.open(path)
    assert library.counts() == (1, 1, 1)
    assert library.search(["吃鱼"]) == []
    assert [hit.chunk_id for hit in library.search(["追猫"])] == ["c3"]
    assert library.document_frequencies(["鸟飞"]) == {"鸟飞": 0}


def test_deleting_an_unknown_article_deletes_nothing(path: Path) -> None:
    library = Library.edit(path)
    assert library.delete("没有") == []
    assert library.counts() == (2, 3, 3)


def test_search_finds_every_chunk_with_any_term_and_nothing_else(library: Library) -> None:
    assert {hit.chunk_id for hit in library.search(["吃鱼", "鸟飞"])} == {"c1", "c2"}
    assert library.search(["没有"]) == []
    assert library.search([]) == []


def test_title_and_section_are_searched_with_the_text(library: Library) -> None:
    assert {hit.chunk_id for hit in library.search(["题"])} == {"c1", "c2"}
    assert [hit.chunk_id for hit in library.search(["节"])] == ["c1"]


def test_the_score_is_bm25_by_hand(library: Library) -> None:
    # terms: c1 = 题 节 猫吃 吃鱼, c2 = 题 鸟飞, c3 = 乙 狗追 追猫; 3 chunks of 4, 2 and 3 terms, 3 on average
    def bm25(length: int) -> float:
        idf = log((3 - 1 + 0.5) / (1 + 0.5))
        return idf * (1 * (1.2 + 1)) / (1 + 1.2 * (1 - 0.75 + 0.75 * length / 3))

    assert library.search(["吃鱼"])[0].score == pytest.approx(bm25(4))
    assert library.search(["鸟飞"])[0].score == pytest.approx(bm25(2))
    assert [hit.chunk_id for hit in library.search(["吃鱼", "追猫", "鸟飞"])] == ["c2", "c3", "c1"]


@pytest.mark.parametrize("term", ["AND", "or", "near", "3.5", "15%", "*", "^", "a-b", "col:x", "(", ""])
def test_a_term_is_never_read_as_query_syntax(library: Library, term: str) -> None:
    assert library.search([term]) == []


def test_a_query_of_a_thousand_terms_is_answered(library: Library) -> None:
    terms = [chr(0x4E00 + i) + chr(0x4E01 + i) for i in range(1000)]
    assert library.search([*terms, "吃鱼"])[0].chunk_id == "c1"
    assert len(library.document_frequencies(terms)) == 1000


def test_a_search_can_be_for_a_phrase_and_for_the_best_alone(library: Library) -> None:
    assert [hit.chunk_id for hit in library.search(["吃鱼", "追猫", "鸟飞"], 2)] == ["c2", "c3"]
    terms = library.indexed_terms(["c1"])["c1"].split()
    assert [hit.chunk_id for hit in library.search([" ".join(terms[-2:])])] == ["c1"]
    assert library.search([" ".join([terms[-1], terms[0]])]) == []


def test_the_terms_of_a_chunk_are_those_of_its_headings_and_its_text(library: Library) -> None:
    title = library.article(CHUNKS[0].article_id).title
    expected = index_terms(f"{title}\n{CHUNKS[0].section}\n{CHUNKS[0].text}")
    assert library.indexed_terms(["c1", "unknown"]) == {"c1": " ".join(expected)}
    assert library.indexed_terms([]) == {}


def test_the_nearest_sentence_of_a_chunk_is_the_one_with_the_highest_cosine(library: Library) -> None:
    ids = [chunk.id for chunk in CHUNKS]
    for vector in (ROWS[0][0], ROWS[-1][-1]):
        expected = {id_: round(float((library.sentence_vectors(id_) @ vector).max()), 6) for id_ in ids}
        assert library.nearest_sentences(ids, vector) == pytest.approx(expected, abs=2e-6)
    assert library.nearest_sentences([], ROWS[0][0]) == {}


def test_document_frequencies_count_chunks_and_give_0_for_unknown_terms(library: Library) -> None:
    assert library.document_frequencies(["题", "鸟飞", "没有", "题"]) == {"题": 2, "鸟飞": 1, "没有": 0}
    assert library.document_frequencies([]) == {}


def test_an_open_library_cannot_be_written(library: Library) -> None:
    with pytest.raises(IndexUnwritable, match="readonly"):
        library.delete("甲")


@pytest.mark.parametrize("content", [None, b"", b"no database" * 100])
def test_a_file_that_is_no_library_is_damaged_by_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "坏.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(IndexDamaged, match=r"坏\.sqlite cannot be read"):
        Library.open(path)


def test_several_threads_read_the_same(library: Library) -> None:
    found: list[list[str]] = []

    def read() -> None:
        found.extend([hit.chunk_id for hit in library.search(["题"])] for _ in range(50))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * 200


def test_the_cache_gives_back_what_it_knows_per_model(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "sub" / "cache.sqlite")
    cache.put("m1", {"甲": np.array([1, 0], np.float32), "乙": np.array([0.1, 0], np.float32)})
    assert cache.get("m1", ["甲", "丙"])["甲"].tolist() == [1, 0]
    assert set(cache.get("m1", ["甲", "丙"])) == {"甲"}
    assert cache.get("m1", ["乙"])["乙"][0] == np.float32(np.float16(0.1))
    assert cache.get("m2", ["甲"]) == {}
    cache.close()
    again = EmbeddingCache(tmp_path / "sub" / "cache.sqlite")
    assert set(again.get("m1", ["甲", "乙"])) == {"甲", "乙"}
    again.close()


def test_what_one_writer_put_is_seen_while_it_is_still_open(tmp_path: Path) -> None:
    writer, reader = EmbeddingCache(tmp_path / "c"), EmbeddingCache(tmp_path / "c")
    writer.put("m", {"甲": np.array([1], np.float32)})
    assert set(reader.get("m", ["甲"])) == {"甲"}
    writer.put("m", {"甲": np.array([2], np.float32)})
    assert reader.get("m", ["甲"])["甲"].tolist() == [2]
    writer.close()
    reader.close()
