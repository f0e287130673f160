"""What an answer says otherwise than an earlier one to the same question."""

from difflib import SequenceMatcher

from rag.types import Answer


def difference(previous: Answer, answer: Answer) -> list[tuple[str, str]]:
    """The lines of both answers in order, each with "same", "new" or "gone": the notice, then the statements."""
    before, now = _lines(previous), _lines(answer)
    told: list[tuple[str, str]] = []
    for kind, i, j, k, m in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        if kind == "equal":
            told += [("same", line) for line in now[k:m]]
        else:
            told += [("gone", line) for line in before[i:j]] + [("new", line) for line in now[k:m]]
    return told


def _lines(answer: Answer) -> list[str]:
    return [line for line in answer.notice.split("\n") if line] + [statement.text for statement in answer.statements]
