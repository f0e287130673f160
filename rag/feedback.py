"""A bad answer as a question of a question set (the form is that of eval/sets.py)."""

import re
from typing import Any

from rag.history import Turn
from rag.text import sentence_spans
from rag.types import Answer

MOST_EVIDENCE = 5


def gold_groups(written: str) -> list[list[str]]:
    """What a right answer must hold: groups split at ；, in each the alternatives split at ／ or |."""
    groups = [[part.strip() for part in re.split(r"[|/／]", group)] for group in re.split(r"[;；\n]", written)]
    return [group for group in ([part for part in group if part] for group in groups) if group]


def evidence_of(answer: Answer, gold: str) -> list[dict[str, str]]:
    """The sentences of the answer's passages that hold what a right answer must hold, best passage first."""
    words = [word for group in gold_groups(gold) for word in group]
    found = []
    for passage in answer.passages:
        for start, end in passage.chunk.sentences or sentence_spans(passage.article.text):
            quote = passage.article.text[start:end]
            if any(word in quote for word in words):
                found.append({"article": passage.article.id, "quote": quote})
    return list({row["quote"]: row for row in found}.values())[:MOST_EVIDENCE]


def question_row(turn: Turn, gold: str) -> dict[str, Any]:
    """The question of a turn as a row of a question set: answerable with `gold`, else one to refuse."""
    question = turn.answer.question
    reason = turn.rating.reason if turn.rating else ""
    groups = gold_groups(gold)
    return {
        "id": f"feedback-{turn.id[:12]}",
        "type": "fact" if groups else "unanswerable",
        "question": question.text,
        "history": [{"role": message.role, "content": message.content} for message in question.history],
        "answerable": bool(groups),
        "gold": groups,
        "forbid": [],
        "evidence": evidence_of(turn.answer, gold),
        "tags": ["feedback", reason] if reason else ["feedback"],
    }
