"""A text of thirty paragraphs with lines before or behind it, where a file states its date and its author."""

BODY = "\n\n".join(
    f"这是正文的第{n}段，它提到2024年5月{n}日发生的一件事情，所以不会被当成日期行。" for n in range(1, 31)
)


def in_head(head: str) -> str:
    return f"{head}\n\n{BODY}\n"


def in_foot(foot: str) -> str:
    return f"{BODY}\n\n{foot}\n"
