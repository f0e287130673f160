from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEmbedder
from hypothesis import given
from hypothesis import strategies as st

from rag.embed import Vector
from rag.features import SENTENCE_FEATURES, candidates_of, sentence_features
from rag.index import Generation, IndexReader
from rag.measure import answer_probability, measure
from rag.reader import Reading, Window
from rag.reading import read_passages, windows_of
from rag.text import sentence_spans
from rag.types import Article, Chunk, Passage, PassageReading


def passage(text: str, chunk_id: str = "c") -> Passage:
    article = Article("文", "文.txt", text, title="题")
    return Passage(article, Chunk(chunk_id, "文", 0, len(text), text, "节", tuple(sentence_spans(text))), 1, 1.0)


NORTH = np.array([1.0, 0.0], np.float32)


class FakeLibrary:
    """Has a vector for each sentence of passages: `NORTH` for those of one, its opposite for the others."""

    def __init__(self, passages: Sequence[Passage], nearest: str = "") -> None:
        self.vectors = {
            p.chunk.id: np.tile(NORTH if p.chunk.id == nearest else -NORTH, (len(p.chunk.sentences), 1))
            for p in passages
        }

    def sentence_vectors(self, chunk_id: str) -> Vector:
        return self.vectors[chunk_id]


class FakeReader:
    """Finds the answer 鱼 in every window that has one; reads `most` windows in its time."""

    def __init__(self, most: int = 99) -> None:
        self.most = most
        self.windows: list[Window] = []

    def read(self, question: str, windows: Sequence[Window], *, seconds: float | None = None) -> list[Reading | None]:
        self.windows += windows
        return [self._read(window) if i < self.most else None for i, window in enumerate(windows)]

    def _read(self, window: Window) -> Reading:
        at = window.text.find("鱼")
        logs = tuple(0.0 if a <= at < b else -5.0 for a, b in window.sentences)
        return Reading(float(at >= 0), (at, at + 1), logs)


def test_a_passage_is_cut_into_even_windows_of_whole_sentences() -> None:
    of = passage("一二三。四五六。七八九。十。")
    assert windows_of(of, 99) == [(0, Window("题 节", of.article.text, of.chunk.sentences))]
    assert windows_of(of, 8) == [
        (0, Window("题 节", "一二三。四五六。", ((0, 4), (4, 8)))),
        (8, Window("题 节", "七八九。十。", ((0, 4), (4, 6)))),
    ]
    assert [window.text for _, window in windows_of(of, 4)] == ["一二三。", "四五六。", "七八九。", "十。"]
    assert windows_of(passage("")) == []


@given(st.lists(st.integers(1, 400), max_size=12), st.integers(1, 400))
def test_every_sentence_of_a_passage_is_in_one_window(lengths: list[int], most: int) -> None:
    of = passage("".join("字" * length + "。" for length in lengths))
    windows = windows_of(of, most)
    spans = [(start + a, start + b) for start, window in windows for a, b in window.sentences]
    assert tuple(spans) == of.chunk.sentences
    longest = max((end - start for start, end in spans), default=0)
    assert all(len(window.text) <= most + longest for _, window in windows)


def test_windows_of_one_passage_are_one_reading() -> None:
    of = passage("狗吃肉，也啃骨头。" * 40 + "猫吃鱼。")
    (read,) = read_passages(FakeReader(), "猫吃什么", NORTH, [of], FakeLibrary([of]))  # type: ignore[arg-type]
    assert read.reading is not None
    assert of.article.text[slice(*read.reading.span)] == "鱼"
    assert read.reading.answers == 1.0
    assert set(read.reading.sentences) == set(of.chunk.sentences)
    assert max(read.reading.sentences, key=read.reading.sentences.__getitem__) == of.chunk.sentences[-1]
    assert read.reading.sentences[of.chunk.sentences[0]] == -6.0  # -5 in a window whose logit is 1 lower


def test_a_window_of_each_passage_is_read_first_and_no_more_than_eight() -> None:
    long = ["。".join(letter + "肉" * 350 for letter in letters) + "。" for letters in ("甲乙丙", "丁戊己", "辛壬癸")]
    of = [passage(text, text[0]) for text in [*long, "庚吃鱼。"]]
    reader = FakeReader()
    read_passages(reader, "猫吃什么", NORTH, of, FakeLibrary(of, nearest="丁"))  # type: ignore[arg-type]
    assert "".join(window.text[0] for window in reader.windows) == "丁甲辛庚戊己乙丙"


def windows_read(texts: Sequence[str], nearest: int = 0, *, until: float = 1.0, seconds: float | None = None) -> str:
    """The first letters of the windows that are read of passages, of which one is nearest, until a logit is reached."""
    of = [passage(text, text[0]) for text in texts]
    reader = FakeReader()
    library = FakeLibrary(of, nearest=of[nearest].chunk.id)
    read = read_passages(
        reader,  # type: ignore[arg-type]
        "猫吃什么",
        NORTH,
        of,
        library,  # type: ignore[arg-type]
        enough=lambda logits: max(logits) >= until,
        seconds=seconds,
    )
    letters = "".join(window.text[0] for window in reader.windows)
    assert {p.chunk.id for p in read if p.reading} == set(letters)
    return letters


def test_it_is_read_on_until_that_is_enough_the_nearest_first() -> None:
    fish = [f"{letter}吃鱼。" for letter in "甲乙丙丁戊己庚"]
    meat = [f"{letter}吃肉。" for letter in "甲乙丙丁戊己庚"]
    assert windows_read(fish) == "甲乙丙丁"
    assert windows_read(fish, nearest=5) == "己甲乙丙"
    assert windows_read([*meat[:4], *fish[4:]]) == "甲乙丙丁戊己"
    assert windows_read(meat) == "甲乙丙丁戊己庚"
    assert windows_read(meat, seconds=0.0) == "甲乙丙丁"
    ten = "甲乙丙丁戊己庚辛壬癸"  # passages: one window of each is read
    assert windows_read([f"{letter}吃肉。" for letter in ten]) == ten


@pytest.mark.parametrize(
    ("logits", "answers"),
    [
        ([0.0, 0.0, None], 0.6931),
        ([2.0, 2.0, 2.0], 3.0986),
        ([3.0, None, None], 3.0),
        ([-3.0, None, None], None),
        ([None, None, None], None),
    ],
    ids=["most were read", "all were", "one was, and answers", "one was, and does not", "none was"],
)
def test_the_odds_of_the_passages_are_added_up_where_most_were_read_or_those_that_were_answer(
    generation: Generation,
    passages: list[Passage],
    fake_embedder: FakeEmbedder,
    logits: list[float | None],
    answers: float | None,
) -> None:
    read = [
        replace(p, reading=None if logit is None else PassageReading(logit, (0, 1), {}))
        for p, logit in zip(passages, logits, strict=True)
    ]
    measured = measure("猫吃什么", read, generation, fake_embedder)
    assert measured.answers == (None if answers is None else pytest.approx(answers, abs=1e-4))
    assert (answer_probability(measured) is None) is (answers is None)


@pytest.fixture
def generation(tiny_index: Path, fake_embedder: FakeEmbedder) -> Generation:
    return IndexReader(tiny_index, fake_embedder).current()


@pytest.fixture
def passages(generation: Generation) -> list[Passage]:
    library = generation.library
    chunks = [library.chunk(id_) for id_ in library.chunk_ids()]
    return [Passage(library.article(c.article_id), c, rank, 1 / rank) for rank, c in enumerate(chunks, 1)]


def test_a_reading_is_in_the_article_not_in_the_window(
    generation: Generation, passages: list[Passage], fake_embedder: FakeEmbedder
) -> None:
    vector = fake_embedder.embed_query("猫吃什么")
    read = read_passages(FakeReader(), "猫吃什么", vector, passages, generation.library)  # type: ignore[arg-type]
    fish = next(p for p in read if "鱼" in p.chunk.text)
    assert fish.reading is not None
    assert fish.article.text[slice(*fish.reading.span)] == "鱼"
    assert max(fish.reading.sentences, key=fish.reading.sentences.__getitem__) == fish.chunk.sentences[0]
    assert [p.rank for p in read] == [p.rank for p in passages]


def test_what_was_not_read_in_time_stays_as_it_was(passages: list[Passage]) -> None:
    read = read_passages(FakeReader(1), "猫", NORTH, passages, FakeLibrary(passages))  # type: ignore[arg-type]
    assert [p.reading is not None for p in read] == [True, False, False]
    assert read[1:] == passages[1:]


def test_features_tell_what_the_reader_makes_of_a_sentence(
    generation: Generation, passages: list[Passage], fake_embedder: FakeEmbedder
) -> None:
    first, second = passages[0].chunk.sentences[0], passages[1].chunk.sentences[0]
    read = [
        replace(passages[0], reading=PassageReading(2.0, first, {first: -0.5})),
        replace(passages[1], reading=PassageReading(-1.0, second, {second: -9.0})),
    ]
    candidates = candidates_of(read)
    rows = sentence_features("猫", fake_embedder.embed_query("猫"), candidates, {}, generation.library)
    table = dict(zip(SENTENCE_FEATURES, rows.T.tolist(), strict=True))
    by_span = {(c.passage.chunk.id, c.start): i for i, c in enumerate(candidates)}
    at, beyond = by_span[passages[0].chunk.id, first[0]], by_span[passages[1].chunk.id, second[0]]
    assert (table["reading"][at], table["answers"][at]) == (-0.5, 0.0)
    assert (table["reading"][beyond], table["answers"][beyond]) == (-7.0, -3.0)
    beside = candidates_of([*read, passages[2]])
    among = sentence_features("猫", fake_embedder.embed_query("猫"), beside, {}, generation.library)
    assert among[-1, SENTENCE_FEATURES.index("reading") :].tolist() == [-7.0, -3.0]  # counts as the least likely
    unread = sentence_features("猫", fake_embedder.embed_query("猫"), candidates_of(passages), {}, generation.library)
    assert not unread[:, SENTENCE_FEATURES.index("reading") :].any()
