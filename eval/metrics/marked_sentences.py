"""marked sentences: whether an LLM cites as the prompt asks it to.

share = sentences of the reply that carry a mark / sentences of the reply, before any check.
Source: ours.
"""

from rag.drafts import split_drafts


def marked_sentences(reply: str) -> float | None:
    """Share of the sentences of an LLM's reply that it put a mark to by itself; None without sentences."""
    drafts, _ = split_drafts(reply, finished=True)
    return sum(bool(draft.marks) for draft in drafts) / len(drafts) if drafts else None
