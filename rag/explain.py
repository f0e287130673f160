"""A search told to a reader: what was searched, and why each candidate ranks where it does."""

import re

from rag.scope import describe_scope
from rag.types import ALL, Ranked, Search

STEPS = {
    "follow-up": "承接上文",
    "follow-up (LLM)": "承接上文（大模型）",
    "links": "略去网址和标签",
    "script": "统一字形",
    "alias": "统一名称",
    "everyday words": "口语换成书面语",
    "spelling": "纠正笔误",
    "other forms": "另加写法",
}
SCOPE = "范围"  # the name of the line that tells it
NEAR = 0.5  # of a scaled score; both legs above it agree
SNIPPET = 80  # code points


def searched(search: Search) -> list[tuple[str, str]]:
    """What was done to the question, what was searched within what, and how much was found; each with its name."""
    query = search.query
    lines = [(STEPS.get(step.name, step.name), step.query) for step in query.steps]
    lines.append(("查询", query.text))
    if query.scope != ALL:
        lines.append(
            (SCOPE, describe_scope(query.scope, {c.passage.article.id: c.passage.article for c in search.candidates}))
        )
    shown, found = len(search.candidates), len(search.candidates) + len(search.others)
    lines.append(("候选", f"{found} 段" if shown == found else f"{found} 段，列出前 {shown} 段"))
    return lines


def heading(candidate: Ranked) -> str:
    """Title and section of a candidate."""
    chunk, article = candidate.passage.chunk, candidate.passage.article
    return " › ".join(filter(None, (f"《{article.title}》", chunk.section)))


def snippet(candidate: Ranked) -> str:
    """The first words of a candidate, on one line."""
    text = re.sub(r"\s+", " ", candidate.passage.chunk.text).strip()
    return f"{text[:SNIPPET]}…" if len(text) > SNIPPET else text


def scores_line(candidate: Ranked) -> str:
    """Fused score, and of each leg the score before and after it was scaled for the fusion."""
    passage = candidate.passage
    return (
        f"综合 {passage.score:.3f} · 语义 {passage.dense:.3f} → {candidate.scaled_dense:.2f}"
        f" · 字面 {passage.lexical:.2f} → {candidate.scaled_lexical:.2f}"
    )


def reason(candidate: Ranked) -> str:
    """Why a candidate ranks where it does, or why it was left out."""
    if candidate.copy_of is not None:
        return f"与第 {candidate.copy_of} 段重复，只算一个来源"
    if candidate.place is None:
        return "未采用：排在所取段落之后"
    if candidate.moved:
        return f"第 {candidate.place} 段：问题要对比，另取一篇文章里最接近的一段"
    if min(candidate.scaled_dense, candidate.scaled_lexical) >= NEAR:
        why = "意思和用词都接近"
    else:
        why = "主要因为意思接近" if candidate.scaled_dense >= candidate.scaled_lexical else "主要因为用词相同"
    return f"第 {candidate.place} 段：{why}"
