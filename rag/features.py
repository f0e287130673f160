"""What is measured of a question, its passages and their sentences, for choosing sentences and for refusing."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.embed import Vector
from rag.lexical import content_terms, inverse_document_frequency
from rag.library import Library
from rag.quantity import says_there_is_none
from rag.tables import head_of, is_head, is_row
from rag.text import (
    ASKS_DAY,
    ASKS_HOUR,
    ASKS_WHEN,
    ASKS_YEAR,
    content_of,
    in_standard_words,
    index_terms,
    is_foreign,
    normalize,
)
from rag.types import Article, Chunk, Passage, Span

Matrix = npt.NDArray[np.float64]

SENTENCE_FEATURES = (
    "cosine",  # of the question with the sentence, below the best sentence, in steps of 0.05
    "coverage",  # share of the question's terms in the sentence, its headings or table head, by rarity in the corpus
    "characters",  # share of the question's characters in the sentence, weighted by rarity among the candidates
    "passage",  # fused score of the passage
    "first",  # 1 in the first passage
    "neighbour",  # cosine of the better sentence beside it, like "cosine"; the best one's where it stands alone
    "number",  # 1 where a number is asked for and given; the rest alike
    "date",
    "reason",
    "person",
    "place",
    "several",
    "definition",
    "reading",  # log probability that the answer begins in the sentence if its passage answers; 0 where nothing is read
    "answers",  # logit that the passage answers, below that of the best passage; 0 where nothing is read
)
TOPIC_FEATURES = (
    "dense",  # cosine of the question with its nearest sentence
    "everyday",  # mean cosine with everyday questions in its script: some questions are near to everything
    "foreign",  # 1 for a question in Latin script: it is further from Chinese sentences than the same one in Chinese
    "coverage",  # the best coverage of a sentence, at least LEAST_COVERAGE: other words are no sign of absence
    "log_chunks",  # natural logarithm of the number of chunks: in more chunks something is always near
)
LEAST_COVERAGE = 0.3
READ_PASSAGES = 5  # passages whose sentences are candidates, and those of their copies
LEAST_READING = -7.0  # log probability; that of a sentence which was not read with its passage

_THINGS = (  # several of them are asked for
    "(?:带|准备|提交|注意)(?:些|点)?什么(?!时)|什么(?:东西|材料|条件|证件)|哪些|哪几|有什么|都(?:是|有)(?:谁|什么)|(?<![黑白])名单(?!是)|都有|分别"
)
_LIES_IN = "[栽输败难错亏强弱贵赢胜]"  # 栽在哪儿 and 强在哪 ask why or what, not where
_ASKS = {
    "number": re.compile(
        r"多少|(?<![十好这那近])(?!(?<=前)几[年天名位])几[个名位次种年岁天所家座款成倍]|(?<![十好这那近哪])几(?:[回趟条块单人吨斤]|[美港日欧]?元)|百分之几|(?<![很许更众])多[大长高远久]"
        r"|比例|占比|第几|数量|how (?:many|much)",
        re.I,
    ),
    "date": re.compile(
        rf"{ASKS_WHEN}|{ASKS_YEAR}|{ASKS_DAY}|{ASKS_HOUR}|时间|日期|年份|when",
        re.I,
    ),
    "reason": re.compile(
        r"为什么|为何|原因|缘故|症结|怎么(?:会|就(?![业医诊])|这么|反而|反倒|突然|忽然|还|没|不)|凭什么|什么算盘"
        rf"|(?<![地截架构流导版])图个?什么(?!时)|(?<![使试])用意(?![愿见向义])|{_LIES_IN}在哪|why",
        re.I,
    ),
    "person": re.compile(
        r"谁|哪[一两二三几]?位|何人|什么人|哪个(?:人|明星|演员|主播|老师|教授|作家|律师|记者|老板)|(?:人|员|家|师|官|长|者|CEO|CMO|CTO|CFO|总裁|经理|主播|教授|老板)叫什么"
        r"|\bwho\b",
        re.I,
    ),
    "place": re.compile(
        rf"(?<!{_LIES_IN}在)(?:哪里|哪儿|什么地方)|(?<!{_LIES_IN})在哪|何地|何处|哪[个座一]?(?:国家?|城市?|地方|地区|省|市|县|区|州|洲)|where",
        re.I,
    ),
    "several": re.compile(rf"{_THINGS}|列举|\bwhich\b", re.I),
    "definition": re.compile(
        r"什么是|是个?什么(?!时|人|原因|地方|日子)|指(?:的是)?(?:什么|[？?]?$)|什么(?:意思|概念)|怎么?样?才?算(?!出|得|的)|何谓"
        r"|what is",
        re.I,
    ),
}
_GIVES = {
    "number": re.compile(r"\d|[零一二三四五六七八九十百千万亿两]+[个名位次种年岁所家座款成倍]"),
    "date": re.compile(r"\d ?[年月日]|世纪|年代|\d{4}-\d|\d[:：]\d|今[天日]"),
    "reason": re.compile(r"因|由于|为了|导致|所以|使得|源自|在于|根源"),
    "person": re.compile(r"[说称]|表示|认为|指出|CEO|创始人|负责人|总裁|经理|教授|先生|女士|博士|主任|导演|·|由", re.I),
    "place": re.compile(r"位于|地处|[省市县区州镇村岛国港]|总部"),
    "several": re.compile(r"、[^、。]*、|[和与及以]|分别|包括|等"),
    "definition": re.compile(r"是指|指的是|即|是一|是由|称为|叫做|就是|意味|也就是"),
}

_ASKS_FOR_SEVERAL = re.compile(  # of COMPARES what no one sentence tells: 差多少 and 谁更 ask for one thing
    rf"{_THINGS}|[有分][为成]?几[种类步项点条样块部]|列[出举个]|列一[下列]|几个方面|为什么|为何|原因|怎么|如何|怎样|区别|对比|相比|比较|不同|异同|变化|过程|经过|历程"
    r"|\b(?:which|why|how|compare|list)\b",
    re.IGNORECASE,
)
_LEAVES_OPEN = re.compile(
    r"(?<!为什么)(?<!怎么)(?<![却但])还是|是否|到底|真的|矛盾|出入|说法|一致|一样吗|(?:吗|没有?)[？?]?$|\b(?:whether|really)\b"
    r"|(?:(?![时动])(\w)[不没]\1|有没有)(?!.*(?:哪|什么|多少|怎么|为什么|谁))",  # 按能不能排序分成哪几类 asks which
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A sentence of a passage that could be part of an answer; the span is in the article."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        """The sentence."""
        return self.passage.article.text[self.start : self.end]

    @property
    def table_head(self) -> Span | None:
        """The row at the head of the table that the sentence is a row of, as a span of the article; None for others."""
        return head_of(self.passage.article.text, self.start) if is_row(self.text) else None

    @property
    def with_head(self) -> str:
        """The sentence, normalised, below the head of the table that it is a row of."""
        head = self.table_head
        return normalize(f"{self.passage.article.text[slice(*head)] if head else ''} {self.text}")

    @property
    def words_read(self) -> str:
        """What of the sentence the reader takes for the answer of its passage; "" where nothing is."""
        if (reading := self.passage.reading) is None:
            return ""
        first, last = max(reading.span[0], self.start), min(reading.span[1], self.end)
        return self.passage.article.text[first:last] if first < last else ""

    @property
    def heads_table(self) -> bool:
        """Whether the sentence is the row at the head of a table."""
        return is_row(self.text) and is_head(self.passage.article.text, self.end)


def asks_for(question: str) -> set[str]:
    """Which kinds of thing a question asks for: keys of _ASKS, such as "number" and "date"."""
    plain = in_standard_words(question)
    return {kind for kind, pattern in _ASKS.items() if pattern.search(plain)}


def asks_for_several(question: str) -> bool:
    """Whether one sentence is seldom the whole answer: things, reasons, ways, differences, a course of events."""
    return bool(_ASKS_FOR_SEVERAL.search(in_standard_words(question)))


def leaves_it_open(question: str) -> bool:
    """Whether a question leaves open which of two things is true."""
    return bool(_LEAVES_OPEN.search(in_standard_words(question)))


def asks_for_one_thing(question: str) -> bool:
    """Whether one passage that answers is enough: of a number or of what is left open others may say otherwise."""
    return not (asks_for_several(question) or leaves_it_open(question) or "number" in asks_for(question))


def candidates_of(passages: Sequence[Passage]) -> list[Candidate]:
    """Every sentence of the passages, in their order."""
    return [Candidate(passage, start, end) for passage in passages for start, end in passage.chunk.sentences]


def term_weights(query: str, library: Library, chunks: int) -> dict[str, float]:
    """Rarity in the corpus of each term of what a query is about."""
    frequencies = library.document_frequencies(content_terms(query))
    return {term: inverse_document_frequency(df, chunks) for term, df in frequencies.items()}


def covered(weights: Mapping[str, float], terms: set[str]) -> float:
    """Share of the weights whose terms are among `terms`; 0 without weights."""
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in terms) / total if total else 0.0


def heading_terms(article: Article, chunk: Chunk) -> set[str]:
    """Terms of the title and the section."""
    return set(index_terms(f"{article.title} {chunk.section}"))


def sentence_features(
    query: str, query_vector: Vector, candidates: Sequence[Candidate], weights: Mapping[str, float], library: Library
) -> Matrix:
    """(candidates, SENTENCE_FEATURES) float64."""
    passages = {c.passage.chunk.id: c.passage for c in candidates}
    vectors = {id_: library.sentence_vectors(id_) @ query_vector for id_ in passages}
    headings = {id_: heading_terms(passage.article, passage.chunk) for id_, passage in passages.items()}
    above = [headings[c.passage.chunk.id] | _head_terms(c) for c in candidates]
    position = {(c.passage.chunk.id, span): i for c in candidates for i, span in enumerate(c.passage.chunk.sentences)}
    cosines = [float(vectors[c.passage.chunk.id][position[c.passage.chunk.id, (c.start, c.end)]]) for c in candidates]
    character_weights = _character_weights(query, candidates)
    asked = asks_for(query)
    best = max(cosines, default=0.0)
    answers = [c.passage.reading.answers for c in candidates if c.passage.reading]
    rows = [
        [
            (cosine - best) / 0.05,
            covered(weights, set(index_terms(c.text)) | terms),
            covered(character_weights, set(normalize(c.text))),
            c.passage.score,
            float(c.passage.rank == 1),
            (_beside(vectors[c.passage.chunk.id], position[c.passage.chunk.id, (c.start, c.end)], best) - best) / 0.05,
            *(float(kind in asked and _gives(kind, query, c.text)) for kind in _GIVES),
            *_read(c, answers),
        ]
        for c, cosine, terms in zip(candidates, cosines, above, strict=True)
    ]
    return np.array(rows, np.float64).reshape(len(candidates), len(SENTENCE_FEATURES))


def _head_terms(candidate: Candidate) -> set[str]:
    """Terms of the head of the table that a candidate is a row of."""
    head = candidate.table_head
    return set(index_terms(candidate.passage.article.text[slice(*head)])) if head else set()


def _gives(kind: str, query: str, text: str) -> bool:
    """Whether a text gives what a question of a kind asks for; that there is none is as good as a number."""
    return bool(_GIVES[kind].search(text)) or (kind == "number" and says_there_is_none(query, text))


def _read(candidate: Candidate, answers: Sequence[float]) -> tuple[float, float]:
    """What the reader makes of a sentence and its passage, the best passage's logit taken off.

    A passage that could be read and was not, since others answer, counts as the least likely of them.
    """
    reading = candidate.passage.reading
    if reading is None:
        left_out = answers and candidate.passage.rank <= READ_PASSAGES
        return (LEAST_READING, min(answers) - max(answers)) if left_out else (0.0, 0.0)
    begins = reading.sentences.get((candidate.start, candidate.end), LEAST_READING)
    return max(begins, LEAST_READING), reading.answers - max(answers)


def _beside(cosines: Vector, at: int, alone: float) -> float:
    """The higher cosine of the sentences before and after one in its chunk; `alone` where there is none."""
    return max((float(cosine) for cosine in (*cosines[max(0, at - 1) : at], *cosines[at + 1 : at + 2])), default=alone)


def _character_weights(query: str, candidates: Sequence[Candidate]) -> dict[str, float]:
    """Rarity among the candidate sentences of each character of the query that any of them has."""
    sentences = [set(normalize(c.text)) for c in candidates]
    weights = {}
    for char in sorted({char for char in content_of(query) if char.isalnum()}):
        if df := sum(char in sentence for sentence in sentences):
            weights[char] = inverse_document_frequency(df, len(sentences))
    return weights


def topic_features(question: str, dense: float, everyday: float, coverage: float, chunks: int) -> npt.NDArray[Any]:
    """(TOPIC_FEATURES,) float64, from the question, the two cosines, the best coverage and the size of the index."""
    return np.array([dense, everyday, is_foreign(question), max(coverage, LEAST_COVERAGE), math.log(chunks)])
