"""「范围」: which articles may answer, chosen from what the index holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import streamlit as st

from rag.scope import describe_scope
from rag.types import ALL, Metadata, Scope
from views.messages import plain, t

SINCE, UNTIL, SOURCES, TAGS, ARTICLES = KEYS = tuple(f"scope-{n}" for n in ("since", "until", "sources", "tags", "ids"))


def choose_scope(articles: Mapping[str, Metadata]) -> Scope:
    """Draw the popover; gives the scope that is chosen in it, which stands beside it."""
    with st.popover(t("scope"), icon=":material/filter_alt:"):
        st.caption(t("scope_help"))
        since, until = _choose_days([article.published for article in articles.values() if article.published])
        by = Counter(name for a in articles.values() for name in {a.author, a.publisher} if name)
        sources = _choose(t("scope_sources"), SOURCES, by)
        tags = _choose(t("scope_tags"), TAGS, Counter(tag for a in articles.values() for tag in a.tags))
        titles = {id_: article.title for id_, article in articles.items()}
        ids = st.multiselect(
            t("scope_articles"),
            _with_chosen(ARTICLES, titles),
            key=ARTICLES,
            format_func=lambda id_: titles.get(id_, id_),
            placeholder=t("scope_any"),
            select_all=False,  # its words are English
        )
        scope = Scope(since, until, sources, tags, tuple(ids))
        if scope != ALL:
            st.button(t("scope_clear"), on_click=_forget, icon=":material/filter_alt_off:")
    if scope != ALL:
        st.caption(plain(describe_scope(scope, articles)))
    return scope


def _choose_days(published: list[str]) -> tuple[str | None, str | None]:
    """The first and the last day that are wanted; each field offers only what fits the other."""
    if not published:
        return None, None
    since, until = st.session_state.get(SINCE), st.session_state.get(UNTIL)
    first = min(filter(None, (date.fromisoformat(min(published)), since, until)))
    last = max(filter(None, (date.fromisoformat(max(published)), since, until)))
    left, right = st.columns(2)
    since = left.date_input(t("scope_since"), None, first, until or last, key=SINCE, format="YYYY-MM-DD")
    until = right.date_input(t("scope_until"), None, since or first, last, key=UNTIL, format="YYYY-MM-DD")
    return since.isoformat() if since else None, until.isoformat() if until else None


def _choose(label: str, key: str, counts: Counter[str]) -> tuple[str, ...]:
    """The names that are chosen of those counted, the most frequent offered first; () where there is none to choose."""
    names = sorted(counts, key=lambda name: (-counts[name], name))
    if not (options := _with_chosen(key, names)):
        return ()
    return tuple(st.multiselect(label, options, key=key, placeholder=t("scope_any"), select_all=False))


def _with_chosen(key: str, names: Iterable[str]) -> list[str]:
    """The names on offer, with what was chosen before and has left the index since."""
    return list(dict.fromkeys([*names, *st.session_state.get(key, ())]))


def take_up(scope: Scope) -> None:
    """Choose the scope of a question that is taken up again, before the popover is drawn; ALL changes nothing."""
    if scope == ALL:
        return
    days = (day and date.fromisoformat(day) for day in (scope.since, scope.until))
    chosen = (*days, list(scope.sources), list(scope.tags), list(scope.articles))
    st.session_state.update(zip(KEYS, chosen, strict=True))


def _forget() -> None:
    for key in KEYS:
        st.session_state.pop(key, None)
