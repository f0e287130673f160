"""python -m eval.convert FOLDER OUT: a public reading-comprehension set as a corpus and a question set.

FOLDER holds passages.jsonl (id, title, text) and questions.jsonl (id, question, passage, answers, answerable,
and where known starts or evidence). OUT gets corpus/ID.txt, one passage an article, and set.jsonl.
With --keep only a share of the passages becomes articles; the questions on the others are then
unanswerable, of type absent-topic.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.text import sentence_spans


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def to_question(row: dict[str, Any], text: str, *, kept: bool = True) -> dict[str, Any]:
    """A row of questions.jsonl as a question of a question set; the evidence is the sentence of the answer."""
    answerable = row["answerable"] and kept
    answers = list(dict.fromkeys(row["answers"])) if answerable else []
    quotes = row.get("evidence") or [sentence_of(text, answer, start) for answer, start in located(row, text)]
    evidence = [quote for quote in dict.fromkeys(quotes) if quote in text] if answerable else []
    return {
        "id": row["id"],
        "type": "fact" if answerable else "unanswerable" if kept else "absent-topic",
        "question": row["question"],
        "history": [],
        "answerable": answerable,
        "gold": [answers] if answers else [],
        "forbid": [],
        "evidence": [{"article": row["passage"], "quote": quote} for quote in evidence],
        "tags": [],
    }


def located(row: dict[str, Any], text: str) -> list[tuple[str, int]]:
    """Every answer with the offsets where it stands; one that cannot be found is left out.

    The known starts are tried for every answer, since sets list equal answers once but all of their starts.
    """
    found = []
    for answer in row["answers"]:
        starts = [start for start in dict.fromkeys(row.get("starts", [])) if text.startswith(answer, start)]
        found += [(answer, start) for start in starts or [text.find(answer)] if start >= 0]
    return found


def sentence_of(text: str, answer: str, start: int) -> str:
    """The sentence that an answer begins in."""
    return next((text[a:b] for a, b in sentence_spans(text) if a <= start < b), answer)


def convert(
    folder: Path, out: Path, *, keep: float = 1.0, questions: int | None = None, seed: int = 7
) -> tuple[int, int]:
    """Write the corpus and the set; gives the numbers of articles and questions.

    Raises ValueError where OUT/corpus holds anything else: it would be indexed, and absent topics would be there.
    """
    chance = random.Random(seed)
    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    passages = {row["id"]: row for row in read_jsonl(folder / "passages.jsonl")}
    kept = set(chance.sample(sorted(passages), round(keep * len(passages))))
    if others := sorted(path.name for path in corpus.iterdir() if path.name not in {f"{id_}.txt" for id_ in kept}):
        raise ValueError(f"{corpus} holds other files, such as {others[0]}: give an empty folder")
    for id_ in sorted(kept):
        row = passages[id_]
        (corpus / f"{id_}.txt").write_text(f"{row['title']}\n\n{row['text']}\n", encoding="utf-8")
    rows = list(read_jsonl(folder / "questions.jsonl"))
    if questions is not None and questions < len(rows):
        rows = chance.sample(rows, questions)
    with (out / "set.jsonl").open("w", encoding="utf-8") as lines:
        for row in rows:
            question = to_question(row, passages[row["passage"]]["text"], kept=row["passage"] in kept)
            lines.write(json.dumps(question, ensure_ascii=False) + "\n")
    return len(kept), len(rows)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.convert", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--keep", type=float, default=1.0, help="share of the passages that become articles")
    parser.add_argument("--questions", type=int, help="a random sample of this size")
    parser.add_argument("--seed", type=int, default=7, help="seed of the samples")
    options = parser.parse_args(arguments)
    try:
        articles, count = convert(
            options.folder, options.out, keep=options.keep, questions=options.questions, seed=options.seed
        )
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{articles} articles, {count} questions in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
