"""Training examples: a question with a window of whole sentences that answers it, or with one that does not."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from rag.embed import EVERYDAY
from rag.reader import same_length
from rag.text import content_of, index_terms, sentence_spans, simplify
from rag.types import Span

# How often each kind of window that does not answer is drawn.
SHARES = {"retrieved": 0.2, "removed": 0.2, "changed": 0.1, "elsewhere": 0.1, "stray": 0.1, "missed": 0.6}
KINDS = tuple(SHARES)
NEAR = 20  # passages that a retrieved negative is drawn from
_YEAR = re.compile(r"(?<!\d)(1[5-9]|20)\d\d(?=年)")
_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")


@dataclass(frozen=True)
class Item:
    """An answered question of a reading-comprehension set; the answer is text[start:end] of its passage."""

    id: str
    question: str
    passage: str
    answers: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True)
class Example:
    """A question and a window; the answer is window[start:end], or there is none (start is None)."""

    question: str
    title: str
    window: str
    start: int | None = None
    end: int = 0
    kind: str = "answer"


@dataclass
class ReadingSet:
    """A folder of passages.jsonl and questions.jsonl, in simplified characters."""

    texts: dict[str, str]
    titles: dict[str, str]
    items: list[Item]
    missed: dict[str, list[str]] = field(default_factory=dict)  # for a passage, questions that it does not answer
    everyday: list[str] = field(default_factory=list)  # questions that no passage answers

    @classmethod
    def load(cls, *folders: Path) -> "ReadingSet":
        """The questions of all folders whose answer stands in their passage, and those that their passage leaves open.

        A folder may ask about the passages of those before it.
        """
        texts: dict[str, str] = {}
        titles: dict[str, str] = {}
        items = []
        missed: dict[str, list[str]] = {}
        for folder in folders:
            for row in _rows(folder / "passages.jsonl"):
                texts[row["id"]] = same_length(row["text"])
                titles[row["id"]] = simplify(row["title"])
            for row in _rows(folder / "questions.jsonl"):
                if not row["answerable"]:
                    missed.setdefault(row["passage"], []).append(simplify(row["question"]))
                elif item := _item(row, texts[row["passage"]]):
                    items.append(item)
        return cls(texts, titles, items, missed, simplify(EVERYDAY.read_text(encoding="utf-8")).splitlines())

    def split(self, held_out: float) -> tuple["ReadingSet", "ReadingSet"]:
        """The questions of most passages, and of a share that is held out, the same every time."""
        ids = sorted(self.texts)
        random.Random(1).shuffle(ids)
        apart = set(ids[: round(held_out * len(ids))])
        return tuple(
            replace(self, items=[item for item in self.items if (item.passage in apart) is held])
            for held in (False, True)
        )  # type: ignore[return-value]

    @cached_property
    def spans(self) -> dict[str, list[Span]]:
        """Sentences of every passage."""
        return {id_: sentence_spans(text) for id_, text in self.texts.items()}

    @cached_property
    def near(self) -> dict[str, list[str]]:
        """For every question the passages most like it by character bigrams, its own and those with its answer out."""
        ids = sorted(self.texts)
        vectorizer = TfidfVectorizer(analyzer=index_terms, sublinear_tf=True)
        rows = vectorizer.fit_transform([f"{self.titles[id_]}\n{self.texts[id_]}" for id_ in ids])
        near = {}
        for at in range(0, len(self.items), 500):
            batch = self.items[at : at + 500]
            scores = (vectorizer.transform([content_of(item.question) for item in batch]) @ rows.T).toarray()
            for item, row in zip(batch, scores, strict=True):
                best = [ids[i] for i in np.argsort(-row)[: NEAR + 5]]
                near[item.id] = [
                    id_
                    for id_ in best
                    if id_ != item.passage and not any(answer in self.texts[id_] for answer in item.answers)
                ][:NEAR]
        return near


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _item(row: dict[str, Any], text: str) -> Item | None:
    answers = tuple(same_length(answer) for answer in row["answers"])
    starts = [start for start in row.get("starts", []) if text.startswith(answers[0], start)]
    start = starts[0] if starts else text.find(answers[0])
    if start < 0 or not any(char.isalnum() for char in answers[0]):
        return None
    return Item(row["id"], simplify(row["question"]), row["passage"], answers, start, start + len(answers[0]))


def window_around(spans: Sequence[Span], core: tuple[int, int], most: int, chance: random.Random) -> list[int]:
    """Numbers of the sentences of a window: those that touch `core`, and neighbours up to `most` letters."""
    inside = [i for i, (start, end) in enumerate(spans) if start < core[1] and end > core[0]]
    if not inside:
        return []
    low, high = inside[0], inside[-1]
    size = spans[high][1] - spans[low][0]
    while low > 0 or high < len(spans) - 1:
        left = low > 0 and (high == len(spans) - 1 or chance.random() < 0.5)
        added = spans[low - 1] if left else spans[high + 1]
        size += added[1] - added[0]
        if size > most:
            break
        low, high = (low - 1, high) if left else (low, high + 1)
    return list(range(low, high + 1))


def cropped(example: Example, most: int, chance: random.Random) -> Example:
    """The example with at most `most` letters of its window, the answer among them, so that batches are even."""
    window, start = example.window, example.start
    if len(window) <= most:
        return example
    if start is None:
        low = chance.randint(0, len(window) - most)
        return replace(example, window=window[low : low + most])
    latest = min(start, len(window) - most)
    low = chance.randint(min(max(0, example.end - most), latest), latest)
    return replace(example, window=window[low : low + most], start=start - low, end=min(example.end - low, most))


class Examples:
    """Draws examples from a reading set; the same seed draws the same ones."""

    def __init__(self, reading: ReadingSet, shares: Mapping[str, float] = SHARES, without: Sequence[str] = ()) -> None:
        """Draws no windows of the kinds `without`; the others keep their shares."""
        self.reading = reading
        self.shares = {kind: share for kind, share in shares.items() if kind not in without}
        self.used_titles = sorted({title for title in reading.titles.values() if len(title) > 1})

    def answer(self, item: Item, most: int, chance: random.Random) -> Example:
        """A window that holds the answer."""
        text, spans = self.reading.texts[item.passage], self.reading.spans[item.passage]
        chosen = window_around(spans, (item.start, item.end), most, chance)
        low, high = min(spans[chosen[0]][0], item.start), max(spans[chosen[-1]][1], item.end)
        title = self._title(item.passage, chance)
        return Example(item.question, title, text[low:high], item.start - low, item.end - low)

    def no_answer(self, item: Item, most: int, chance: random.Random) -> Example:
        """A window that looks as if it could answer, and does not; of another kind where one cannot be made."""
        kinds = [kind for kind in self.shares if kind != "missed" or item.passage in self.reading.missed]
        first = chance.choices(kinds, [self.shares[kind] for kind in kinds]) if kinds else []
        for kind in (*first, *kinds):
            example: Example | None = getattr(self, f"_{kind}")(item, most, chance)
            if example:
                return replace(example, kind=kind)
        other = chance.choice(sorted(self.reading.texts))
        return Example(item.question, "", self.reading.texts[other][:most], kind="other")

    def _title(self, passage: str, chance: random.Random) -> str:
        return self.reading.titles[passage] if chance.random() < 0.8 else ""

    def _missed(self, item: Item, most: int, chance: random.Random) -> Example | None:
        """The window of the answer, or the likeliest of its passage, under a question that the passage leaves open."""
        asked = replace(item, question=chance.choice(self.reading.missed[item.passage]))
        if chance.random() < 0.5:
            return replace(self.answer(asked, most, chance), start=None, end=0)
        return self._nearest_window(asked, item.passage, self.reading.spans[item.passage], most, chance)

    def _stray(self, item: Item, most: int, chance: random.Random) -> Example | None:
        """A window of any other passage, half the time under an everyday question."""
        other = chance.choice(sorted(self.reading.texts))
        if other == item.passage or any(answer in self.reading.texts[other] for answer in item.answers):
            return None
        everyday = self.reading.everyday and chance.random() < 0.5
        asked = replace(item, question=chance.choice(self.reading.everyday)) if everyday else item
        return self._nearest_window(asked, other, self.reading.spans[other], most, chance)

    def _retrieved(self, item: Item, most: int, chance: random.Random) -> Example | None:
        near = self.reading.near[item.id]
        if not near:
            return None
        other = near[min(int(chance.expovariate(0.25)), len(near) - 1)]
        return self._nearest_window(item, other, self.reading.spans[other], most, chance)

    def _nearest_window(
        self, item: Item, passage: str, spans: Sequence[Span], most: int, chance: random.Random
    ) -> Example | None:
        """The window around the sentence that shares most terms with the question."""
        text = self.reading.texts[passage]
        asked = set(index_terms(content_of(item.question)))
        scores = [len(asked & set(index_terms(text[a:b]))) + chance.random() for a, b in spans]
        if not scores:
            return None
        chosen = window_around(spans, spans[int(np.argmax(scores))], most, chance)
        window = text[spans[chosen[0]][0] : spans[chosen[-1]][1]]
        return Example(item.question, self._title(passage, chance), window)

    def _removed(self, item: Item, most: int, chance: random.Random) -> Example | None:
        """The window of the answer, without every sentence that holds one."""
        text, spans = self.reading.texts[item.passage], self.reading.spans[item.passage]
        chosen = window_around(spans, (item.start, item.end), most * 3 // 2, chance)
        kept = [
            text[a:b]
            for a, b in (spans[i] for i in chosen)
            if not (a < item.end and b > item.start) and not any(answer in text[a:b] for answer in item.answers)
        ]
        return Example(item.question, self._title(item.passage, chance), "".join(kept)) if kept else None

    def _elsewhere(self, item: Item, most: int, chance: random.Random) -> Example | None:
        """Another stretch of the same passage."""
        text, spans = self.reading.texts[item.passage], self.reading.spans[item.passage]
        inside = [i for i, (a, b) in enumerate(spans) if a < item.end and b > item.start]
        if not inside:
            return None
        parts = [part for part in (spans[: inside[0]], spans[inside[-1] + 1 :]) if part]
        parts = [p for p in parts if not any(answer in text[p[0][0] : p[-1][1]] for answer in item.answers)]
        return self._nearest_window(item, item.passage, chance.choice(parts), most, chance) if parts else None

    def _changed(self, item: Item, most: int, chance: random.Random) -> Example | None:
        """The window of the answer, with another year, number or name in the question than the one it has."""
        positive = self.answer(item, most, chance)
        text = self.reading.texts[item.passage]
        title = self.reading.titles[item.passage]
        question = item.question
        if year := _YEAR.search(question):
            changed = str(int(year[0]) + chance.choice([-30, -12, -7, -3, -2, -1, 1, 2, 3, 5, 8, 20]))
            question = question.replace(year[0], changed)
        elif (number := _NUMBER.search(question)) and number[0] in text:
            changed = str(int(number[0]) + chance.choice([1, 2, 3, 5, 10]))
            question = question[: number.start()] + changed + question[number.end() :]
        elif len(title) > 1 and title in question:
            changed = chance.choice(self.used_titles)
            question = question.replace(title, changed)
        else:
            return None
        if changed in text or changed == title:
            return None
        return Example(question, positive.title, positive.window)
