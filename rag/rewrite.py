"""A question as a query that stands alone: a follow-up takes along the question before it."""

import re

from rag.types import Question

LONGEST_ELLIPSIS = 8  # letters; a shorter question can hardly name its subject

_REFERS_BACK = re.compile(
    r"^(?:那|那么|然后|还有|另外|其中|其他|其它|它|他|她|这|为什么呢|and\b|what about|how about)"
    r"|它|他们|她们|他(?!人)|她|(?:这|那)(?:个|些|种|次|项|家|篇|里|样|时|两|位|笔|一)|该(?:计划|公司|平台|业务|模式|应用)|上述|前者|后者|呢[？?]?$",
    re.IGNORECASE,
)


def is_follow_up(question: Question) -> bool:
    """Whether a question needs the one before it: it refers back, or is too short to name its subject."""
    if not any(message.role == "user" for message in question.history):
        return False
    letters = sum(char.isalnum() for char in question.text)
    return letters <= LONGEST_ELLIPSIS or _REFERS_BACK.search(question.text.strip()) is not None


def stand_alone(question: Question) -> str:
    """The query for a question: itself, after the last question of the reader when it follows up on that.

    Earlier answers are not used: they hold words that the reader did not ask for.
    """
    if not is_follow_up(question):
        return question.text
    last = next(message.content for message in reversed(question.history) if message.role == "user")
    return f"{last} {question.text}"
