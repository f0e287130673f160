"""Publishing: the next generation is built beside the published one, verified, and swapped in whole."""

import fcntl
import json
import logging
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from rag.cache import EmbeddingCache
from rag.durable import append_line, sync, sync_tree, write_durably
from rag.embed import Embedder, Vector, unit_rows
from rag.embedded import EMBEDDED
from rag.errors import (
    BackendUnavailable,
    IndexDamaged,
    IndexLocked,
    IndexMismatch,
    IndexMissing,
    IndexNewer,
    IndexUnwritable,
    unwritable,
)
from rag.index import CURRENT, Manifest, manifest_of, read_manifest, verify
from rag.library import IndexedFile, Library
from rag.locks import locked
from rag.seal import SEAL, check_seal, seal_text
from rag.store import Backend
from rag.types import Article, Chunk

log = logging.getLogger(__name__)

HISTORY = "history.jsonl"
CHANGES = "changes.json"
EMBED_BATCH = 128  # texts; each batch is durable before the next begins
COMPACT_ABOVE = 0.3  # share of deleted chunks


class IndexWriter:
    """Builds the next generation beside the published one. Use as `with IndexWriter.locked(…) as writer`."""

    def __init__(self, path: Path, embedder: Embedder, chunker: str, backend: Backend, base: Manifest | None) -> None:
        self.path = path
        self.embedder = embedder
        self.chunker = chunker
        self.backend = backend
        self.cache = EmbeddingCache(path / "cache.sqlite")
        self.base = base
        self._build: Path | None = None

    @classmethod
    @contextmanager
    def locked(
        cls, path: Path, embedder: Embedder, chunker: str, backend: Backend = EMBEDDED, *, anew: bool = False
    ) -> Iterator["IndexWriter"]:
        """The writer of an index, while no other process writes it. Raises IndexLocked when one does.

        With `anew` it begins with nothing, whatever is published.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            with locked(path / "LOCK", fcntl.LOCK_EX | fcntl.LOCK_NB):
                for stale in path.glob("build-*"):
                    remove(stale, backend)
                base = None if anew else usable_base(path, embedder, chunker, backend)
                writer = cls(path, embedder, chunker, backend, base)
                try:
                    yield writer
                finally:
                    writer.cache.close()
                    if writer._build:
                        with suppress(BackendUnavailable, OSError):  # the next writer removes it
                            remove(writer._build, backend)
        except BlockingIOError as error:
            raise IndexLocked(
                f"another process is indexing into {path}: wait until it has finished",
                f"另一个进程正在更新索引 {path}：请等它结束再试",
            ) from error
        except OSError as error:
            raise IndexUnwritable(*unwritable(error)) from error

    def begin(self) -> None:
        """Start a build: a copy of the published generation, or an empty one."""
        self._build = Path(tempfile.mkdtemp(prefix="build-", dir=self.path))
        self._deleted = self.base.deleted if self.base else 0
        if self.base:
            published = self.path / self.base.directory
            shutil.copytree(published, self._build, dirs_exist_ok=True)
            self.library = Library.edit(self._build / "library.sqlite")
            self._store = self.backend.copy(published, self._build, self.library, self.embedder.dimensions)
        else:
            (self._build / "IN_USE").touch()
            self.library = Library.create(self._build / "library.sqlite")
            self._store = self.backend.create(self._build, self.library, self.embedder.dimensions)

    def remove(self, article_id: str) -> None:
        """Take an article out of the build."""
        gone = self.library.delete(article_id)
        self._store.delete(gone)
        self._deleted += len(gone)

    def embed(self, texts: Sequence[str]) -> tuple[dict[str, Vector], int]:
        """Vectors of texts, from the cache where it has them; and how many had to be embedded."""
        fingerprint = self.embedder.fingerprint
        known = self.cache.get(fingerprint, texts)
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        for at in range(0, len(missing), EMBED_BATCH):
            batch = missing[at : at + EMBED_BATCH]
            self.cache.put(fingerprint, dict(zip(batch, self.embedder.embed_texts(batch), strict=True)))
        if missing:
            known |= self.cache.get(fingerprint, missing)  # as the next run will read them
        return known, len(missing)

    def put(
        self, article: Article, file: IndexedFile, chunks: Sequence[Chunk] = (), vectors: Sequence[Vector] = ()
    ) -> None:
        """Add an article to the build, and its first chunks."""
        self.library.put(article, file)
        self.put_chunks([(article, chunk, rows) for chunk, rows in zip(chunks, vectors, strict=True)])

    def put_chunks(self, chunks: Sequence[tuple[Article, Chunk, Vector]]) -> None:
        """Add chunks of articles, each with the vectors of its sentences; its own vector is their mean."""
        self.library.put_chunks(chunks)
        if chunks:
            means = unit_rows(np.array([rows.mean(axis=0) for _, _, rows in chunks]))
            self._store.put([chunk.id for _, chunk, _ in chunks], means)

    def publish(self, changes: Mapping[str, Any] | None = None) -> Manifest:
        """Verify the build and make it the published generation, noting what changed.

        Raises IndexDamaged and publishes nothing.
        """
        assert self._build is not None
        articles, chunks, _ = self.library.counts()
        if self._deleted > COMPACT_ABOVE * (self._deleted + chunks):
            self._store = self.backend.compact(self._build, self.library, self._store)
            self._deleted = 0
        self._store.close()
        self.library.close()
        manifest = Manifest(
            generation=self._last_generation() + 1,
            directory="",
            articles=articles,
            chunks=chunks,
            deleted=self._deleted,
            model=self.embedder.name,
            fingerprint=self.embedder.fingerprint,
            dimensions=self.embedder.dimensions,
            chunker=self.chunker,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            backend=self.backend.name,
        )
        return self._publish_build(manifest, {"action": "ingest", **(changes or {})})

    def _publish_build(self, manifest: Manifest, changes: Mapping[str, Any]) -> Manifest:
        """Seal and verify the build, and make it the published generation, in a folder of its own."""
        assert self._build is not None
        directory = self._build.name.replace("build", f"gen-{manifest.generation:06d}", 1)
        manifest = replace(manifest, directory=directory)
        entry = {"generation": manifest.generation, "created": manifest.created, **changes}
        write_durably(self._build / "manifest.json", _manifest_json(manifest))
        write_durably(self._build / CHANGES, json.dumps(entry, ensure_ascii=False))
        write_durably(self._build / SEAL, seal_text(self._build))
        verify(self._build, manifest, self.backend)
        sync_tree(self._build)
        self._build.replace(self.path / directory)
        self._build = None
        sync(self.path)
        self._make_current(manifest, entry)
        return manifest

    def restore(self, generation: Path, vectors: Path) -> Manifest:
        """Publish a copy of a generation that was backed up, under a number of its own; take over its cached vectors.

        Raises IndexDamaged where it is not as it was sealed, and IndexMismatch where it has another format.
        """
        saved = manifest_of(generation / "manifest.json")
        verify(generation, saved, self.backend)
        self.cache.take_from(vectors)
        self._build = Path(tempfile.mkdtemp(prefix="build-", dir=self.path))
        shutil.copytree(generation, self._build, dirs_exist_ok=True)
        number = max(self._last_generation(), saved.generation) + 1
        created = datetime.now(UTC).isoformat(timespec="seconds")
        manifest = replace(saved, generation=number, created=created)
        return self._publish_build(manifest, {"action": "restore", "from": saved.generation})

    def roll_back(self) -> Manifest:
        """Make the generation before the published one the published one. Raises IndexMissing when it is not kept."""
        now = read_manifest(self.path)
        folders = sorted((f for f in self.path.glob("gen-[0-9]*") if _number(f) < now.generation), key=_number)
        if not folders:
            raise IndexMissing(
                f"there is no generation before {now.generation} in {self.path}: nothing was changed",
                f"第 {now.generation} 代之前没有保留更早的索引：没有改动",
            )
        try:
            before = manifest_of(folders[-1] / "manifest.json")
        except (OSError, ValueError, TypeError) as error:
            raise IndexDamaged(
                f"{folders[-1]} cannot be read ({error}): nothing was changed",
                f"{folders[-1].name} 读不出来（{error}）：没有改动",
            ) from error
        verify(folders[-1], before, self.backend)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {"generation": before.generation, "action": "rollback", "created": created, "from": now.generation}
        self._make_current(before, entry)
        return before

    def remove_damaged(self) -> None:
        """Remove the generations beside the published one that are not as they were sealed."""
        published = read_manifest(self.path).directory
        whole = {folder.name for folder in self.path.glob("gen-[0-9]*") if _is_whole(folder)}
        self._remove_old(whole | {published})

    def _make_current(self, manifest: Manifest, entry: Mapping[str, Any]) -> None:
        """Swap the published generation, then note it; history() repairs the note when a crash comes between."""
        kept = {manifest.directory}
        with suppress(IndexMissing, IndexDamaged, IndexMismatch):
            kept.add(read_manifest(self.path).directory)
        self.backend.switch(self.path / manifest.directory)
        write_durably(self.path / CURRENT, _manifest_json(manifest))
        append_line(self.path / HISTORY, json.dumps(entry, ensure_ascii=False))
        self._remove_old(kept)

    def _last_generation(self) -> int:
        return max((_number(folder) for folder in self.path.glob("gen-[0-9]*")), default=0)

    def _remove_old(self, kept: Collection[str]) -> None:
        """Remove all but the published generation and the one before, unless a reader still holds them."""
        for folder in self.path.glob("gen-[0-9]*"):
            if folder.name in kept:
                continue
            try:
                with locked(folder / "IN_USE", fcntl.LOCK_EX | fcntl.LOCK_NB):
                    remove(folder, self.backend)
            except (BlockingIOError, BackendUnavailable) as error:
                log.info("%s is still being read (%s); a later run removes it", folder.name, error)


def remove(folder: Path, backend: Backend) -> None:
    """Remove a generation or a build; its folder last, since it tells what else there is to remove."""
    backend.remove(folder)
    shutil.rmtree(folder)


def usable_base(index: Path, embedder: Embedder, chunker: str, backend: Backend = EMBEDDED) -> Manifest | None:
    """The published one, when it was built with the same model, chunker and backend, in this format, and is whole.

    Raises IndexNewer, so that an older program overwrites nothing.
    """
    try:
        manifest = read_manifest(index)
        built_with = (manifest.fingerprint, manifest.chunker, manifest.backend)
        if built_with != (embedder.fingerprint, chunker, backend.name):
            return None
        verify(index / manifest.directory, manifest, backend)
    except IndexMissing:
        return None
    except IndexNewer:
        raise
    except (IndexDamaged, IndexMismatch) as error:
        log.warning("starting from an empty index: %s", error)
        return None
    return manifest


def published_files(index: Path, manifest: Manifest | None) -> dict[str, IndexedFile]:
    """What every article of a published generation was made from, by its id; empty without one."""
    if manifest is None:
        return {}
    library = Library.open(index / manifest.directory / "library.sqlite")
    try:
        return library.files()
    finally:
        library.close()


def history(index: Path) -> list[dict[str, Any]]:
    """What every publish and rollback changed, oldest first; a line that a crash cut short is left out.

    The published generation is always the last: when a crash kept it from being noted, its own folder tells.
    """
    entries = []
    path = index / HISTORY
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        with suppress(ValueError):
            entries.append(json.loads(line))
    try:
        current = read_manifest(index)
    except (IndexMissing, IndexMismatch):
        return entries
    if not entries or entries[-1]["generation"] != current.generation:
        changes = index / current.directory / CHANGES
        entries.append(json.loads(changes.read_text(encoding="utf-8")) if changes.exists() else asdict(current))
    return entries


def _is_whole(folder: Path) -> bool:
    try:
        check_seal(folder)
    except IndexDamaged:
        return False
    return True


def _number(folder: Path) -> int:
    """The number of a generation: gen-000012-k3j2 is 12."""
    return int(folder.name.split("-")[1])


def _manifest_json(manifest: Manifest) -> str:
    """A manifest as it is kept; the embedded backend is not named, as before there was another."""
    fields = {name: value for name, value in asdict(manifest).items() if (name, value) != ("backend", EMBEDDED.name)}
    return json.dumps(fields, ensure_ascii=False, indent=1)
