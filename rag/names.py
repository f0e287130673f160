"""Names of people, places and organisations in Chinese text, by the tags of jieba's part-of-speech tagger."""

import logging
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from rag.text import normalize, simplify

_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt"})
_PLACE = "ns"
_KIND = re.compile(r"(?<=[^\W\d_]{2})(?:特别行政区|自治区|[地新特]区|[省市县区州])$")  # 北京市 is 北京
_LINKS = "和与及以于从在由向对跟到是为被把让给的之而但其如若使曾已将也都说称"  # may be torn off: 于小红 of 源于小红书
_ALSO_CALLED = {"中国": "我国"}


@cache
def _tagger() -> Any:
    """The tagger; its word list is loaded at the first use, which takes about a second."""
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    return jieba.posseg.POSTokenizer()


@cache
def _common_words() -> frozenset[str]:
    """Words of every day that the tagger's list calls names, mostly since they begin like one: 顾客, 荣获, 上市."""
    return frozenset(Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split())


def _tagged_names(text: str) -> Iterator[tuple[str, bool]]:
    """Every word of a text that is simplified, "" for one that is no name, and whether it is a place."""
    for word in _tagger().cut(text):
        if word.flag not in _TAGS or len(word.word) < 2 or word.word in _common_words():
            yield "", False
        elif word.flag == _PLACE and (inner := _place_within(word.word)):
            yield word.word.removesuffix(inner), True
            yield inner, True
        else:
            yield word.word, word.flag == _PLACE


def _place_within(name: str) -> str:
    """The second of two places that the tagger takes for one, 浦东 of 上海浦东; "" for others."""
    tags = _tagger().word_tag_tab
    cuts = range(2, len(name) - 1)
    return next((name[at:] for at in cuts if tags.get(name[:at]) == tags.get(name[at:]) == _PLACE), "")


def names_in(text: str) -> set[str]:
    """The names of at least two characters, in simplified ones; what the tagger does not know is none."""
    return {name for name, _ in _tagged_names(simplify(text)) if name}


def names_missing(text: str, source: str) -> set[str]:
    """The names of a text that are not in a source.

    北京市 is there where 北京 is, a place also where the one behind it is: 广东深圳, of 深圳.
    """
    source = normalize(source)
    tagged = [*_tagged_names(simplify(text)), ("", False)]
    return {
        name
        for (name, is_place), (behind, also_place) in pairwise(tagged)
        if name and not _is_in(name, source) and not (is_place and also_place and _is_in(behind, source))
    }


def _is_in(name: str, source: str) -> bool:
    forms = (name, _KIND.sub("", name), name.lstrip(_LINKS), name.strip(_LINKS), _ALSO_CALLED.get(name, name))
    return any(len(form) > 1 and normalize(form) in source for form in forms)
