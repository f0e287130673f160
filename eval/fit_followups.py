"""python -m eval fit_followups FOLDER…: fit the weights of rag/mentions.py (rag/mentions.json) on the tune half.

The folders are those of eval.followups. Two linear models: which span of the earlier question a follow-up leaves out
(conditional logit over all its spans), and whether a question leans on the one before it (logistic regression:
follow-ups against whole questions, after their own opening or another one). A feature is kept from SEEN rows on. The
features hold no word of the set but those listed in rag/mentions.toml. Rows made from a reading-comprehension set
follow a rule: those where the title is left out are not used, and of those with a pronoun every third one.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from eval.convert import half_of
from eval.followups import Row, entities, entities_added, load_rows
from rag import mentions
from rag.mentions import Spans
from rag.rewrite import lean_features

EPILOG = """exit codes: 0 the weights are written; 1 a folder holds no follow-ups, all too few, or a file cannot be
written; 2 wrong arguments"""
WHOLE = ("whole", "new topic")  # kinds of rows that need no rewriting
SEEN = 40
LIMIT = 24000  # rows for the second model
PENALTY = 1e-4
Labels = npt.NDArray[np.bool_]


def right_spans(row: Row, spans: Spans) -> list[bool]:
    """Which spans are the shortest that names exactly what the gold rewrite adds, or else that holds it."""
    gold = set(entities_added(row.question.text, row.rewrite))
    texts = [spans.text_of(span) for span in spans.all()]
    exact = [text for text in texts if set(entities(text)) == gold]
    holding = [text for text in texts if all(entity in text for entity in gold)]
    shortest = min(exact or holding, key=len, default=None)
    return [text == shortest for text in texts]


def matrix_of(rows: Sequence[Sequence[str]], names: Sequence[str]) -> csr_matrix:
    """Counts of the named features, a row each."""
    column = {name: at for at, name in enumerate(names)}
    columns = [[column[name] for name in row if name in column] for row in rows]
    ends = np.cumsum([0, *map(len, columns)])
    flat = np.fromiter((at for row in columns for at in row), dtype=np.int64)
    return csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(columns), len(names)))


def seen(rows: Sequence[Sequence[str]]) -> list[str]:
    """The features that enough rows have, by name."""
    counts = Counter(name for row in rows for name in set(row))
    return sorted(name for name, count in counts.items() if count >= SEEN)


def fit_carried(rows: Sequence[Row]) -> dict[str, float]:
    """Weights that maximise the likelihood of a right span among all spans of the earlier question."""
    features: list[list[str]] = []
    right: list[bool] = []
    sizes: list[int] = []
    for row in rows:
        spans = Spans(row.opening, row.question.text, row.reply)
        labels = right_spans(row, spans)
        if any(labels):
            features += [spans.features(span) for span in spans.all()]
            right += labels
            sizes.append(len(labels))
    names = seen(features)
    x, y = matrix_of(features, names), np.array(right)
    starts = np.cumsum([0, *sizes[:-1]])
    group = np.repeat(np.arange(len(sizes)), sizes)

    def loss(w: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = x @ w
        powers = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        all_, good = np.add.reduceat(powers, starts), np.add.reduceat(powers * y, starts) + 1e-12
        gradient = x.T @ (powers / all_[group] - powers * y / good[group]) / len(sizes) + 2 * PENALTY * w
        return float(np.mean(np.log(all_ / good)) + PENALTY * w @ w), gradient

    fitted = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 150}).x
    print(f"{len(sizes)} follow-ups, {len(right)} spans, {len(names)} features")
    return rounded(names, fitted)


def fit_leans(rows: Sequence[Row]) -> dict[str, float]:
    """Weights of a question that leans on the one before it; the two classes weigh the same."""
    features = [lean_features(row.question.text, row.opening) for row in rows]
    names = seen(features)
    y = np.array([row.kind not in WHOLE for row in rows])
    model = LogisticRegression(C=1.0, max_iter=9999, class_weight="balanced", fit_intercept=False)
    model.fit(matrix_of(features, names), y)
    return rounded(names, model.coef_[0])


def rounded(names: Sequence[str], fitted: npt.NDArray[np.float64]) -> dict[str, float]:
    """The weights by name, those that round to nothing left out."""
    return {name: value for name, value in zip(names, fitted.round(2).tolist(), strict=True) if value}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval fit_followups", description=__doc__, epilog=EPILOG)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("rag/mentions.json"))
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for folder in options.folders:
        try:
            rows += [row for row in load_rows(folder) if half_of(row.opening) == "tune"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"error: {folder} holds no follow-ups: {error}", file=sys.stderr)
            return 1
    rows = [row for at, row in enumerate(rows) if row.kind != "left out" and (row.kind != "pronoun" or at % 3 == 0)]
    random.Random(7).shuffle(rows)
    carrying = [row for row in rows if row.kind not in WHOLE and row.asked_before]
    if len(carrying) < SEEN:
        told = f"{len(carrying)} follow-ups in the half tune that carry over what was asked before are too few"
        print(f"error: {told}: a feature is kept from {SEEN} rows on", file=sys.stderr)
        return 1
    carried = fit_carried(carrying[:8000])
    mentions.weights().update(carried=carried)  # the features of the second model ask for the topic
    leans = fit_leans(rows[:LIMIT])
    weights = {"leans": leans, "carried": carried}
    options.out.write_text(json.dumps(weights, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return 0
