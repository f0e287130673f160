"""还有别的吗 after a question that asks for several things: what the answers before have not told of it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.choose import KEEP_ABOVE, says_the_same
from rag.features import asks_for_several
from rag.given import MARK
from rag.measure import Measured, sentence_probabilities
from rag.text import normalize, simplify
from rag.types import Question

NONE_LEFT = "除了上面说过的，文章里没有找到别的。"
SHORTEST = 4  # code points of what an answer told: a shorter one is no sentence
_OTHERS = re.compile(
    r"(?:除了?[这那]些(?:[之以]?外)?)?[，,]?还有(?:没有)?(?:别的|其[他它]的?|哪些|什么|谁)?了?[吗呢么]?"
    r"|就(?:只有)?[这那]些了?吗?|没有?(?:别的|其[他它]的?)了?吗?|更多"
)
_APART = re.compile(rf"{MARK.pattern}|\n")


def asked_again(question: Question) -> tuple[Question, tuple[str, ...]]:
    """The question of several things that is asked for more of, and what was answered to it.

    Any other question as it is, and nothing.
    """
    if not _asks_for_others(question.text):
        return question, ()
    asked = [
        at for at, turn in enumerate(question.history) if turn.role == "user" and not _asks_for_others(turn.content)
    ]
    told = tuple(turn.content for turn in question.history[asked[-1] :] if turn.role != "user") if asked else ()
    if not told or not asks_for_several(simplify(question.history[asked[-1]].content)):
        return question, ()
    return replace(question, text=question.history[asked[-1]].content, history=question.history[: asked[-1]]), told


def untold(measured: Measured, told: Sequence[str]) -> Measured | None:
    """The sentences that are likely enough to answer, and that no answer has told; None where there is none."""
    sentences = [normalize(part).strip(" …。") for text in told for part in _APART.split(text)]
    sentences = [sentence for sentence in sentences if len(sentence) >= SHORTEST]
    probabilities = sentence_probabilities(measured)
    least = KEEP_ABOVE * probabilities.max(initial=0.0)
    texts = [normalize(candidate.text) for candidate in measured.candidates]
    left = [i for i, text in enumerate(texts) if probabilities[i] >= least and not _is_told(text, sentences)]
    return measured.only(left) if left else None


def _asks_for_others(text: str) -> bool:
    return bool(_OTHERS.fullmatch(simplify(text).strip(" ？?。！!")))


def _is_told(text: str, sentences: Sequence[str]) -> bool:
    return any(sentence in text or text in sentence or says_the_same(text, sentence) for sentence in sentences)
