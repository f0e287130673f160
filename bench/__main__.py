"""python -m bench: measure indexing, answering and the page, each in processes of their own."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.answering import measure_answering
from bench.indexing import measure_indexing
from bench.page import measure_page
from bench.process import run_python
from bench.retrieval import GENERATED, measure_retrieval

PARTS = ("indexing", "answering", "page", "retrieval")
RATIOS = {  # name: part, measure, the measure that it is divided by
    "indexing: cached ÷ from nothing": ("indexing", "from the embedding cache, s", "from nothing, s"),
    "indexing: nothing changed ÷ from nothing": ("indexing", "nothing changed, s", "from nothing, s"),
    "answering: p50 ÷ plain Chroma p50": ("answering", "total p50, ms", "plain Chroma p50, ms"),
    "answering: p95 ÷ plain Chroma p95": ("answering", "total p95, ms", "plain Chroma p95, ms"),
    "retrieval: p50 ÷ plain Chroma p50": ("retrieval", "retrieval p50, ms", "plain Chroma p50, ms"),
    "retrieval: p95 ÷ plain Chroma p95": ("retrieval", "retrieval p95, ms", "plain Chroma p95, ms"),
    "retrieval, generated: p95 ÷ plain Chroma p95": (
        "retrieval",
        "generated: retrieval p95, ms",
        "generated: plain Chroma p95, ms",
    ),
    "page: text box ÷ imports alone": ("page", "until the text box, s", "importing the libraries alone, s"),
}

Measures = dict[str, dict[str, float]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code: 1 when something that is measured fails."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"what to measure, of {', '.join(PARTS)} (default: all)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--index", type=Path, metavar="DIR", help="index for retrieval (default: one of corpus/)")
    parser.add_argument(
        "--generated", type=int, default=GENERATED, metavar="CHUNKS", help="generated chunks for retrieval; 0 for none"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {unknown.pop()}")
    try:
        measures = measure(options.parts or PARTS, options.index, options.generated)
    except (subprocess.CalledProcessError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    ratios = ratios_of(measures)
    print_table(measures, ratios)
    if options.json:
        machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
        result = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine,
            "load": os.getloadavg()[1],
            "measures": measures,
            "ratios": ratios,
        }
        options.json.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(parts: Sequence[str], given: Path | None = None, generated: int = GENERATED) -> Measures:
    """The measures of each part, one after the other, so that none disturbs another; `given` is for retrieval."""
    measures: Measures = {}
    with tempfile.TemporaryDirectory(prefix="yinju-bench-") as folder:
        work = Path(folder)
        index = work / "index"
        if "indexing" in parts:
            measures["indexing"], index = measure_indexing(work)
        elif given is None or set(parts) > {"retrieval"}:
            run_python("-m", "ingest", "corpus", "--index", str(index), "--json")
        if "answering" in parts:
            measures["answering"] = measure_answering(index)
        if "page" in parts:
            measures["page"] = measure_page(index)
        if "retrieval" in parts:
            measures["retrieval"] = measure_retrieval((given or index).resolve(), work, generated)
    return measures


def ratios_of(measures: Measures) -> dict[str, float]:
    """The ratios of the parts that were measured."""
    return {
        name: measures[part][measured] / measures[part][reference]
        for name, (part, measured, reference) in RATIOS.items()
        if part in measures and measured in measures[part]
    }


def print_table(measures: Measures, ratios: dict[str, float]) -> None:
    """Every measure, then the ratios."""
    table = Table("part", "measure", "value")
    for part, values in {**measures, "ratio": ratios}.items():
        for name, value in values.items():
            table.add_row(part, name, f"{value:.2f}" if value % 1 else f"{value:.0f}")
        table.add_section()
    Console(width=100).print(table)


if __name__ == "__main__":
    sys.exit(main())
