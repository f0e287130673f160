"""「有用／没用」 below an answer, and the list of what readers found useless, for who looks after the articles."""

import json
from datetime import datetime

import streamlit as st

from rag.feedback import evidence_of, gold_groups, question_row
from rag.history import REASONS, History, Rating, Turn
from views.access import reader_name
from views.callbacks import telling
from views.messages import error_text, plain, t
from views.resources import open_history

USEFUL, USELESS = "useful", "useless"


@st.fragment
def choose_rating(history: History, turn: Turn) -> None:
    """Draw the choice below an answer; of a useless one also why, and what would have been right."""
    if not turn.id:
        return
    keys = {name: f"{name}-{turn.id}" for name in ("useful", "reason", "note")}
    kept, save = turn.rating, {"on_change": telling(_rate, history, turn.id, keys)}
    before = None if kept is None else USEFUL if kept.useful else USELESS
    chosen = st.pills(
        t("rating"),
        (USEFUL, USELESS),
        default=before,
        key=keys["useful"],
        format_func=lambda value: t(f"rating_{value}"),
        label_visibility="collapsed",
        **save,
    )
    if chosen != USELESS:
        return
    st.pills(
        t("reason"),
        REASONS,
        default=kept.reason or None if kept else None,
        key=keys["reason"],
        format_func=lambda value: t(f"reason_{value}"),
        label_visibility="collapsed",
        **save,
    )
    note = kept.note if kept else ""
    st.text_input(
        t("note"), note, key=keys["note"], placeholder=t("note"), label_visibility="collapsed", max_chars=500, **save
    )


def _rate(history: History, turn: str, keys: dict[str, str]) -> None:
    chosen = st.session_state.get(keys["useful"])
    reason, note = (st.session_state.get(keys[name]) or "" for name in ("reason", "note"))
    useless = Rating(useful=False, reason=reason, note=note)
    rating = useless if chosen == USELESS else Rating(useful=True) if chosen == USEFUL else None
    history.rate(turn, rating, reader_name())


def feedback_page(where: str) -> None:
    """Draw the list of useless answers, the last first, each of which can become a question of a question set."""
    history = open_history(where)
    st.subheader(t("page_feedback"), anchor=False)
    st.caption(t("feedback_help"))
    wanted = st.pills(
        t("reason"),
        REASONS,
        selection_mode="multi",
        format_func=lambda value: t(f"reason_{value}"),
        label_visibility="collapsed",
    )
    (rated, lost), rows = history.rated(), history.questions()
    turns = [turn for turn in rated if turn.rating and (not wanted or turn.rating.reason in wanted)]
    for told in dict.fromkeys(map(error_text, lost)):  # once, also where several readers rated the same answer
        st.error(plain(told))
    if not (turns or lost):
        st.info(t("feedback_none"))
    for turn in turns:
        _show_rated(history, turn, added=turn.id in rows)
    if rows:
        name = f"feedback-{datetime.now():%Y%m%d}.jsonl"
        lines = "".join(f"{row}\n" for row in rows.values())
        label = t("set_download", count=len(rows))
        st.download_button(label, lines, name, "application/jsonl", on_click="ignore", icon=":material/download:")
        st.caption(t("set_help", name=name))


def _show_rated(history: History, turn: Turn, *, added: bool) -> None:
    rating = turn.rating
    assert rating
    with st.container(border=True):
        why = t(f"reason_{rating.reason}") if rating.reason else t("reason_none")
        st.text(turn.answer.question.text)
        st.caption(" · ".join(filter(None, (why, turn.created[:10], plain(rating.note)))))
        with st.expander(t("feedback_answer")):
            st.text(turn.answer.text)
        if added:
            removal = telling(history.keep_question, turn.id, None)
            st.button(t("set_remove"), key=f"remove-{turn.id}", on_click=removal)
            return
        answerable = st.toggle(t("set_answerable"), True, key=f"answerable-{turn.id}")
        gold = ""
        if answerable:
            gold = st.text_input(t("set_gold"), rating.note, key=f"gold-{turn.id}", help=t("set_gold_help"))
            st.caption(t("set_evidence", count=len(evidence_of(turn.answer, gold))))
        st.button(
            t("set_add"),
            key=f"add-{turn.id}",
            disabled=answerable and not gold_groups(gold),
            icon=":material/playlist_add:",
            on_click=telling(_add, history, turn, gold),
        )


def _add(history: History, turn: Turn, gold: str) -> None:
    history.keep_question(turn.id, json.dumps(question_row(turn, gold), ensure_ascii=False))
