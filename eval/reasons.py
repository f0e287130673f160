"""Why a question of a run failed: the stages at which it went wrong, in the order of the pipeline."""

from collections.abc import Mapping
from typing import Any

from eval.outcomes import LOW, MISSED, UNCITED
from eval.records import STALE
from rag.text import figures

CARRIED = "carried right"  # the metric of a follow-up: 1 or 0

CRASHED = "crashed"
NOT_RETRIEVED = "not retrieved"
RANKED_LOW = "ranked low"
NOT_SELECTED = "not selected"
REFUSED_WRONGLY = "refused wrongly"
ANSWERED_THOUGH_NOT_STATED = "answered though not stated"
WRONG_FIGURE = "wrong figure"
FORBIDDEN = "says what only wrong answers say"
UNSUPPORTED = "unsupported"
INCOMPLETE = "gold missing"
ORDER = (
    STALE,
    CRASHED,
    NOT_RETRIEVED,
    RANKED_LOW,
    NOT_SELECTED,
    REFUSED_WRONGLY,
    ANSWERED_THOUGH_NOT_STATED,
    WRONG_FIGURE,
    FORBIDDEN,
    UNSUPPORTED,
    INCOMPLETE,
)


def failure_reasons(line: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a line of a run is no success, the earliest stage first; empty for a success.

    INCOMPLETE is told only where nothing else is. A run without answers is judged by its passages.
    """
    if line["error"]:
        return (STALE if line["error"].startswith(STALE) else CRASHED,)
    answer, outcome = line["answer"], line["outcome"]
    if answer is None:
        return tuple(reason for reason in (_lost_in_retrieval(outcome),) if reason)
    scores = line["scores"]
    answered = not answer["refused"]
    unsupported = (scores.get("unsupported figures") or 0) > 0 or scores.get("citations exact") not in (None, 1)
    forbidden = scores.get("forbidden") == 1
    right = scores.get("joint accuracy", scores.get(CARRIED)) == 1
    if right and not unsupported and not forbidden:
        return ()
    missing = scores.get("gold figures") not in (None, 1)
    stated = "".join(statement["text"] for statement in answer["statements"])
    found = {
        _lost_in_retrieval(outcome): True,
        NOT_SELECTED: answered and outcome == UNCITED,
        REFUSED_WRONGLY: line["answerable"] and not answered,
        ANSWERED_THOUGH_NOT_STATED: answered and not line["answerable"],
        WRONG_FIGURE: missing and bool(figures(stated)),
        FORBIDDEN: forbidden,
        UNSUPPORTED: unsupported,
    }
    return tuple(reason for reason in ORDER if found.get(reason)) or (INCOMPLETE,)


def _lost_in_retrieval(outcome: str | None) -> str | None:
    return {MISSED: NOT_RETRIEVED, LOW: RANKED_LOW}.get(outcome or "")
