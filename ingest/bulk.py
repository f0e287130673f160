"""Embedding by many processes or machines: Ray Data workers fill the embedding cache, one publisher writes the index.

The publisher reads and chunks the articles, and sends out the batches that it would embed itself, in the same order; so
the vectors are the same, bit by bit, where the workers' processors are of the publisher's kind.
"""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from rag.embed import Embedder
from rag.errors import ModelError, SettingsError
from rag.writer import EMBED_BATCH, IndexWriter

log = logging.getLogger(__name__)

ROUND = 1024  # batches that are sent out together; the workers load the model once in each round
STARTS = 5  # of a local cluster: now and then one of Ray's processes does not come up

Done = Callable[[int], None]  # called with the number of characters that were embedded


@dataclass(frozen=True)
class RayCluster:
    """Where to embed: so many workers of one core each, on this machine, or in the cluster at an address."""

    workers: int
    open_embedder: Callable[[], Embedder]  # called by every worker
    address: str = "local"

    def fill(self, writer: IndexWriter, groups: Iterable[list[str]], done: Done = lambda _: None) -> int:
        """Embed what the cache of a writer lacks of groups of texts; gives the number of texts that were embedded.

        Every batch is in the cache as soon as it is there: a run that is broken off goes on from it.
        Raises SettingsError where Ray is not installed, ModelError where the cluster or its workers fail.
        """
        ray = _import_ray()
        pending: set[str] = set()
        batches = _batches(writer, groups, pending)
        embedded = 0
        try:
            _start(ray, self.address, self.workers)
            while some := list(islice(batches, ROUND)):
                for texts, vectors in self._embed(ray, some):
                    writer.cache.put(writer.embedder.fingerprint, dict(zip(texts, vectors, strict=True)))
                    pending.difference_update(texts)
                    embedded += len(texts)
                    done(sum(map(len, texts)))
        except (ray.exceptions.RayError, ConnectionError) as error:
            reason = _reason(error)
            raise ModelError(
                f"the Ray workers at {self.address!r} failed ({reason}): run again, what is done is kept",
                f"Ray（{self.address}）上的计算失败（{reason}）：请再运行一次，算好的向量都留着",
            ) from error
        finally:
            ray.shutdown()
        return embedded

    def _embed(self, ray: Any, batches: list[list[str]]) -> Iterator[tuple[list[str], Any]]:
        """Batches with their vectors, in the order in which they are done."""
        rows = ray.data.from_items([{"texts": batch} for batch in batches], override_num_blocks=len(batches))
        actors = ray.data.ActorPoolStrategy(size=self.workers)
        vectors = rows.map_batches(
            _Worker,
            fn_constructor_args=(self.open_embedder,),
            batch_size=1,
            compute=actors,
            num_cpus=1,
        )
        for row in vectors.iter_rows():
            yield list(row["texts"]), np.asarray(row["vectors"], np.float32)


class _Worker:
    """Embeds one batch a call, with a model that is loaded once."""

    def __init__(self, open_embedder: Callable[[], Embedder]) -> None:
        self.embedder = open_embedder()

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        (texts,) = rows["texts"]
        return {"texts": rows["texts"], "vectors": self.embedder.embed_texts(list(texts))[None]}


def _batches(writer: IndexWriter, groups: Iterable[list[str]], pending: set[str]) -> Iterator[list[str]]:
    """The batches that IndexWriter.embed would embed of each group, were the ones before in the cache already."""
    for texts in groups:
        known = writer.cache.get(writer.embedder.fingerprint, texts)
        missing = [text for text in dict.fromkeys(texts) if text not in known and text not in pending]
        pending.update(missing)
        for at in range(0, len(missing), EMBED_BATCH):
            yield missing[at : at + EMBED_BATCH]


def _reason(error: BaseException) -> str:
    """What went wrong in a worker: the last line of its trace; Ray puts its own lines around that."""
    lines = re.findall(r"^\w*(?:Error|Exception|Interrupt|Exit): .+", str(error), re.MULTILINE)
    ours = [line for line in lines if not line.startswith("UserCodeException")]
    return ours[-1] if ours else type(error).__name__


def _import_ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import psutil  # noqa: F401
        import ray
        import ray.data
    except ImportError as error:
        raise SettingsError(
            f"{error.name} is not installed: pip install -e '.[ray]', or leave --workers out",
            f"没有安装 {error.name}：请运行 pip install -e '.[ray]'，或不用 --workers",
        ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    return ray


def _start(ray: Any, address: str, workers: int) -> None:
    """Connect to a cluster, or start one, in up to STARTS attempts. Raises ConnectionError where that cannot be."""
    import psutil

    here = psutil.Process()
    for left in reversed(range(STARTS if address == "local" else 1)):
        before = set(here.children(recursive=True))
        try:
            ray.init(address, **_options(address, workers))
            return
        except Exception as error:  # Ray raises a bare one where a process of its own hangs or ends at its start
            if ray.is_initialized() or not left:
                raise ConnectionError(f"{type(error).__name__}: {error}") from error
            log.warning("Ray did not start (%s): trying again", error)
            for process in set(here.children(recursive=True)) - before:  # they would live as long as this process
                with suppress(psutil.NoSuchProcess):
                    process.kill()


def _options(address: str, workers: int) -> dict[str, Any]:
    options = {"log_to_driver": False, "logging_level": "ERROR"}
    return {**options, "num_cpus": workers, "include_dashboard": False} if address == "local" else options
