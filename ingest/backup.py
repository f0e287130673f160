"""A backup: one tar file with articles, published generation, conversations, and all vectors ever computed.

SHA256SUMS                 hashes of all the rest
corpus/                    every file of the corpus folder
generation/                the published generation, with its own seal
cache.sqlite, history.jsonl
conversations.sqlite       the history of conversations with its ratings, where it is a file
"""

import fcntl
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ingest.load import is_link_to_nothing, readable, walk
from rag.cache import EmbeddingCache
from rag.durable import sync, write_new
from rag.embed import Embedder
from rag.embedded import EMBEDDED
from rag.errors import CorpusError, IndexDamaged, IndexMismatch, IndexUnwritable
from rag.history_copy import check_history, copy_history, take_history
from rag.index import Manifest, read_manifest, verify
from rag.locks import locked
from rag.seal import SEAL, check_seal, seal_text
from rag.store import Backend
from rag.writer import HISTORY, IndexWriter

CORPUS, GENERATION, CACHE, CONVERSATIONS = "corpus", "generation", "cache.sqlite", "conversations.sqlite"

BLOCK = 2**20  # bytes of a file that are read at once

Progress = Callable[[int, int], None]  # files, of how many


@dataclass(frozen=True)
class Saved:
    """What a backup holds: a generation, and the articles but those whose names, left out, are not UTF-8."""

    manifest: Manifest
    left_out: tuple[str, ...]


@dataclass
class Restored:
    """What a restore did: the generation it published, articles written, found, left alone, and conversations.

    `not_put_back`: the reason for each file that could not be written.
    """

    manifest: Manifest
    written: list[str] = field(default_factory=list)
    already_there: int = 0
    different: list[str] = field(default_factory=list)
    not_put_back: dict[str, str] = field(default_factory=dict)
    conversations: int = 0


def backup(
    corpus: Path, index: Path, target: Path, progress: Progress = lambda *_: None, conversations: Path | None = None
) -> Saved:
    """Write a backup to a new file, compressed if its name ends in .gz; others may ask and index meanwhile.

    Raises CorpusError where there is such a file already, or an article cannot be read, IndexMissing, IndexMismatch,
    IndexDamaged for a generation that is not as it was sealed, and HistoryError for `conversations` that cannot be
    read; there need not be such a file.
    """
    if target.exists():
        raise CorpusError(f"{target} exists: give another name", f"{target} 已经存在：请换一个文件名")
    manifest = read_manifest(index)
    if manifest.backend != EMBEDDED.name:
        raise IndexMismatch(
            f"the vectors of {index} are in {manifest.backend}, which a backup does not hold: copy {corpus} and "
            f"{index / CACHE}, from which python -m ingest builds the index again",
            f"这个索引的向量在 {manifest.backend} 里，备份装不下：请另存 {corpus} 和 {index / CACHE}，"
            "用它们运行 python -m ingest 就能重建索引，向量不必重算",
        )
    published = index / manifest.directory
    try:
        with (
            tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch,
            locked(published / "IN_USE", fcntl.LOCK_SH),  # so that no writer removes it
        ):
            verify(published, manifest)
            stage = Path(scratch, "stage")
            stage.mkdir()
            if conversations and conversations.exists():
                copy_history(conversations, stage / CONVERSATIONS)
                check_history(str(stage / CONVERSATIONS))
            left_out = _stage(corpus, index, published, stage)
            finished = Path(scratch, target.name)
            _write_tar(stage, finished, progress)
            finished.rename(target)
            sync(target.parent)
    except OSError as error:
        raise IndexUnwritable(
            f"{target} cannot be written ({error}): free some space or choose another folder",
            f"{target} 写不进去（{error}）：请腾出磁盘空间，或换一个文件夹",
        ) from error
    return Saved(manifest, left_out)


def _stage(corpus: Path, index: Path, published: Path, stage: Path) -> tuple[str, ...]:
    """Lay out what the tar will hold, and seal it; gives the names of the files that it will not."""
    cache = EmbeddingCache(index / CACHE, mend=False)
    try:
        cache.copy_to(stage / CACHE)
    finally:
        cache.close()
    if (index / HISTORY).exists():
        shutil.copy2(index / HISTORY, stage / HISTORY)
    shutil.copytree(published, stage / GENERATION)
    left_out = []
    for path in walk(corpus):
        name = path.relative_to(corpus).as_posix()
        if readable(name) != name:  # no ingest reads it, and a seal is UTF-8
            left_out.append(readable(name))
        elif not is_link_to_nothing(path):
            _copy(path, stage / CORPUS / name)
    (stage / SEAL).write_text(seal_text(stage), encoding="utf-8")
    return tuple(left_out)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        file.writelines(_blocks(source))
    shutil.copystat(source, target)


def _blocks(path: Path) -> Iterator[bytes]:
    """The bytes of an article. Raises CorpusError, so that no one looks for the fault where the backup is written."""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise CorpusError(
            f"{path} cannot be read ({error.strerror}): mend its rights or move it away, then back up again",
            f"{path} 读不了（{error.strerror}），没有写备份：请检查它的权限，或者把它移走，再备份一次",
        ) from error


def _write_tar(stage: Path, target: Path, progress: Progress) -> None:
    paths = sorted(path for path in stage.rglob("*") if path.is_file())
    with tarfile.open(target, "w:gz" if target.suffix == ".gz" else "w") as tar:
        for number, path in enumerate(paths, 1):
            tar.add(path, path.relative_to(stage).as_posix())
            progress(number, len(paths))
    sync(target)


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive below a folder. Raises ReadError for what is no file, or would land elsewhere.

    `extractall(filter="data")` would, but Debian 12 has Python 3.11.2, and the filter came with 3.11.4.
    """
    for member in tar:
        path = PurePosixPath(member.name)
        content = tar.extractfile(member) if member.isreg() else None
        if content is None or path.is_absolute() or ".." in path.parts:
            raise tarfile.ReadError(f"{member.name} is no file inside of it")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(content, file)
        os.utime(target, (member.mtime, member.mtime))


@contextmanager
def opened(source: Path, beside: Path) -> Iterator[Path]:
    """A backup unpacked into a folder beside another one, with all as it was sealed. Raises IndexDamaged."""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=beside) as scratch:
        folder = Path(scratch)
        try:
            with tarfile.open(source) as tar:
                _unpack(tar, folder)
            check_seal(folder)
        except (tarfile.TarError, EOFError, OSError, IndexDamaged) as error:
            raise IndexDamaged(
                f"{source} is no whole backup ({error}): use another one",
                f"{source} 不是完整的备份（{error}）：请换一份",
            ) from error
        yield folder


def restore(
    source: Path,
    corpus: Path,
    index: Path,
    embedder: Embedder,
    chunker: str,
    progress: Progress = lambda *_: None,
    backend: Backend = EMBEDDED,
    conversations: str = "",
) -> Restored:
    """Publish the generation of a backup as the next one, and put back the articles that the corpus folder lacks.

    An article that differs from the backup's is left as it is, and one that cannot be written is named. Into the
    history `conversations` (a path or a URL), where one is given, the conversations are put that it lacks. Raises
    IndexDamaged for a backup that is not whole, and IndexMismatch where another backend than its own is meant.
    """
    index.mkdir(parents=True, exist_ok=True)
    with opened(source, index) as folder:
        with IndexWriter.locked(index, embedder, chunker, backend, anew=True) as writer:
            if not (index / HISTORY).exists() and (folder / HISTORY).exists():
                shutil.copy2(folder / HISTORY, index / HISTORY)
            restored = Restored(writer.restore(folder / GENERATION, folder / CACHE))
        files = sorted(path for path in (folder / CORPUS).rglob("*") if path.is_file())
        for number, path in enumerate(files, 1):
            target = corpus / path.relative_to(folder / CORPUS)
            try:
                _put_back(path, target, restored)
            except OSError as error:  # published already: what can be put back must be, else the next ingest drops it
                restored.not_put_back[str(target)] = error.strerror or str(error)
            progress(number, len(files))
        if conversations and (folder / CONVERSATIONS).exists():
            restored.conversations = take_history(folder / CONVERSATIONS, conversations)
    return restored


def _put_back(saved: Path, target: Path, restored: Restored) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    content = saved.read_bytes()
    if not target.exists() and write_new(target, content):
        restored.written.append(str(target))
    elif target.read_bytes() == content:
        restored.already_there += 1
    else:
        restored.different.append(str(target))
