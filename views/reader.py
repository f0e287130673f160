"""The reader pane: the article behind a citation, beside the chat. A click in it reruns nothing but this fragment."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from rag.types import Answer, Citation
from views.answer import safe_link, source_line
from views.article import article_lines, removed_summary
from views.messages import language, t

_pane = st.components.v2.component(
    "yinju_reader", js=Path(__file__).with_name("reader.js").read_text(encoding="utf-8"), isolate_styles=False
)
LABELS = ("previous", "next", "close", "removed", "original", "opening", "copy", "copied", "keys")


@st.fragment
def show_reader(answers: Sequence[Answer]) -> None:
    """Draw the pane, open at the citation whose mark on the page was clicked last; shut when there is none."""
    labels = {name: t(f"reader_{name}") for name in LABELS}
    opened = str((st.session_state.get("reader") or {}).get("cited") or "")
    with st.container(key="yj-reader"):
        _pane(
            key="reader",
            data={"language": language(), "labels": labels, "cited": opened, "page": reader_page(answers, opened)},
            default={"cited": ""},
            on_cited_change=lambda: None,
        )


def reader_page(answers: Sequence[Answer], cited: str) -> dict[str, Any] | None:
    """What the pane shows for "turn-marker"; None where no answer has such a citation any more."""
    citations, citation = _find(answers, cited)
    if citation is None:
        return None
    article = citation.article
    same = [other for other in citations if other.article.id == article.id]
    return {
        "title": article.title,
        "source": source_line(citation),
        "url": safe_link(article.url),
        "quote": citation.quote,
        "marker": citation.marker,
        "count": len(citations),
        "place": t("reader_place", marker=citation.marker, count=len(citations)),
        "removed": removed_summary(article),
        "lines": [asdict(line) for line in article_lines(article, same)],
    }


def _find(answers: Sequence[Answer], cited: str) -> tuple[tuple[Citation, ...], Citation | None]:
    """The citations that a mark's answer numbers, and the one that the mark stands for."""
    turn, _, marker = cited.partition("-")
    if not (turn.isdecimal() and marker.isdecimal() and int(turn) < len(answers)):
        return (), None
    answer = answers[int(turn)]
    citations = answer.citations or answer.nearest
    return citations, next((citation for citation in citations if citation.marker == int(marker)), None)
