"""Indexing corpus/: from nothing, with the model unpacked, with every vector in the cache, and with nothing to do."""

import json
import shutil
from pathlib import Path

from bench.process import run_python


def measure_indexing(work: Path) -> tuple[dict[str, float], Path]:
    """Seconds of each kind of run, the peak memory of the first two, and the index that it left."""
    cache = work / "cache"  # empty: the first run unpacks the embedding model
    first = work / "first"

    def ingest(index: Path) -> tuple[float, float, int]:
        finished = run_python("-m", "ingest", "corpus", "--index", str(index), "--json", XDG_CACHE_HOME=str(cache))
        return finished.seconds, finished.peak_mb, json.loads(finished.output)["embedded"]

    fresh, fresh_peak, sentences = ingest(first)
    uncached, peak, _ = ingest(work / "uncached")
    cached_index = work / "cached"
    cached_index.mkdir()
    shutil.copy(first / "cache.sqlite", cached_index)
    cached, _, embedded = ingest(cached_index)
    assert embedded == 0, f"{embedded} sentences were embedded in spite of the cache"
    unchanged, _, _ = ingest(first)
    return {
        "first run, model unpacked, s": fresh,
        "from nothing, s": uncached,
        "from the embedding cache, s": cached,
        "nothing changed, s": unchanged,
        "sentences": sentences,
        "peak memory of the first run, MB": fresh_peak,
        "peak memory from nothing, MB": peak,
    }, first
