"""python -m eval.unsupported FILE: how often the check of an LLM's sentences flags what a text does not say.

FILE is claims.jsonl of UHGEval (Liang et al., ACL 2024, github.com/IAAR-Shanghai/UHGEval): openings of news, each with
its true continuation and an invented one, of which people marked the wrong words. The passage is the true article; a
continuation is flagged when one of its sentences has no support in it (rag/ground.py).
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rag.ground import find_support, split_drafts
from rag.text import figures, sentence_spans
from rag.types import Article, Chunk, Passage

WRONG = "<sep>不合理"


def is_flagged(continuation: str, text: str) -> bool:
    """Whether a sentence of the continuation has no support in a text."""
    chunk = Chunk("true", "true", 0, len(text), text, "", tuple(sentence_spans(text)))
    passage = Passage(Article("true", "true.txt", text), chunk, 1, 1.0)
    drafts, _ = split_drafts(continuation, finished=True)
    return any(not find_support(draft, [passage]) for draft in drafts)


def flagged_by_kind(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[bool]]:
    """Whether each continuation is flagged: true ones, invented ones with a figure among the wrong words, others."""
    flagged: dict[str, list[bool]] = {"true": [], "invented figure": [], "invented otherwise": []}
    for row in rows:
        text = f"{row['headLine']}\n{row['newsBeginning']}{row['newsRemainder']}"
        wrong = [mark.split("<sep>")[0] for mark in row["annotations"] if WRONG in mark]
        flagged["true"].append(is_flagged(row["realContinuation"], text))
        if wrong:
            kind = "invented figure" if any(map(figures, wrong)) else "invented otherwise"
            flagged[kind].append(is_flagged(row["hallucinatedContinuation"], text))
    return flagged


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.unsupported", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    path = parser.parse_args(arguments).file
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        flagged = flagged_by_kind(json.loads(line) for line in lines if line.strip())
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"error: {path} cannot be read as claims of UHGEval: {error!r}", file=sys.stderr)
        return 1
    for kind, values in flagged.items():
        share = f" ({sum(values) / len(values):.3f})" if values else ""
        print(f"{kind}: {sum(values)} of {len(values)} flagged{share}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
