"""What a question offers to choose between: 归平台管，还是归商家自己管."""

import re

from rag.text import simplify

_OR = re.compile(
    r"[，,、；;]?(?:(?<!为什么)(?<!怎么)(?<![却但])还是|或者是|抑或)(?!没|不|会|要|有|得|能|可以|很|那么|这么)"
)
_PAUSE = re.compile(r"[，,；;：:]")
_END = re.compile(r"[？?。！!]+")


def alternatives_of(question: str) -> tuple[str, ...]:
    """The two things that a question leaves open, each as a text with what is said before them; () where it has none.

    哪些商品能卖，我自己挑还是平台挑？ gives 哪些商品能卖，我自己挑 and 哪些商品能卖，平台挑.
    """
    text = _END.split(simplify(question).strip())[0]
    parts = _OR.split(text)
    if len(parts) != 2:
        return ()
    *context, first = _PAUSE.split(parts[0])
    second, *_ = _PAUSE.split(parts[1])
    if not first.strip() or not second.strip():
        return ()
    return tuple("，".join([*context, one.strip()]) for one in (first, second))
