"""「文章库」: the articles as a table, how to add, remove and re-index them, and pictures of them all."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from ingest.listing import UNCHANGED, Listed
from rag.article import byline_of
from views.access import may_edit
from views.changes import confirm_removal, show_recent, show_uploader, trash_view
from views.messages import t
from views.picture import map_view, picture_view
from views.reader import show_passage
from views.runs import runs_view, show_run
from views.shelf import Shelf
from views.state import session

VIEWS: dict[str, Callable[[Shelf], None]] = {}  # filled below
ORDERS: dict[str, tuple[Callable[[Listed], object], bool]] = {  # what is compared, and whether the largest comes first
    "order_newest": (lambda one: one.metadata.published or "", True),
    "order_oldest": (lambda one: one.metadata.published or "9999", False),
    "order_title": (lambda one: one.metadata.title, False),
    "order_longest": (lambda one: one.length, True),
}
FIND, SOURCES, TAGS, STATUSES, ORDER = KEYS = tuple(
    f"library-{name}" for name in ("find", "sources", "tags", "status", "order")
)
MOST_ROWS, ROW_PIXELS = 10, 35  # of the table; more rows are scrolled
STATUS = {
    "indexed": "article_indexed",
    "new": "article_new",
    "changed": "article_changed",
    "failed": "article_failed",
    "failed, kept": "article_kept",
    "gone": "article_gone",
}


def library_page(shelf: Shelf) -> None:
    """Draw the page."""
    articles = shelf.articles()
    waiting = sum(article.status not in UNCHANGED for article in articles)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_counts(articles, waiting))
        kind = "primary" if waiting else "secondary"
        running = shelf.indexing.state.running
        if may_edit():
            st.button(t("run_start"), icon=":material/sync:", type=kind, disabled=running, on_click=shelf.update)
    show_run(shelf.indexing)
    show_recent(shelf)
    if shelf.generation:
        show_passage(session(), shelf.generation)
    names = [name for name in VIEWS if may_edit() or name != "view_trash"]
    view = st.segmented_control(
        t("view"), names, default=names[0], format_func=t, key="library-view", label_visibility="collapsed"
    )
    VIEWS[view or names[0]](shelf)


def _counts(articles: Sequence[Listed], waiting: int) -> str:
    failed = sum(article.failure is not None for article in articles)
    parts = [t("count_articles", count=len(articles)), t("count_chunks", count=sum(a.chunks for a in articles))]
    parts += [t("count_waiting", count=waiting)] * bool(waiting) + [t("count_failed", count=failed)] * bool(failed)
    return " · ".join(parts)


def articles_view(shelf: Shelf) -> None:
    """Draw the field for files and the table."""
    show_uploader(shelf)
    articles = shelf.articles()
    if not articles:
        st.info(t("empty_corpus", corpus=shelf.corpus.absolute()), icon=":material/library_add:")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="library-row"):
        shown = _sorted(_filtered(articles))
    if not shown:
        st.info(t("none_match"))
        return
    table = st.dataframe(
        pd.DataFrame([_row(article) for article in shown]),
        hide_index=True,
        height=ROW_PIXELS * (min(len(shown), MOST_ROWS) + 1) + 2,  # Streamlit's own, told before the table is drawn
        on_select="rerun",
        selection_mode="multi-row",
        key=f"library-table-{hash(tuple(article.id for article in shown))}",  # other rows are not the chosen ones
        column_config={
            t("column_title"): st.column_config.TextColumn(width=255),
            t("column_date"): st.column_config.TextColumn(width=95),
            t("column_length"): st.column_config.NumberColumn(format="localized", width=70),
            t("column_chunks"): st.column_config.NumberColumn(width=70),
            t("column_status"): st.column_config.TextColumn(width=105),
        },
    )
    chosen = [shown[row] for row in table["selection"]["rows"] if row < len(shown) and shown[row].name]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("shown", shown=len(shown), total=len(articles)))
        reading = f"{chosen[0].id}-1" if len(chosen) == 1 and chosen[0].chunks else ""
        open_ = partial(session().open, reading)
        st.button(t("read_article"), icon=":material/article:", disabled=not reading, on_click=open_)
        label = t("remove", count=len(chosen)) if chosen else t("remove_none")
        if may_edit() and st.button(label, icon=":material/delete:", disabled=not chosen):
            confirm_removal(shelf, chosen)


def _filtered(articles: Sequence[Listed]) -> list[Listed]:
    """Draw search and filters; gives the articles that meet them."""
    words = st.text_input(t("find"), key=FIND, icon=":material/search:", placeholder=t("find_help"))
    with st.popover(t("filters"), icon=":material/filter_alt:"):
        sources = _choose(SOURCES, t("scope_sources"), [s for a in articles for s in _sources(a)])
        tags = _choose(TAGS, t("scope_tags"), [tag for a in articles for tag in a.metadata.tags])
        statuses = _choose(STATUSES, t("column_status"), [_status(a) for a in articles])
    return [
        article
        for article in articles
        if all(word in _searched(article) for word in words.casefold().split())
        and (not sources or sources & set(_sources(article)))
        and (not tags or tags & set(article.metadata.tags))
        and (not statuses or _status(article) in statuses)
    ]


def _choose(key: str, label: str, values: Sequence[str]) -> set[str]:
    counts = Counter(values)
    names = sorted({*counts, *st.session_state.get(key, ())}, key=lambda name: (-counts[name], name))
    return set(st.multiselect(label, names, key=key, placeholder=t("scope_any"), select_all=False))


def _sorted(articles: Sequence[Listed]) -> list[Listed]:
    order = st.selectbox(t("order"), list(ORDERS), format_func=t, key=ORDER, width=180)
    compared, descending = ORDERS[order]
    return sorted(articles, key=compared, reverse=descending)  # type: ignore[arg-type,return-value]


def _row(article: Listed) -> dict[str, object]:
    metadata = article.metadata
    return {
        t("column_title"): metadata.title,
        t("column_source"): byline_of(metadata) or t("no_author"),
        t("column_date"): metadata.published or t("no_date"),
        t("column_length"): article.length or None,
        t("column_chunks"): article.chunks or None,
        t("column_status"): _status(article),
    }


def _sources(article: Listed) -> list[str]:
    return [name for name in (article.metadata.author, article.metadata.publisher) if name]


def _status(article: Listed) -> str:
    return t(STATUS[article.status])


def _searched(article: Listed) -> str:
    metadata = article.metadata
    return "\n".join([metadata.title, article.id, *_sources(article), *metadata.tags]).casefold()


VIEWS |= {
    "view_articles": articles_view,
    "view_runs": runs_view,
    "view_picture": picture_view,
    "view_map": map_view,
    "view_trash": trash_view,
}
