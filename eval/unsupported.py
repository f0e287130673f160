"""python -m eval unsupported FILE: how often the check of an LLM's sentences flags what a text does not say.

FILE is claims.jsonl of UHGEval (Liang et al., ACL 2024, github.com/IAAR-Shanghai/UHGEval): openings of news, each with
its true continuation and an invented one, of which people marked the wrong words. The passage is the true article; a
continuation is flagged when one of its sentences has no support in it (rag/ground.py).

With --reworded, FILE is questions.jsonl of RAGEval (Zhu et al., 2024, github.com/OpenBMB/RAGEval), beside its folder
articles/: answers that people accepted, in other words than the reports. Every statement that is flagged is
then wrongly so, or needs more than three sentences to be proven.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eval.summary import shown_share
from rag.drafts import split_drafts
from rag.ground import find_support
from rag.names import names_in
from rag.text import figures, sentence_spans
from rag.types import Article, Chunk, Passage

EPILOG = "exit codes: 0 it was counted, whatever was flagged; 1 FILE is none of these; 2 wrong arguments"
WRONG = "<sep>不合理"


def is_flagged(continuation: str, text: str, asked: str = "") -> bool:
    """Whether a sentence of the continuation has no support in a text; `asked` is what it answers."""
    chunk = Chunk("true", "true", 0, len(text), text, "", tuple(sentence_spans(text)))
    passage = Passage(Article("true", "true.txt", text), chunk, 1, 1.0)
    drafts, _ = split_drafts(continuation, finished=True)
    return any(not find_support(draft, [passage], asked) for draft in drafts)


def flagged_by_kind(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[bool]]:
    """Whether each continuation is flagged: true ones, invented ones by what is among the wrong words."""
    kinds_of_wrong = ("figure", "name", "figure or name", "otherwise")
    flagged: dict[str, list[bool]] = {kind: [] for kind in ("true", *(f"invented {wrong}" for wrong in kinds_of_wrong))}
    for row in rows:
        text = f"{row['headLine']}\n{row['newsBeginning']}{row['newsRemainder']}"
        wrong = [mark.split("<sep>")[0] for mark in row["annotations"] if WRONG in mark]
        flagged["true"].append(is_flagged(row["realContinuation"], text))
        if wrong:
            found = is_flagged(row["hallucinatedContinuation"], text)
            kinds = [kind for kind, has in (("figure", figures), ("name", names_in)) if any(map(has, wrong))]
            for kind in [*kinds, "figure or name"] if kinds else ["otherwise"]:
                flagged[f"invented {kind}"].append(found)
    return flagged


def flagged_reworded(rows: Iterable[Mapping[str, Any]], articles: Path) -> dict[str, list[bool]]:
    """Whether each statement of a true answer is flagged, by the type of its question."""
    flagged: dict[str, list[bool]] = {}
    for row in rows:
        if row["answerable"] and row["evidence"]:
            documents = dict.fromkeys(evidence["doc"] for evidence in row["evidence"])
            text = "\n".join((articles / name).read_text(encoding="utf-8") for name in documents)
            statements = [text[a:b] for text in row["answers"] for a, b in sentence_spans(text)]
            found = (is_flagged(statement, text, row["question"]) for statement in statements)
            flagged.setdefault(row["type"], []).extend(found)
    return flagged


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval unsupported", description=__doc__, epilog=EPILOG)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--reworded", action="store_true", help="FILE is questions.jsonl of RAGEval")
    options = parser.parse_args(arguments)
    path = options.file
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        flagged = flagged_reworded(rows, path.parent / "articles") if options.reworded else flagged_by_kind(rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        name = "questions of RAGEval" if options.reworded else "claims of UHGEval"
        print(f"error: {path} cannot be read as {name}: {error!r}", file=sys.stderr)
        return 1
    for kind, values in flagged.items():
        print(f"{kind}: {sum(values)} of {len(values)} flagged" + (f", {shown_share(values)}" if values else ""))
    return 0
