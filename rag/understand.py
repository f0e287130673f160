"""What is searched for a question: follow-ups completed, names made the ones that the articles use."""

from collections.abc import Callable

from rag.aliases import Aliases
from rag.rewrite import stand_alone
from rag.types import Query, Question, Step

Change = tuple[str, Callable[[str], str]]


def understand(question: Question, aliases: Aliases, *, rewritten: str | None = None) -> Query:
    """The query for a question, with a step for everything that was changed on the way.

    `rewritten` is a follow-up that an LLM has completed; without one the rules do it.
    """
    text = rewritten or stand_alone(question)
    steps = [Step("follow-up (LLM)" if rewritten else "follow-up", text)] * (text != question.text)
    changes: list[Change] = [("alias", aliases.canonical)]
    for name, change in changes:
        if (after := change(text)) != text:
            steps.append(Step(name, after))
            text = after
    return Query(text, question.scope, tuple(steps))
