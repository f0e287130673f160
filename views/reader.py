"""The reader pane: an article beside the page, open at a citation or a passage. A click in it reruns this fragment."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from rag.export import safe_link
from rag.index import Generation
from rag.types import Answer, Article, Citation, Span
from views.answer import article_line, source_line
from views.article import article_lines, removed_summary
from views.messages import language, t
from views.state import State

_pane = st.components.v2.component(
    "yinju_reader", js=Path(__file__).with_name("reader.js").read_text(encoding="utf-8"), isolate_styles=False
)
LABELS = ("previous", "next", "close", "removed", "original", "opening", "copy", "copied", "keys")
PANE = "reader"  # its key in the state of the session


@st.fragment
def show_reader(state: State) -> None:
    """Draw the pane, open at the citation whose mark on the page was clicked last; shut when there is none."""
    _draw(state, citation_page(state.answers, state.opened))


@st.fragment
def show_passage(state: State, generation: Generation) -> None:
    """Draw the pane, open at the passage that the reader chose; shut when there is none."""
    _draw(state, passage_page(generation, state.opened))


def _draw(state: State, page: dict[str, Any] | None) -> None:
    labels = {name: t(f"reader_{name}") for name in LABELS}
    # With the click that it answers: Streamlit draws a component again only where its data differ, and of two clicks
    # in a hurry, one that shuts the pane and one that opens it at the same citation, it tells of the last only.
    data = {"language": language(), "labels": labels, "opened": state.opened, "click": state.click, "page": page}
    with st.container(key=f"yj-{PANE}"):
        _pane(key=PANE, data=data, on_opened_change=partial(_follow, state))


def _follow(state: State) -> None:
    told = st.session_state[PANE]["opened"]
    state.follow(told["name"], told["click"])


def citation_page(answers: Sequence[Answer], cited: str) -> dict[str, Any] | None:
    """What the pane shows for "turn-marker"; None where no answer has such a citation any more."""
    citations, citation = _find(answers, cited)
    if citation is None:
        return None
    quotes = {each.marker: (each.start, each.end) for each in citations if each.article.id == citation.article.id}
    place = t("reader_place", marker=citation.marker, count=len(citations))
    return _page(citation.article, quotes, citation.marker, len(citations)) | {
        "source": source_line(citation),
        "place": place,
    }


def passage_page(generation: Generation, named: str) -> dict[str, Any] | None:
    """What the pane shows for "article-number", the passages of an article from 1; None where there is none such."""
    article_id, _, number = named.rpartition("-")
    ids = generation.library.chunk_ids_of(article_id)
    if not (number.isdecimal() and 1 <= int(number) <= len(ids)):
        return None
    chunk = generation.library.chunk(ids[int(number) - 1])
    quotes = {int(number): (chunk.start, chunk.end)}
    shown = _page(generation.library.article(article_id), quotes, int(number), len(ids))
    return shown | {"place": t("passage_place", number=number, count=len(ids))}


def passage_name(generation: Generation, chunk_id: str) -> str:
    """The "article-number" of a chunk."""
    article_id = generation.library.chunk(chunk_id).article_id
    return f"{article_id}-{generation.library.chunk_ids_of(article_id).index(chunk_id) + 1}"


def _page(article: Article, quotes: Mapping[int, Span], marker: int, count: int) -> dict[str, Any]:
    start, end = quotes[marker]
    return {
        "title": article.title,
        "source": article_line(article),
        "url": safe_link(article.url),
        "quote": article.text[start:end].strip(),
        "marker": marker,
        "count": count,
        "removed": removed_summary(article),
        "lines": [asdict(line) for line in article_lines(article, quotes)],
    }


def _find(answers: Sequence[Answer], cited: str) -> tuple[tuple[Citation, ...], Citation | None]:
    """The citations that a mark's answer numbers, and the one that the mark stands for."""
    turn, _, marker = cited.partition("-")
    if not (turn.isdecimal() and marker.isdecimal() and int(turn) < len(answers)):
        return (), None
    answer = answers[int(turn)]
    citations = answer.citations or answer.nearest
    return citations, next((citation for citation in citations if citation.marker == int(marker)), None)
