"""「检索详情」: what was searched for an answer, and how its candidates were ranked."""

from html import escape

import streamlit as st

from rag.explain import SCOPE, heading, reason, scores_line, searched, snippet
from rag.types import Answer, Ranked, Search
from views.messages import t
from views.said import said, scope_said


def show_search(answer: Answer) -> None:
    """Draw the expander below an answer; nothing where nothing was searched."""
    if answer.search:
        with st.expander(t("search"), icon=":material/manage_search:"):
            st.html(search_html(answer.search))


def search_html(search: Search) -> str:
    """What was searched as a list of terms, then the candidates as a numbered list."""
    told = [(said(name), scope_said(value) if name == SCOPE else said(value)) for name, value in searched(search)]
    terms = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told)
    return f'<div class="yj-search"><dl>{terms}</dl><ol>{"".join(map(_candidate_html, search.candidates))}</ol></div>'


def _candidate_html(candidate: Ranked) -> str:
    kind = "yj-left-out" if candidate.place is None or candidate.copy_of else "yj-placed"
    return (
        f'<li class="{kind}"><b>{escape(heading(candidate))}</b> <em>{escape(said(reason(candidate)))}</em>'
        f"<small>{escape(said(scores_line(candidate)))}</small><p>{escape(snippet(candidate))}</p></li>"
    )
