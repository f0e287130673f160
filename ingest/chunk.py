"""Chunking: spans of an article on sentence ends, small sections together, sized by the model's tokenizer."""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from math import ceil
from typing import TypeVar

from ingest.bylines import find_author, states_metadata, states_metadata_alone
from rag.text import sentence_spans, simplify
from rag.types import Article, Chunk, Span

VERSION = "6"
LONGEST_SENTENCE = 400  # tokens: the embedding model reads 512, the title and its marks included
LONGEST_HEADING = 50  # code points of one that cannot be quoted: a longer one says something
LONGEST_NUMBERED_HEADING = 40
LONGEST_BARE_HEADING = 25
METADATA_HEAD, METADATA_FOOT = 6, 3  # lines with words at either end of a text where one of metadata is not quoted

Unit = TypeVar("Unit")

_MARKDOWN_HEADING = re.compile(r"^[ \t]*(#{1,6})[ \t]+\S", re.MULTILINE)
_UNDERLINED = re.compile(  # a title above ==== or ----, alone in its paragraph
    r"(?:\A|(?<=\n\n))[ ]{0,3}(?=[^\s#>|*+-])(?P<title>[^\n]{1,40})\n[ ]{0,3}(?:(?P<first>={3,})|-{3,})[ \t]*$",
    re.MULTILINE,
)
_NUMBERED = re.compile(r"(?P<part>第?[一二三四五六七八九十]{1,3}[、.．章节部])|0?\d{1,2}[、.．)）](?!\d)\s*\S")
DOCUMENT_NUMBER = r"[〔\[［(（]\d{4}[〕\]］)）]\s?(?:第\s?)?\d+\s?号"  # 梧街办〔2024〕17号, of an official notice
_ENDS_WITH_NUMBER = re.compile(rf"{DOCUMENT_NUMBER}\Z")
_VALUE = re.compile(  # a label and what is asked for: 产地：云南保山
    r"(?:来源|产地|品牌|规格|型号|材质|等级|净重|重量|容量|尺寸|单价|价格|售价|费用|电话|邮箱|地址|日期|期限|保[质修]期|有效期)\s?[:：]"
)
_ENDS_SENTENCE = tuple("。！!；;：:，,、…~”’")


@dataclass(frozen=True)
class Heading:
    """A heading line: span in the clean text, and level from 1, the highest."""

    start: int
    end: int
    level: int


def find_headings(article: Article) -> list[Heading]:
    """Headings of an article, in order: Markdown's; without those, numbered lines and short lines that stand alone.

    In plain text such lines one after another, of one level, head nothing (they are a list, or a sheet of data), nor
    does the last line.
    """
    lines = list(re.finditer(r"[^\n]*\S[^\n]*", article.text))
    marked = {match.start(): len(match[1]) for match in _MARKDOWN_HEADING.finditer(article.raw)}
    marked |= {
        match.start(): 1 if match["first"] else 2
        for match in _UNDERLINED.finditer(article.raw)
        if not match["title"].rstrip().endswith(_ENDS_SENTENCE)
    }
    if marked:
        starts = [article.raw_span(line.start(), line.end())[0] for line in lines]
        levels = [marked.get(article.raw.rfind("\n", 0, start) + 1, 0) for start in starts]
    else:
        levels = [_plain_heading_level(article.text, line) for line in lines]
        runs = [list(run) for _, run in groupby(levels)]
        levels = [level if len(run) == 1 else 0 for run in runs for level in run]
        levels[-1:] = [0] * bool(levels)
    return [Heading(*line.span(), level) for line, level in zip(lines, levels, strict=True) if level]


def _plain_heading_level(text: str, line: re.Match[str]) -> int:
    """Level of a heading in plain text; 0 for a line that is none."""
    words = line[0].strip()
    if words.endswith(_ENDS_SENTENCE) or "。" in words or _ENDS_WITH_NUMBER.search(words):
        return 0
    if not any(char.isalnum() for char in words) or _VALUE.match(words):
        return 0
    if len(words) <= LONGEST_NUMBERED_HEADING and (numbered := _NUMBERED.match(words)):
        return 1 if numbered["part"] else 2
    alone = re.search(r"\n[^\S\n]*\n\Z", text[max(0, line.start() - 20) : line.start()]) and re.match(
        r"\n[^\S\n]*\n", text[line.end() : line.end() + 20]
    )
    return 1 if alone and len(words) <= LONGEST_BARE_HEADING and not find_author(words) else 0


@dataclass(frozen=True)
class _Piece:
    """Sentences of one section that stay together, the offset where their text starts, and their size in tokens."""

    start: int
    section: str
    sentences: list[Span]
    tokens: int


def chunk_article(article: Article, count_tokens: Callable[[str], int], chunk_tokens: int) -> list[Chunk]:
    """Chunks of an article, in order, that cover its text without gaps or overlaps.

    A long section is cut into chunks, consecutive short ones go into one; headings without text of their own go with
    the next section. A chunk ends with a sentence; its sentences have at most `chunk_tokens` tokens.
    A longer sentence is cut, at a comma where there is one. Ids come from the content.
    """
    groups = _pack(_pieces(article, count_tokens, chunk_tokens), lambda piece: piece.tokens, chunk_tokens)
    ends = [*(group[0].start for group in groups[1:]), len(article.text)]
    return [_chunk(article, end, group) for end, group in zip(ends, groups, strict=False)]


def _pieces(article: Article, count_tokens: Callable[[str], int], most: int) -> list[_Piece]:
    """The sections of an article that have a sentence, those of more than `most` tokens cut."""
    headings = find_headings(article)
    borders = sorted({0, len(article.text), *(heading.start for heading in headings)})
    sentences = quotable_sentences(article, headings)
    starts = [start for start, _ in sentences]
    names = _section_names(article, headings)
    longest = min(most, LONGEST_SENTENCE)

    @cache
    def tokens_of(span: Span) -> int:
        return count_tokens(article.text[slice(*span)])

    pieces: list[_Piece] = []
    at = 0  # the headings before a section's first sentence go with it
    for border, end in pairwise(borders):
        inside = sentences[bisect_left(starts, border) : bisect_left(starts, end)]
        units = [part for span in inside for part in _split_long(article.text, span, count_tokens, longest)]
        for group in _pack(units, tokens_of, most):
            start = group[0][0] if group[0] > units[0] else at
            pieces.append(_Piece(start, names.get(border, ""), group, sum(map(tokens_of, group))))
        at = end if units else at
    return pieces


def quotable_sentences(article: Article, headings: list[Heading]) -> list[Span]:
    """Sentences of the text that can be quoted: no headings but long ones, none across a removed advert.

    A line at either end that is nothing but metadata is quoted only where there is nothing else.
    """
    heading_starts = [heading.start for heading in headings]
    spans = []
    for start, end in sentence_spans(article.text):
        above = bisect_right(heading_starts, start) - 1
        if above >= 0 and start < headings[above].end <= headings[above].start + LONGEST_HEADING:
            continue
        cuts = article.breaks[bisect_right(article.breaks, start) : bisect_left(article.breaks, end)]
        for a, b in zip([start, *cuts], [*cuts, end], strict=True):
            spans += [(a + x, a + y) for x, y in sentence_spans(article.text[a:b])] if cuts else [(a, b)]
    inside = _metadata_lines(article)
    metadata = {
        (start, end)
        for start, end in spans
        if any(a <= start and end <= b for a, b in inside) and states_metadata_alone(article.text[start:end])
    }
    return [span for span in spans if span not in metadata] or spans


def _metadata_lines(article: Article) -> list[Span]:
    """The lines at either end of a text that state its date, author or publisher."""
    lines = [line for line in re.finditer(r"[^\n]+", article.text) if any(char.isalnum() for char in line[0])]
    ends = lines if len(lines) <= METADATA_HEAD + METADATA_FOOT else lines[:METADATA_HEAD] + lines[-METADATA_FOOT:]
    return [line.span() for line in ends if states_metadata(line[0], article.raw)]


def _section_names(article: Article, headings: list[Heading]) -> dict[int, str]:
    """By the start of each heading: it and those above it, highest first, joined by ›."""
    names = {}
    path: list[Heading] = []
    for heading in headings:
        path = [h for h in path if h.level < heading.level] + [heading]
        names[heading.start] = " › ".join(article.text[h.start : h.end].strip() for h in path)
    return names


def _split_long(text: str, span: Span, count_tokens: Callable[[str], int], most: int) -> list[Span]:
    start, end = span
    tokens = count_tokens(text[start:end])
    if tokens <= most:
        return [span]
    middle = start + (end - start) // 2
    commas = [m.end() for m in re.finditer(r"[，,；;、：:\s]", text[start:end])]
    cut = start + min(commas, key=lambda offset: abs(start + offset - middle), default=middle - start)
    if not start + (end - start) // 4 < cut < end - (end - start) // 4:
        cut = middle
    if not start < cut < end:
        return [span]
    return _split_long(text, (start, cut), count_tokens, most) + _split_long(text, (cut, end), count_tokens, most)


def _pack(units: Sequence[Unit], tokens_of: Callable[[Unit], int], most: int) -> list[list[Unit]]:
    """Consecutive units in groups of at most `most` tokens, as few as possible and of about the same size."""
    tokens = [tokens_of(unit) for unit in units]
    groups: list[list[Unit]] = []
    left = sum(tokens)
    size = aim = 0.0
    for unit, count in zip(units, tokens, strict=True):
        if not groups or size + count > most or size + count / 2 > aim:
            groups.append([])
            size, aim = 0, left / ceil(left / most)
        groups[-1].append(unit)
        size += count
        left -= count
    return groups


def _chunk(article: Article, end: int, pieces: Sequence[_Piece]) -> Chunk:
    start = pieces[0].start
    text = article.text[start:end]
    section = " / ".join(dict.fromkeys(piece.section for piece in pieces if piece.section))
    chunk_id = hashlib.sha256(f"{article.id}\0{start}\0{section}\0{text}".encode()).hexdigest()[:20]
    return Chunk(
        chunk_id, article.id, start, end, text, section, tuple(span for piece in pieces for span in piece.sentences)
    )


def sentence_texts(article: Article, chunk: Chunk) -> list[str]:
    """What is embedded of each sentence of a chunk: the article's title, a line break, the sentence; simplified."""
    return [simplify(f"{article.title}\n{article.text[start:end]}") for start, end in chunk.sentences]
