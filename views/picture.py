"""「全貌」: the articles over time, by source and tag, and a map of their passages that opens the one clicked."""

from collections import Counter
from collections.abc import Mapping
from functools import partial

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from rag.article import byline_of
from rag.index import Generation
from rag.projection import project
from rag.types import Metadata
from views.messages import plain, t
from views.reader import passage_name
from views.shelf import Shelf
from views.state import session

LABELS = 12  # about as many periods have theirs below their bars
BARS = 15  # sources and tags shown, the most frequent
MAP_POINTS = 3000  # more cannot be told apart, and make a browser slow
# Tableau 10 (https://www.tableau.com/blog/colors-upgrade-tableau-10-56782): told apart on light and on dark.
# Titles stand below the map while each has a colour of its own.
COLORS = ["#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1", "#ff9da7", "#9c755f", "#bab0ac"]
WORDS = 60  # code points of a passage in its tip
MAP = "passage-map"  # the key of the session's state: what the map has chosen
SELECTION = "passage"
LIST = "passage-list"  # the key of what is chosen from the list beside the map


def picture_view(shelf: Shelf) -> None:
    """Draw how the articles are spread over time, sources and tags."""
    if shelf.filled is None:
        st.info(t("picture_none"))
        return
    articles = shelf.filled.library.metadata
    _draw(t("picture_time"), time_chart(articles))
    sources = Counter(byline_of(article) or t("no_author") for article in articles.values())
    tags = Counter(tag for article in articles.values() for tag in article.tags)
    for title, counts in ((t("picture_sources"), sources), (t("picture_tags"), tags)):
        if counts:
            _draw(title, _bars(counts))


def _draw(title: str, bars: alt.Chart) -> None:
    """Draw a chart below its title; aloud it is one sentence with its figures, not the English of its parts."""
    values = t("list_comma").join(f"{name} {count}" for name, count in bars.data.itertuples(index=False) if count)
    st.markdown(f"**{title}**")
    st.altair_chart(bars.configure(aria=False), alt=t("picture_aloud", title=title, values=values))


def time_chart(articles: Mapping[str, Metadata]) -> alt.Chart:
    """Bars of articles by month, or by year where they span more than three; those without a date apart."""
    days = [article.published for article in articles.values() if article.published]
    length = 7 if len({day[:4] for day in days}) <= 3 else 4
    counts = Counter(day[:length] for day in days)
    undated = len(articles) - len(days)
    periods = _without_gaps(sorted(counts))
    every = -(-len(periods) // LABELS) or 1
    # The chart would leave out every other label, that of the undated too, who would look like the next month.
    labelled = [*periods[-every::-every][::-1], t("no_date")]
    rows = [{"when": when, "count": counts[when]} for when in periods]
    rows += [{"when": t("no_date"), "count": undated}] * bool(undated)
    x = alt.X("when:N", sort=None, title=None, axis=alt.Axis(values=labelled, labelAngle=-45, labelOverlap=False))
    tip = [alt.Tooltip("when:N", title=t("column_date")), alt.Tooltip("count:Q", title=t("picture_count"))]
    return (
        alt.Chart(pd.DataFrame(rows)).mark_bar(color=_bar_color(), cornerRadius=2).encode(x, _count(alt.Y), tooltip=tip)
    )


def _without_gaps(periods: list[str]) -> list[str]:
    """Every year, or every month, from the first to the last: an empty stretch is to be seen as one."""
    if not periods:
        return []
    freq = "M" if "-" in periods[0] else "Y"
    return [str(period) for period in pd.period_range(periods[0], periods[-1], freq=freq)]


def _bars(counts: Counter[str]) -> alt.Chart:
    rows = pd.DataFrame([{"name": name, "count": count} for name, count in counts.most_common(BARS)])
    tip = [alt.Tooltip("name:N", title=" "), alt.Tooltip("count:Q", title=t("picture_count"))]
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=220))
    bars = alt.Chart(rows).mark_bar(color=_bar_color(), cornerRadius=2).encode(_count(alt.X), y, tooltip=tip)
    return bars.properties(height=alt.Step(26))


def _bar_color() -> str:
    return st.get_option("theme.primaryColor")


def _count(axis: type[alt.X] | type[alt.Y]) -> alt.X | alt.Y:
    return axis("count:Q", title=None, axis=alt.Axis(tickMinStep=1, format="d"))


def map_view(shelf: Shelf) -> None:
    """Draw the passages as points, near ones alike; a click opens the passage in the reader pane.

    The points cannot be reached by keyboard: a list of the same passages can.
    """
    generation = shelf.filled
    if generation is None:
        st.info(t("picture_none"))
        return
    points = map_points(generation, generation.folder.name)
    st.caption(t("map_help", shown=len(points), total=generation.manifest.chunks))
    chosen = alt.selection_point(SELECTION, fields=["chunk"], on="click", clear=False)
    legend = alt.Legend(title=None, orient="bottom", columns=1, labelLimit=320)
    titles = list(dict.fromkeys(points["title"]))
    few = len(titles) <= len(COLORS)
    color = alt.Color(
        "title:N",
        scale=alt.Scale(domain=titles, range=COLORS) if few else alt.Scale(scheme="tableau20"),
        legend=legend if few else None,
    )
    tip = [alt.Tooltip("title:N", title=t("column_title")), alt.Tooltip("words:N", title=t("map_words"))]
    axes = [axis(f"{axis.__name__.lower()}:Q", axis=None) for axis in (alt.X, alt.Y)]
    marks = (
        alt.Chart(points)
        .mark_circle(size=90, cursor="pointer")
        .encode(
            *axes,
            color=color,
            tooltip=tip,
            opacity=alt.condition(chosen, alt.value(0.9), alt.value(0.45)),
        )
    )
    labels = {row.chunk: f"{plain(row.title)}：{row.section} {row.words}" for row in points.itertuples()}
    st.selectbox(
        t("map_list"),
        labels,
        index=None,
        format_func=labels.get,
        placeholder=t("map_list_hint"),
        key=LIST,
        on_change=partial(_open_listed, generation),
    )
    opening = partial(_open_picked, generation)
    st.altair_chart(
        marks.add_params(chosen).configure(aria=False), on_select=opening, key=MAP, height=480, alt=t("view_map")
    )
    if chunk := _picked(generation):  # the map tells of a click on another point only
        title = plain(generation.library.metadata[generation.library.chunk(chunk).article_id].title)
        st.button(t("map_again", title=title), on_click=opening, icon=":material/article:", type="tertiary")


def _picked(generation: Generation) -> str:
    """The id of the chunk that is chosen on the map; "" where none is that is still there."""
    points = st.session_state[MAP]["selection"].get(SELECTION) or [{}]
    chunk = points[0].get("chunk", "")
    return chunk if chunk in set(generation.library.chunk_ids()) else ""


def _open_listed(generation: Generation) -> None:
    if chunk := st.session_state[LIST]:
        session().open(passage_name(generation, chunk))


def _open_picked(generation: Generation) -> None:
    if chunk := _picked(generation):
        session().open(passage_name(generation, chunk))


@st.cache_data(show_spinner=False, max_entries=2)
def map_points(_generation: Generation, folder: str) -> pd.DataFrame:  # noqa: ARG001  # the folder is the cache's key
    """A row for each point of the map: chunk, article, title, sections, first words, x, y; every n-th of many."""
    library = _generation.library
    ids = library.chunk_ids()
    ids = ids[:: -(-len(ids) // MAP_POINTS) or 1]
    vectors = _generation.store.vectors(ids)
    places = project(np.array([vectors[id_] for id_ in ids]))
    chunks = [library.chunk(id_) for id_ in ids]
    return pd.DataFrame(
        {
            "chunk": ids,
            "article": [chunk.article_id for chunk in chunks],
            "title": [library.metadata[chunk.article_id].title for chunk in chunks],
            "section": [chunk.section for chunk in chunks],
            "words": [" ".join(chunk.text.split())[:WORDS] for chunk in chunks],
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )
