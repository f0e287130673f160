"""Adding what a reader's browser sends: each file is read first, and one that could not be indexed is not kept."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.add import NOT_IN_NAMES, Outcome, add, named_alike
from ingest.load import load_article, refuse_name
from ingest.sidecar import sidecar_bytes, sidecars_of
from ingest.trash import Discarded, discard, restore
from rag.durable import write_new
from rag.errors import CorpusError

LONGEST_NAME = 240  # bytes, 80 Chinese characters: with a number and the suffix of a sidecar a name has 255 at most


@dataclass(frozen=True)
class Uploaded:
    """What became of a file: where it is in the corpus, or why it is not there, in English and in Chinese.

    `length` is in code points of the clean text. `older` is the path in the corpus of the article that had its name
    before, with another text; "" without one. `replaced` is that article once it has made room for this one.
    """

    file: str
    outcome: Outcome
    name: str = ""
    title: str = ""
    length: int = 0
    reason: str = ""
    chinese: str = ""
    older: str = ""
    replaced: Discarded | None = None


def takes_files(corpus: Path) -> bool:
    """Whether this process may add files to a corpus, which need not be there yet."""
    there = next(folder for folder in (corpus, *corpus.absolute().parents) if folder.exists())
    return os.access(there, os.W_OK | os.X_OK)


def upload(file: str, content: bytes, corpus: Path) -> Uploaded:
    """Add a file of a browser to the corpus; never overwrites."""
    try:
        name = _safe_name(file)
        article = load_article(Path(name), Path(), content, sidecar={})  # a browser sends none
        return _put(file, name, content, corpus, article.title, len(article.text))
    except CorpusError as error:
        return Uploaded(file, "refused", reason=str(error), chinese=error.chinese)


def _put(file: str, name: str, content: bytes, corpus: Path, title: str, length: int) -> Uploaded:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        (added,) = add([str(path)], corpus, allow_urls=False)
    if added.path is None:
        return Uploaded(file, added.outcome, reason=added.reason, chinese=added.reason)
    alike = [path.name for path in named_alike(corpus / name) if path != added.path]
    older = alike[0] if alike and added.outcome == "added" else ""
    return Uploaded(file, added.outcome, added.path.relative_to(corpus).as_posix(), title, length, older=older)


def put_in_place(uploaded: Uploaded, corpus: Path) -> Uploaded:
    """Let an added article take the place of the older one of its name: its name, and what a sidecar says of it.

    The older one goes to the trash. Raises CorpusError where it cannot.
    """
    older, added = corpus / uploaded.older, corpus / uploaded.name
    if not added.exists():
        raise CorpusError(
            f"{uploaded.name} is gone already: reload the page", f"{uploaded.name} 已经不在了：请刷新页面"
        )
    sidecar = sidecar_bytes(older)
    replaced = discard(uploaded.older, corpus)
    target = older.with_suffix(added.suffix)
    if named_alike(target):  # a third one of the name
        target = added
    added.rename(target)
    if sidecar is not None:
        write_new(sidecars_of(target)[0], sidecar)
    return replace(uploaded, name=target.name, older="", replaced=replaced)


def take_back(uploaded: Uploaded, corpus: Path) -> None:
    """Move an added article to the trash, and put back the one that it replaced. Raises CorpusError where it cannot."""
    discard(uploaded.name, corpus)
    if uploaded.replaced:
        restore(uploaded.replaced, corpus)


def _safe_name(file: str) -> str:
    """A name as any file system takes it. Raises CorpusError for a name that no article may have."""
    path = Path(re.split(r"[\\/]", file)[-1])
    stem = NOT_IN_NAMES.sub(" ", path.stem).strip(". ").encode(errors="ignore")[:LONGEST_NAME].decode(errors="ignore")
    stem = stem.rstrip(". ") or "文章"
    name = stem + path.suffix
    refuse_name(Path(name))
    return name
