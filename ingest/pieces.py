"""An article cut where something was taken out of it or flagged, and how much each rule took out."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.types import Article, Removal

KIND_NAMES = {
    "advert": "广告",
    "byline": "署名",
    "caption": "图片出处",
    "company self-description": "自我宣传",
    "copyright": "版权声明",
    "counters": "计数",
    "course banner": "课程横幅",
    "image": "图片",
    "image placeholder": "图片占位",
    "label": "导语标签",
    "markup": "标记",
    "metadata": "元数据",
    "navigation": "导航",
    "page furniture": "页眉页脚",
    "related articles": "相关文章",
    "repeated lead": "重复导语",
    "repeated line": "站点重复行",
    "share bar": "分享栏",
    "title": "标题",
}
UNANNOTATED = frozenset({"markup"})  # a note after every pair of asterisks would hide the text


@dataclass(frozen=True)
class Piece:
    """A stretch of the raw file that is removed as one, or kept under the same flags; `ends` are flags that end it."""

    text: str
    removal: Removal | None = None
    flags: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleCount:
    """How often a rule removed something, and how many characters in all."""

    kind: str
    rule: str
    count: int
    characters: int


def pieces_of(article: Article) -> Iterator[Piece]:
    """The whole raw file in order, cut where removals and flags begin and end."""
    flags = [(*article.raw_span(flag.start, flag.end), flag.kind) for flag in article.flags if flag.start < flag.end]
    at = 0
    for removal in (*article.removed, None):
        end = removal.start if removal else len(article.raw)
        borders = sorted({at, end, *(b for a, z, _ in flags for b in (a, z) if at < b < end)})
        for a, b in pairwise(borders):
            under = tuple(kind for start, stop, kind in flags if start <= a and b <= stop)
            ends = tuple(kind for start, stop, kind in flags if start < stop == b)
            yield Piece(article.raw[a:b], None, under, ends)
        if removal:
            yield Piece(article.raw[removal.start : removal.end], removal)
            at = removal.end


def count_rules(article: Article) -> list[RuleCount]:
    """What each rule removed, most characters first."""
    lengths: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for removal in article.removed:
        lengths[removal.kind, removal.rule].append(removal.end - removal.start)
    counts = [RuleCount(kind, rule, len(each), sum(each)) for (kind, rule), each in lengths.items()]
    return sorted(counts, key=lambda count: (-count.characters, count.rule))
