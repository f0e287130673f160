"""python -m bench.reindexing FOLDER: a folder of Markdown articles indexed first, again, and after 1% changed.

Beside it, in the same run, LangChain's plain pipeline over the same files; and the peak memory of first indexes of
growing parts of the folder.
"""

import argparse
import json
import math
import re
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.process import run_python
from rag.bundled import unpacked_model

CHANGED_SHARE = 0.01
SIZES = (30, 100, 300)
TARGETS = {
    "chunks a second ÷ LangChain's": (2.0, math.inf),
    "unchanged ÷ first run, time": (0.0, 0.02),
    "unchanged: embedded": (0.0, 0.0),
    "1% changed: embedded ÷ changed chunks": (0.0, 1.2),
    "largest peak memory, MB": (0.0, 2000.0),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code: 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.reindexing", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of Markdown articles")
    parser.add_argument("--articles", type=int, default=300, metavar="N", help="how many of them (default 300)")
    parser.add_argument(
        "--reference", type=int, default=30, metavar="N", help="how many LangChain indexes (default 30)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measures as JSON")
    options = parser.parse_args(arguments)
    files = sorted(options.folder.glob("*.md"))[: options.articles]
    if not files:
        parser.error(f"there is no .md file in {options.folder}")
    with tempfile.TemporaryDirectory(prefix="yinju-bench-") as folder:
        measures = measure(files, options.reference, Path(folder))
    table = Table("measure", "value", "target")
    missed = False
    for name, value in measures.items():
        low, high = TARGETS.get(name, (-math.inf, math.inf))
        missed |= not low <= value <= high
        target = f"{low:g} to {high:g}" if name in TARGETS else ""
        table.add_row(name, f"{value:.3f}" if value % 1 else f"{value:.0f}", target)
    Console(width=100).print(table)
    if options.json:
        options.json.write_text(json.dumps(measures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 1 if missed else 0


def measure(files: list[Path], reference: int, work: Path) -> dict[str, float]:
    """All measures; every run is a process of its own, one after the other."""
    measures: dict[str, float] = {}
    peaks = []
    for size in sorted({min(size, len(files)) for size in SIZES}):
        corpus = copied(files[:size], work / f"corpus-{size}")
        summary, seconds, peak = ingest(corpus, work / f"index-{size}")
        peaks.append(peak)
        measures[f"first index of {size} articles, s"] = seconds
        measures[f"first index of {size} articles, peak MB"] = peak
        measures[f"first index of {size} articles, chunks a second"] = summary["chunks"] / summary["seconds"]
        measures[f"first index of {size} articles, sentences embedded a second"] = (
            summary["embedded"] / summary["seconds"]
        )
    index = work / f"index-{size}"
    unchanged, again, _ = ingest(corpus, index)
    measures["unchanged, s"] = again
    measures["unchanged ÷ first run, time"] = again / seconds
    measures["unchanged: embedded"] = unchanged["embedded"]
    changed = change(corpus)
    partly, partly_seconds, _ = ingest(corpus, index)
    assert partly["changed"] == changed, f"{changed} articles were changed, {partly['changed']} were noticed"
    measures["1% changed: articles"] = changed
    measures["1% changed, s"] = partly_seconds
    measures["1% changed: embedded ÷ changed chunks"] = partly["embedded"] / changed  # one sentence, so one chunk, each
    measures["largest peak memory, MB"] = max(peaks)
    measures |= beside_langchain(copied(files[:reference], work / "reference"), work)
    return measures


def copied(files: list[Path], folder: Path) -> Path:
    """The folder with copies of the files."""
    folder.mkdir()
    for path in files:
        shutil.copy(path, folder)
    return folder


def ingest(corpus: Path, index: Path) -> tuple[dict[str, float], float, float]:
    """The summary of an ingest, its wall time in seconds and its peak memory in MB, imports included."""
    finished = run_python("-m", "ingest", str(corpus), "--index", str(index), "--json")
    return json.loads(finished.output), finished.seconds, finished.peak_mb


def change(corpus: Path) -> int:
    """Change one sentence, to one of the same length, in 1% of the articles; gives how many."""
    files = sorted(corpus.glob("*.md"))
    chosen = files[:: max(1, round(1 / CHANGED_SHARE))][: max(1, round(len(files) * CHANGED_SHARE))]
    for path in chosen:
        raw = path.read_text(encoding="utf-8")
        sentences = list(re.finditer(r"(?<=[。\n])[\u4e00-\u9fff，]{20,40}。", raw))
        middle = sentences[len(sentences) // 2]
        path.write_text(raw[: middle.start()] + "改" + raw[middle.start() + 1 :], encoding="utf-8")
    return len(chosen)


def beside_langchain(corpus: Path, work: Path) -> dict[str, float]:
    """The same articles through ours and LangChain's plain pipeline, the same model in float32, both warm."""
    model = unpacked_model("float32")
    runs = [
        run_python("-m", "bench.warm_ingest", str(corpus), str(work / "warm")),
        run_python("-m", "bench.langchain_plain", str(corpus), str(model), str(work / "plain")),
    ]
    ours, plain = (json.loads(finished.output.splitlines()[-1]) for finished in runs)
    speed = plain["chunks"] / plain["seconds"]
    return {
        "ours, warm: chunks a second": ours["chunks"] / ours["seconds"],
        "LangChain: chunks a second": speed,
        "LangChain: characters a chunk": plain["characters"] / plain["chunks"],
        "chunks a second ÷ LangChain's": ours["chunks"] / ours["seconds"] / speed,
    }


if __name__ == "__main__":
    sys.exit(main())
