"""「全貌」: the articles over time, by source and tag, and a map of their passages that opens the one clicked."""

from collections import Counter
from collections.abc import Mapping
from html import escape

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from rag.index import Generation
from rag.projection import project
from rag.types import Metadata
from views.messages import t
from views.shelf import Shelf

BARS = 15  # sources and tags shown, the most frequent
MAP_POINTS = 3000  # more cannot be told apart, and make a browser slow
LEGEND_ARTICLES = 12  # titles beside the map; with more articles the colours repeat
WORDS = 60  # code points of a passage in its tip
AROUND = 300  # code points shown on either side of an opened passage
SELECTION = "passage"


def picture_view(shelf: Shelf) -> None:
    """Draw how the articles are spread over time, sources and tags."""
    if shelf.generation is None:
        st.info(t("picture_none"))
        return
    articles = shelf.generation.library.metadata
    st.markdown(f"**{t('picture_time')}**")
    st.altair_chart(time_chart(articles))
    sources = Counter(article.author or article.publisher or t("no_author") for article in articles.values())
    tags = Counter(tag for article in articles.values() for tag in article.tags)
    for title, counts in ((t("picture_sources"), sources), (t("picture_tags"), tags)):
        if counts:
            st.markdown(f"**{title}**")
            st.altair_chart(_bars(counts))


def time_chart(articles: Mapping[str, Metadata]) -> alt.Chart:
    """Bars of articles by month, or by year where they span more than three; those without a date apart."""
    days = [article.published for article in articles.values() if article.published]
    length = 7 if len({day[:4] for day in days}) <= 3 else 4
    counts = Counter(day[:length] for day in days)
    undated = len(articles) - len(days)
    rows = [{"when": when, "count": counts[when]} for when in _without_gaps(sorted(counts))]
    rows += [{"when": t("no_date"), "count": undated}] * bool(undated)
    x = alt.X("when:N", sort=None, title=None, axis=alt.Axis(labelAngle=-45))
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
    """Draw the passages as points, near ones alike; a click opens the passage below."""
    if shelf.generation is None:
        st.info(t("picture_none"))
        return
    points = map_points(shelf.generation, shelf.generation.folder.name)
    st.caption(t("map_help", shown=len(points), total=shelf.generation.manifest.chunks))
    chosen = alt.selection_point(SELECTION, fields=["chunk"], on="click", clear=False)
    legend = alt.Legend(title=None, orient="bottom", columns=1, labelLimit=320)
    few = points["article"].nunique() <= LEGEND_ARTICLES
    color = alt.Color(
        "title:N", scale=alt.Scale(scheme="tableau10" if few else "tableau20"), legend=legend if few else None
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
    event = st.altair_chart(marks.add_params(chosen), on_select="rerun", key="passage-map", height=480)
    picked = event["selection"].get(SELECTION) or []
    if picked and (chunk := picked[0].get("chunk")) in set(points["chunk"]):
        st.html(passage_html(shelf.generation, chunk))


@st.cache_data(show_spinner=False, max_entries=2)
def map_points(_generation: Generation, folder: str) -> pd.DataFrame:  # noqa: ARG001  # the folder is the cache's key
    """A row for each point of the map: chunk, article, title, first words, x and y; every n-th chunk of many."""
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
            "words": [" ".join(chunk.text.split())[:WORDS] for chunk in chunks],
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )


def passage_html(generation: Generation, chunk_id: str) -> str:
    """A passage highlighted in what stands around it, under its article's title, source and date."""
    chunk = generation.library.chunk(chunk_id)
    article = generation.library.article(chunk.article_id)
    spans = ((max(0, chunk.start - AROUND), chunk.start), (chunk.start, chunk.end), (chunk.end, chunk.end + AROUND))
    before, words, after = (escape(_lines(article.text[start:end])) for start, end in spans)
    by = article.author or article.publisher or t("no_author")
    heading = " · ".join(filter(None, [f"《{article.title}》", by, article.published or t("no_date"), chunk.section]))
    text = "\n".join(filter(None, (before, f"<mark>{words}</mark>", after)))
    return f'<section class="yj-card"><header>{escape(heading)}</header><blockquote>{text}</blockquote></section>'


def _lines(text: str) -> str:
    """The lines that hold words."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
