"""python -m training.evaluate: how well an adapter reads, the passage given.

Sets: cmrc2018-dev (EM and F1 as in its official script; near misses: the same passage without its answering
sentences), squad2-zh (unanswerable from their passage), expmrc-dev (does the chosen sentence overlap the evidence).
"""

import argparse
import copy
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from eval.metrics import exact_match, token_f1
from rag.reader import ADAPTER, Reader, Reading, Window
from rag.text import sentence_spans

SETS = ("cmrc2018-dev", "expmrc-dev", "squad2-zh")
WINDOW = 360  # code points
OVERLAP = 1  # sentences


def windows_of(title: str, text: str) -> list[tuple[int, Window]]:
    """Windows of whole sentences that cover a text, each with the offset where it starts."""
    spans = sentence_spans(text)
    windows, first = [], 0
    while first < len(spans):
        last = first
        while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= WINDOW:
            last += 1
        start, end = spans[first][0], spans[last][1]
        inside = tuple((a - start, b - start) for a, b in spans[first : last + 1])
        windows.append((start, Window(title, text[start:end], inside)))
        if last == len(spans) - 1:
            break
        first = max(first + 1, last + 1 - OVERLAP)
    return windows


def best_reading(reader: Reader, question: str, title: str, text: str) -> tuple[int, Reading, Window]:
    """The reading of the window that answers best, and where the window starts."""
    windows = windows_of(title, text)
    readings = reader.read(question, [window for _, window in windows])
    at = max(range(len(windows)), key=lambda i: readings[i].answers if readings[i] else -1e9)  # type: ignore[union-attr]
    best = readings[at]
    assert best is not None
    return windows[at][0], best, windows[at][1]


def without_answers(text: str, answers: Sequence[str]) -> str:
    """A text without the sentences that hold one of the answers."""
    return "".join(text[a:b] for a, b in sentence_spans(text) if not any(answer in text[a:b] for answer in answers))


def open_reader(adapter: Path) -> Reader:
    """The reader of an adapter file over the bundled model, or of the checkpoint.pt of a run that trained all of it."""
    import torch

    from rag.embed import SentenceEmbedder
    from rag.graph import as_graph
    from rag.reader_model import ReaderModel

    encoder, tokenizer = SentenceEmbedder().network
    if adapter.suffix != ".pt":
        return Reader.of(encoder, tokenizer, adapter)
    model = ReaderModel(copy.deepcopy(encoder), encoder.config.hidden_size)
    found = model.load_state_dict(torch.load(adapter, weights_only=True)["trained"], strict=False)
    if found.unexpected_keys:
        raise ValueError(f"{adapter} is of a run with an adapter: give its reader.safetensors")
    return Reader(as_graph(model.eval()), tokenizer)


def load(folder: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Passages by id, and questions."""
    passages, questions = (
        [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("passages.jsonl", "questions.jsonl")
    )
    return {row["id"]: row for row in passages}, questions


def reading_comprehension(reader: Reader, folder: Path, count: int, seed: int) -> dict[str, float]:
    """EM, F1, and the AUROC of telling a passage from itself without its answering sentences."""
    passages, questions = load(folder)
    sample = random.Random(seed).sample(questions, min(count, len(questions)))
    exact, overlaps, scores, labels = [], [], [], []
    for row in sample:
        passage = passages[row["passage"]]
        _, reading, window = best_reading(reader, row["question"], passage["title"], passage["text"])
        said = window.text[slice(*reading.span)]
        gold = (tuple(row["answers"]),)
        exact.append(exact_match(said, gold))
        overlaps.append(token_f1(said, gold))
        scores.append(reading.answers)
        labels.append(1)
        if rest := without_answers(passage["text"], row["answers"]):
            scores.append(best_reading(reader, row["question"], passage["title"], rest)[1].answers)
            labels.append(0)
    return {
        "questions": len(sample),
        "EM": float(np.mean([value for value in exact if value is not None])),
        "F1": float(np.mean([value for value in overlaps if value is not None])),
        "near-miss AUROC": float(roc_auc_score(labels, scores)),
    }


def answerability(reader: Reader, folder: Path, count: int, seed: int) -> dict[str, float]:
    """The AUROC of telling the answerable questions of a set from the others."""
    passages, questions = load(folder)
    sample = random.Random(seed).sample(questions, min(count, len(questions)))
    scores = []
    for row in sample:
        passage = passages[row["passage"]]
        scores.append(best_reading(reader, row["question"], passage["title"], passage["text"])[1].answers)
    return {"questions": len(sample), "AUROC": float(roc_auc_score([row["answerable"] for row in sample], scores))}


def evidence(reader: Reader, folder: Path) -> dict[str, float]:
    """How often the sentence that the answer begins in overlaps the evidence that people marked."""
    passages, questions = load(folder)
    hits = []
    for row in questions:
        passage = passages[row["passage"]]
        start, reading, window = best_reading(reader, row["question"], passage["title"], passage["text"])
        a, b = window.sentences[int(np.argmax(reading.sentences))]
        quotes = [(passage["text"].find(quote), len(quote)) for quote in row["evidence"]]
        hits.append(any(at >= 0 and at < start + b and start + a < at + length for at, length in quotes))
    return {"questions": len(questions), "evidence hit": float(np.mean(hits))}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the sets")
    parser.add_argument("--adapter", type=Path, default=ADAPTER, help="or the checkpoint.pt of a run of rank 0")
    parser.add_argument("--count", type=int, default=500, help="questions of each set")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS, help="sets to evaluate on")
    options = parser.parse_args(arguments)
    try:
        reader = open_reader(options.adapter)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    measures = {
        "cmrc2018-dev": lambda f: reading_comprehension(reader, f, options.count, options.seed),
        "expmrc-dev": lambda f: evidence(reader, f),
        "squad2-zh": lambda f: answerability(reader, f, 2 * options.count, options.seed),
    }
    for name in options.sets:
        begun = time.perf_counter()
        result = {**measures[name](options.data / name), "seconds": round(time.perf_counter() - begun, 1)}
        print(name, json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
