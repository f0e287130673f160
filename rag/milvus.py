"""Milvus: one collection per generation, with the vector and the terms of every chunk. The only file that knows it.

The terms are those of the embedded full-text index, each as the hexadecimal digits of its UTF-8, which every tokenizer
takes whole. Milvus names candidates only: they are scored as they are in the embedded backend.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import numpy as np
from grpc import RpcError
from pymilvus import DataType, Function, FunctionType, MilvusClient, MilvusException

from rag.embed import Vector
from rag.errors import DAMAGED, BackendUnavailable, IndexDamaged
from rag.library import Library
from rag.store import Store
from rag.types import ALL, Hit, Scope

BATCH = 1000  # chunks written or read together, some 10 MB; Milvus takes messages of 64 MB
LONGEST_TERMS = 65_535  # bytes of a text in Milvus; a chunk of 400 tokens has some 8,000
TIES = 50  # matches beyond the asked ones that are put in the order of ids
READ_SECONDS = 10.0
FIRST_SECONDS = 120.0  # for the first lexical search of a store: Milvus Lite builds its lists of terms then
WRITE_SECONDS = 3600.0  # a whole index is built at the end of a build
_DENSE = {"index_type": "HNSW", "metric_type": "COSINE", "params": {"M": 24, "efConstruction": 200}}
_LEXICAL = {
    "index_type": "SPARSE_INVERTED_INDEX",
    "metric_type": "BM25",
    "params": {"bm25_k1": 1.2, "bm25_b": 0.75},  # as SQLite has them
}
_EF = 200

# It logs every error that it raises, with a traceback; they are told once, by those who catch them.
logging.getLogger("pymilvus").setLevel(logging.CRITICAL)


class MilvusStore:
    """A Store: a collection, beside the library that has its chunks."""

    def __init__(self, backend: "MilvusBackend", collection: str, library: Library, *, writing: bool = False) -> None:
        self.backend = backend
        self.collection = collection
        self.library = library
        self._writing = writing
        self._lexical_seconds = FIRST_SECONDS

    def close(self) -> None:
        """After writing, build the indexes and load them, which takes most of the time of a build."""
        if self._writing:
            with self.backend.talking() as client:
                client.flush(self.collection, timeout=WRITE_SECONDS)
                indexes = client.prepare_index_params()
                indexes.add_index("vector", **_DENSE)
                indexes.add_index("bm25", **_LEXICAL)
                indexes.add_index("article", index_type="INVERTED")
                client.create_index(self.collection, indexes, timeout=WRITE_SECONDS)
                client.load_collection(self.collection, timeout=WRITE_SECONDS)
            # Milvus Lite builds its lists of terms at the first search: here, not while a reader waits.
            self._search("bm25", encoded(["预热"]), 1, ALL, {}, WRITE_SECONDS)
            self._writing = False

    def count(self) -> int:
        """Number of chunks."""
        with self.backend.talking() as client:
            rows = client.query(
                self.collection,
                output_fields=["count(*)"],
                consistency_level="Strong",  # all that was put before, whichever server answers
                timeout=READ_SECONDS,
            )
        return int(rows[0]["count(*)"])

    def put(self, ids: Sequence[str], vectors: Sequence[Vector] | Vector) -> None:
        """Add or replace chunks that are in the library."""
        for at in range(0, len(ids), BATCH):
            batch = ids[at : at + BATCH]
            terms, articles = self.library.indexed_terms(batch), self.library.articles_of(batch)
            rows = [
                {
                    "id": id_,
                    "article": article_key(articles[id_]),
                    "vector": np.asarray(vector, np.float32),
                    "terms": encoded(terms[id_].split())[:LONGEST_TERMS],
                }
                for id_, vector in zip(batch, vectors[at : at + BATCH], strict=True)
            ]
            with self.backend.talking() as client:
                client.upsert(self.collection, rows, timeout=WRITE_SECONDS)

    def delete(self, ids: Sequence[str]) -> None:
        """Remove chunks; unknown ids are passed over."""
        for at in range(0, len(ids), BATCH):
            with self.backend.talking() as client:
                client.delete(self.collection, ids=list(ids[at : at + BATCH]), timeout=WRITE_SECONDS)

    def nearest(self, query: Vector, count: int, scope: Scope = ALL) -> list[Hit]:
        """The nearest chunks that a scope allows with their cosine, best first; ties in the order of ids."""
        hits = self._search("vector", np.asarray(query, np.float32), count, scope, {"ef": max(_EF, count)})
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))

    def matching(self, terms: Iterable[str], count: int, scope: Scope = ALL) -> list[Hit]:
        """The best matches among the chunks that a scope allows; of a phrase, those that have its terms anywhere."""
        text = encoded(word for term in dict.fromkeys(terms) for word in term.split())
        if not text:
            return []
        hits = self._search("bm25", text, count + TIES, scope, {}, self._lexical_seconds)
        self._lexical_seconds = READ_SECONDS
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:count]

    def _search(
        self,
        field: str,
        query: Vector | str,
        count: int,
        scope: Scope,
        parameters: Mapping[str, int],
        seconds: float = READ_SECONDS,
    ) -> list[Hit]:
        articles = self.library.articles_within(scope)
        if articles is not None and not articles:
            return []
        within = "" if articles is None else f"article in {json.dumps(sorted(map(article_key, articles)))}"
        with self.backend.talking() as client:
            (found,) = client.search(
                self.collection,
                [query],
                filter=within,
                limit=count,
                output_fields=["id"],
                search_params={"params": dict(parameters)},
                anns_field=field,
                timeout=seconds,
            )
        # Milvus Lite gives BM25 as a negative distance, Milvus as a positive score.
        return [Hit(hit["id"], abs(hit["distance"]) if field == "bm25" else hit["distance"]) for hit in found]

    def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """The vector of each id; unknown ids are left out."""
        found: dict[str, Vector] = {}
        for at in range(0, len(ids), BATCH):
            with self.backend.talking() as client:
                rows = client.get(
                    self.collection,
                    list(ids[at : at + BATCH]),
                    output_fields=["id", "vector"],
                    consistency_level="Strong",
                    timeout=READ_SECONDS,
                )
            found.update((row["id"], np.asarray(row["vector"], np.float32)) for row in rows)
        return found


class MilvusBackend:
    """The generations of one index in a Milvus; `alias` begins their names, and is an alias of the published one."""

    name = "milvus"

    def __init__(self, uri: str, alias: str, token: str = "") -> None:
        self.uri = uri
        self.alias = alias
        self._token = token

    @cached_property
    def _client(self) -> MilvusClient:
        return MilvusClient(self.uri, token=self._token, timeout=READ_SECONDS)

    @contextmanager
    def talking(self) -> Iterator[MilvusClient]:
        """The client; what goes wrong with it is a BackendUnavailable."""
        try:
            yield self._client
        except (MilvusException, RpcError) as error:  # the latter when it is too slow
            reason = error.message if isinstance(error, MilvusException) else error.details()
            raise BackendUnavailable(
                f"Milvus at {self.uri} does not do what it is asked ({reason}): see whether it runs, and check "
                "YINJU_MILVUS_URI and YINJU_MILVUS_TOKEN",
                f"Milvus（{self.uri}）没有完成请求（{reason}）：请看它是否在运行，"
                "并检查 YINJU_MILVUS_URI 和 YINJU_MILVUS_TOKEN",
            ) from error

    def create(self, folder: Path, library: Library, dimensions: int) -> MilvusStore:
        """A new collection without indexes, which are built when it is closed."""
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
        schema.add_field("article", DataType.VARCHAR, max_length=32)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimensions)
        schema.add_field(
            "terms",
            DataType.VARCHAR,
            max_length=LONGEST_TERMS,
            enable_analyzer=True,
            analyzer_params={"tokenizer": "standard"},
        )
        schema.add_field("bm25", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25_of_terms", FunctionType.BM25, ["terms"], ["bm25"]))
        with self.talking() as client:
            client.create_collection(
                self._collection(folder), schema=schema, consistency_level="Bounded", timeout=READ_SECONDS
            )
        return MilvusStore(self, self._collection(folder), library, writing=True)

    def copy(self, published: Path, folder: Path, library: Library, dimensions: int) -> MilvusStore:
        """A new collection with the vectors of the published one, and the terms of the copied library."""
        before, store = self.open(published, library), self.create(folder, library, dimensions)
        ids = library.chunk_ids()
        for at in range(0, len(ids), BATCH):
            found = before.vectors(ids[at : at + BATCH])
            store.put(list(found), list(found.values()))
        return store

    def compact(self, folder: Path, library: Library, store: Store) -> Store:  # noqa: ARG002
        """The store as it is: Milvus compacts, and the next generation is a new collection anyway."""
        return store

    def open(self, folder: Path, library: Library) -> MilvusStore:
        """The collection of a generation. Raises IndexDamaged where it is gone."""
        collection = self._collection(folder)
        with self.talking() as client:
            if not client.has_collection(collection, timeout=READ_SECONDS):
                raise IndexDamaged(
                    f"the collection {collection} is gone from Milvus at {self.uri}: run python -m ingest again",
                    DAMAGED,
                )
            client.load_collection(collection, timeout=WRITE_SECONDS)  # Milvus Lite has none loaded when it starts
        return MilvusStore(self, collection, library)

    def switch(self, folder: Path) -> None:
        """Let the alias name the collection of a generation: in one step, so that it always names a whole one."""
        with self.talking() as client:
            known = self.alias in client.list_aliases(timeout=READ_SECONDS)["aliases"]
            point = client.alter_alias if known else client.create_alias
            point(self._collection(folder), self.alias, timeout=READ_SECONDS)

    def remove(self, folder: Path) -> None:
        """Drop the collection of a generation or a build, if it is there."""
        with self.talking() as client:
            client.drop_collection(self._collection(folder), timeout=READ_SECONDS)

    def _collection(self, folder: Path) -> str:
        """The alias with the random part of a folder's name, which build and generation share."""
        return f"{self.alias}_{folder.name.rpartition('-')[2]}"


def encoded(terms: Iterable[str]) -> str:
    """Terms as letters and digits of ASCII only, joined by blanks."""
    return " ".join(term.encode().hex() for term in terms)


def article_key(article_id: str) -> str:
    """What stands for an article in a filter: 32 digits, whatever its path holds."""
    return hashlib.sha256(article_id.encode()).hexdigest()[:32]
