"""Sentences that say little alone: they hang on the one before, 小红书做的就是后者, or tell of their own article."""

import re
from bisect import bisect_left
from collections.abc import Container

from rag.features import Candidate
from rag.types import Span

LONGEST_BEFORE = 80  # code points; a longer sentence would bury the one that answers
_HANGS = re.compile(
    r"^[“「\"]?(?:这(?![几些]?[年天月周]|[里次届]|家|个人)|那(?=[是就也]|意味)|此(?:举|后|前)|对此|为此|如此|上述|以上|[前后]者|否则|反之)"
    r"|[前后]者"
)

_EXPLAINS = re.compile(
    r"(?:是?指(?![标责出数挥导示南引])|即(?![使将便可时])|意思是|也就是|就是|它是|具体|简单[来地]?[说讲]|简言之|换[句言]|通俗|说白了"
    r"|前者|其中|分别|包括)"
    r".*(?<![：:？?])$",  # what announces a list or asks explains nothing by itself
    re.DOTALL,
)
_IS_OF_SOMEONE = re.compile(r"[“「\"]?(?:可是?|但是?|而且?|不过|所以|于是|因此|后来)?[，,]?[他她它]们?(?!人)")

_TELLS_OF_ITSELF = re.compile(
    r"^.{0,30}(?:(?<![日成版样])本文(?!化|件|案(?!例)|具(?!体)|明(?!确))|本篇|[这此]篇文章)(?!.{0,12}(?:认为|指出))"
    r"|^.{0,20}(?:(?<![创合工写])作者|笔者).{0,24}(?:探讨|分析|分享|介绍|总结|解析|梳理|解读|拆解|讲解|阐述|给出|讲述)"
    r"|希望.{0,8}(?:[对给为让]|你|您|大家|读者|各位|本文|文章).{0,14}(?:启发|帮助|收获|参考)"
    r"|(?:一起|往下|接着)来?(?:看看|看一?下|了解|学习|看(?=[：:，。！吧]|$|[几第]))|^推荐.*阅读|欢迎阅读"
)


def tells_of_itself(sentence: str) -> bool:
    """Whether a sentence tells of its article, not of the subject: 本文深入分析了……, 希望对你有所启发."""
    return bool(_TELLS_OF_ITSELF.search(sentence))


def explains(sentence: str) -> bool:
    """Whether a sentence tells more closely what the one before it names: 指一家健康的企业……, 具体来说，前者……."""
    return bool(_EXPLAINS.match(sentence))


def hangs(sentence: str, *, named: bool = False) -> bool:
    """Whether a sentence refers to what stands before it; 他们只投小红书 too, where it is to be `named` who does."""
    return bool(_HANGS.search(sentence)) or (named and bool(_IS_OF_SOMEONE.match(sentence)))


def with_what_it_hangs_on(
    candidate: Candidate, shown: Container[tuple[str, Span]], *, named: bool = False
) -> Candidate:
    """The sentence together with the one before it where it hangs on that; else as it is.

    `named` is whether someone is to be named. `shown` holds the (article id, span) of the sentences that the answer
    shows anyway. The two must stand in one paragraph, so that the citation is one stretch of the article.
    """
    spans, article = candidate.passage.chunk.sentences, candidate.passage.article
    at = bisect_left(spans, (candidate.start, candidate.end))  # a heading is none of them
    if not at or not hangs(candidate.text, named=named):
        return candidate
    start, end = spans[at - 1]
    apart = article.text[end : candidate.start]
    if "\n" in apart or apart.strip() or end - start > LONGEST_BEFORE or (article.id, (start, end)) in shown:
        return candidate
    return Candidate(candidate.passage, start, candidate.end)
