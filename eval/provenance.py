"""What a run was made with, so that two runs can be held against each other and a broken one be continued."""

import hashlib
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import aliases, prompt
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.index import Generation

NUMBERS = (".json", ".safetensors")
JUDGING = ("metrics/*.py", "scoring.py", "outcomes.py")
_OF_ANSWERS = """
embedding_model chunk_tokens candidates dense_weight passages prefer_newer reranker rerank_candidates rerank_seconds
reader read_passages reader_seconds read_at_once question_limit refusal_threshold unsaid_threshold sure_threshold
declined_threshold llm llm_timeout llm_rewrite_seconds llm_prompt_tokens llm_history_tokens llm_unverified
llm_answer_tokens
"""
OF_ANSWERS = frozenset(_OF_ANSWERS.split())  # settings; others say who reads or where something lies, with its password
VOID = ("answerer", "sets", "tag", "limit")  # runs that differ here asked or judged something else
LATER = ("code", "aliases", "endpoints")  # parts that older runs lack, and baselines that were made of those


def describe_run(
    settings: Settings,
    generation: "Generation",
    sets: Mapping[Path, int],
    *,
    answerer: str,
    tag: str | None,
    limit: Any,
) -> dict[str, Any]:
    """What settings.json holds: all that answers and scores come from, and which sets and options were asked for.

    `sets` has for each set the number of its questions that are asked.
    """
    manifest = generation.manifest
    return {
        "answerer": answerer,
        "sets": {path.stem: {"sha256": digest(path.read_bytes()), "questions": asked} for path, asked in sets.items()},
        "tag": tag,
        "limit": limit,
        "settings": settings.model_dump(mode="json", include=set(OF_ANSWERS)),
        "endpoints": {
            "llm": _endpoint(settings.llm_base_url if settings.llm else ""),
            "milvus": _endpoint(settings.milvus_uri),
        },
        "code": code(),
        "aliases": _digest_of(settings.corpus / aliases.FILE),
        "model": {"name": manifest.model, "fingerprint": manifest.fingerprint},
        "weights": {path.name: digest(path.read_bytes()) for path in _fitted()},
        "prompts": {path.name: digest(path.read_bytes()) for path in sorted(prompt.PROMPTS.glob("*.md"))},
        "index": {
            "generation": manifest.generation,
            "articles": manifest.articles,
            "chunks": manifest.chunks,
            "chunker": manifest.chunker,
            "content": digest("\n".join(sorted(generation.library.chunk_ids())).encode()),  # ids come from the content
        },
        "revision": revision(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _fitted() -> list[Path]:
    """The files of numbers that were trained or fitted; they stand beside the code that uses them."""
    return sorted(path for path in Path(prompt.__file__).parent.iterdir() if path.suffix in NUMBERS)


def code() -> dict[str, str]:
    """A sha256 of what answers, its word lists included, and one of what judges; the revision knows no open changes."""
    answers = {path for path in Path(prompt.__file__).parent.iterdir() if path.is_file()} - set(_fitted())
    own = Path(__file__).parent
    judging = [path for pattern in JUDGING for path in own.glob(pattern)]
    return {"answers": _digest_of_all(answers), "judging": _digest_of_all(judging)}


def _digest_of_all(paths: Iterable[Path]) -> str:
    return digest("\n".join(f"{path.name} {_digest_of(path)}" for path in sorted(paths)).encode())


def _digest_of(path: Path) -> str | None:
    """The sha256 of a file; None where there is none."""
    return digest(path.read_bytes()) if path.is_file() else None


def _endpoint(address: str) -> str | None:
    """The sha256 of an address without its user, password and query, so that it betrays neither; None without one."""
    place = re.sub(r"//[^/?#]*@", "//", address).partition("?")[0]
    return digest(place.encode()) if address else None


def digest(data: bytes) -> str:
    """The sha256 of data, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def revision() -> str:
    """The git revision of this code, ending in -dirty where files differ from it; unknown outside of a repository."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def differences(before: Mapping[str, Any], after: Mapping[str, Any], *, ignored: Sequence[str] = ()) -> dict[str, str]:
    """What two descriptions say differently: a sentence by the name of the part, such as settings.dense_weight."""
    then, now = dict(_flat(before)), dict(_flat(after))
    return {
        name: f"{name} was {_short(then.get(name))} and is {_short(now.get(name))}"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name) and name not in ignored
    }


def changed_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """The differences that may matter for the figures: not when a run started and how often the index was written.

    A part that one of the two was made too early to hold is none.
    """
    unknown = [part for part in LATER if part not in before or part not in after]
    changed = differences(before, after, ignored=("started", "index.generation"))
    return {name: told for name, told in changed.items() if name.split(".")[0] not in unknown}


def void_parts(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Why two runs cannot be held against each other; empty where they can."""
    changed = changed_parts(before, after)
    return [told for name, told in changed.items() if name.split(".")[0] in VOID]


def _flat(part: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in part.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _short(value: object) -> str:
    """A value in few letters: of a digest the beginning."""
    text = "not there" if value is None else str(value)
    return text[:12] if len(text) == 64 else text
