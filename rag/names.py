"""Names of people, places and organisations in Chinese text, by the tags of jieba's part-of-speech tagger."""

import logging
from functools import cache
from typing import Any

_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt"})


@cache
def _tagger() -> Any:
    """The tagger; its word list is loaded at the first use, which takes about a second."""
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    return jieba.posseg.POSTokenizer()


def names_in(text: str) -> set[str]:
    """The names of at least two characters; what the tagger does not know is none."""
    return {word.word for word in _tagger().cut(text) if word.flag in _TAGS and len(word.word) > 1}
