"""python -m eval voices: how well rag/voices.py tells who says a sentence, on sentences labelled by hand.

A label set has a line a sentence: {"article", "begins": its first words, "voices": every label that is acceptable}.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from eval.summary import shown_share
from ingest.load import article_files, article_id, load_article, read_bytes
from rag.errors import RagError
from rag.text import sentence_spans
from rag.voices import UNCLEAR, voice_of

EPILOG = """exit codes: 0 it was counted, right or wrong; 1 LABELS or CORPUS cannot be read, or do not belong together;
2 wrong arguments"""


@dataclass(frozen=True)
class Judged:
    """A labelled sentence with the label that the rules give it."""

    sentence: str
    voice: str
    acceptable: frozenset[str]

    @property
    def right(self) -> bool:
        """Whether the label is one of the acceptable ones."""
        return self.voice in self.acceptable


def judge(rows: Iterable[dict[str, object]], corpus: Path) -> list[Judged]:
    """The labelled sentences of the articles of a folder. Raises ValueError for a sentence that is not there."""
    paths = {article_id(path, corpus): path for path in article_files(corpus)}
    judged = []
    for row in rows:
        path = paths[str(row["article"])]
        text = load_article(path, corpus, read_bytes(path)).text
        at = text.index(str(row["begins"]))
        start, end = next(span for span in sentence_spans(text) if span[0] <= at < span[1])
        judged.append(Judged(text[start:end], voice_of(text, start, end), frozenset(row["voices"])))  # type: ignore[call-overload]
    return judged


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval voices", description=__doc__, epilog=EPILOG)
    parser.add_argument("labels", type=Path, metavar="LABELS", help="label set, such as eval/sets/voices.jsonl")
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder with the articles that it names")
    options = parser.parse_args(arguments)
    try:
        rows = [json.loads(line) for line in options.labels.read_text(encoding="utf-8").splitlines()]
        judged = judge(rows, options.corpus)
    except (OSError, ValueError, KeyError, TypeError, RagError) as error:
        print(f"error: {options.labels} cannot be judged on {options.corpus}: {error!r}", file=sys.stderr)
        return 1
    for one in judged:
        if not one.right:
            print(f"{one.voice}, not {'/'.join(sorted(one.acceptable))}: {one.sentence}")
    told = [one for one in judged if one.voice != UNCLEAR]
    clear = [one for one in judged if UNCLEAR not in one.acceptable]
    for name, of in (
        ("acceptable", judged),
        ("labels other than unclear: right", told),
        ("sentences that say whose word they are: found", clear),
    ):
        right = [one.right for one in of]
        print(f"{name} {sum(right)} of {len(right)}" + (f", {shown_share(right)}" if right else ""))
    return 0
