"""One turn of the conversation: question, answer, and what a reader can do with them."""

from collections.abc import Callable
from functools import partial
from html import escape
from itertools import groupby

import streamlit as st

from rag.chain import AnswerChain
from rag.difference import difference
from rag.history import History, Turn
from rag.library import Library
from rag.types import Answer
from rag.verify import STATES, Standing, cited_in, verify
from views.answer import answer_html, footer_text, question_html
from views.callbacks import telling
from views.feedback import choose_rating
from views.messages import plain, t
from views.said import said
from views.scope import take_up
from views.scripts import script
from views.search import show_search
from views.state import State


def show_turn(chain: AnswerChain, history: History, state: State, number: int) -> None:
    """Draw a turn of the conversation, numbered from 0."""
    turn = state.turns[number]
    key = turn.id or f"unkept-{number}"
    with st.chat_message("user", avatar=":material/person:"):
        _question_or_field(history, state, turn, key)
    with st.chat_message("assistant", avatar=":material/format_quote:"):
        show_changes(turn.answer, chain)
        if turn.previous:
            st.html(difference_html(turn.previous, turn.answer))
        st.html(answer_html(turn.answer, number))
        if turn.answer.index_generation:  # else nothing was searched
            st.caption(footer_text(turn.answer))
        show_search(turn.answer)
        _show_actions(history, state, turn, key)
        if not turn.id:
            _offer_to_keep(history, state, turn, key)


def show_question(text: str, key: str, edit: Callable[[], None] | None) -> None:
    """Draw a question and the button that edits it; where it cannot be, the button is off, so that nothing moves."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"question-{key}"):
        st.html(question_html(text))
        icon = ":material/edit:"
        st.button(t("edit"), key=f"edit-{key}", type="tertiary", icon=icon, on_click=edit, disabled=edit is None)


def _question_or_field(history: History, state: State, turn: Turn, key: str) -> None:
    """The question, or a field to change it in."""
    if state.editing != turn.id or not turn.id:
        edit = partial(_edit, state, turn) if turn.id and not state.running else None
        show_question(turn.answer.question.text, key, edit)
        return
    with st.form(f"edited-{turn.id}", border=False):
        field = f"text-{turn.id}"
        st.text_area(t("edit"), turn.answer.question.text, key=field, label_visibility="collapsed")
        if state.turns[-1] is not turn:
            st.caption(t("edit_cuts"))
        with st.container(horizontal=True):
            # What is being answered would come after what the change cuts.
            sent = telling(_send, history, state, turn, field)
            st.form_submit_button(t("edit_send"), type="primary", disabled=state.running is not None, on_click=sent)
            st.form_submit_button(t("edit_leave"), on_click=partial(setattr, state, "editing", ""))


def _send(history: History, state: State, turn: Turn, field: str) -> None:
    """Ask a changed question in the place of a turn and of what this page shows after it; more may stand there."""
    text, at = st.session_state[field], state.place(turn)
    if text.strip() and at is not None:
        history.cut(state.turns[at:])
        del state.turns[at:]
        state.editing, state.asked = "", text


def _edit(state: State, turn: Turn) -> None:
    state.editing = turn.id
    take_up(turn.answer.question.scope)


def _show_actions(history: History, state: State, turn: Turn, key: str) -> None:
    """Copy, ask again, useful or not."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"actions-{key}"):
        _copy(turn, key)
        st.button(
            t("again"),
            key=f"again-{key}",
            type="tertiary",
            icon=":material/refresh:",
            on_click=_ask_again,
            args=(state, turn),
            disabled=state.running is not None or not turn.id,
        )
        choose_rating(history, turn)


def _offer_to_keep(history: History, state: State, turn: Turn, key: str) -> None:
    """Say that an answer stands on this page only, with a button that tries once more to keep it."""
    st.warning(t("not_kept"))
    st.button(t("keep"), key=f"keep-{key}", icon=":material/save:", on_click=telling(_keep, history, state, turn))


def _keep(history: History, state: State, turn: Turn) -> None:
    assert state.conversation
    kept = history.append(state.conversation.id, turn.answer)
    state.turns = [*(one for one in state.turns if one is not turn), kept]


def _ask_again(state: State, turn: Turn) -> None:
    state.again, state.asked = turn, turn.answer.question.text


def show_changes(answer: Answer, chain: AnswerChain) -> None:
    """Say which cited articles have changed or are gone since the answer, and what has become of its quotes."""
    library = chain.index.current().library
    found = verify(cited_in(answer), library)
    removed = [one for one in found if one.state == "gone" and one.cited.article not in library.metadata]
    changed = [one for one in found if not one.same_content and one not in removed]
    if not changed and not removed:
        return
    what = [
        t(key, titles=plain("、".join(dict.fromkeys(f"《{one.cited.title}》" for one in of))))
        for key, of in (("articles_changed", changed), ("articles_removed", removed))
        if of
    ]
    counts = [(state, sum(one.state == state for one in found)) for state in STATES]
    told = t("list_comma").join(t(f"quotes_{state}", count=count) for state, count in counts if count)
    st.warning(t("articles_since", what=t("list_semicolon").join(what), quotes=told), icon=":material/update:")
    lost = [one for one in found if one.state in ("changed", "gone")]
    if lost:
        with st.expander(t("quotes_lost")):
            st.html("".join(_lost_html(one, library) for one in lost))


def _lost_html(standing: Standing, library: Library) -> str:
    """A quote that does not stand any more, above what has become of it."""
    cited = standing.cited
    if standing.state == "changed":
        now = f"<ins>{escape(standing.now)}</ins>"
    elif standing.article:
        now = escape(t("quote_elsewhere", title=library.article(standing.article).title))
    else:
        now = escape(t("quote_gone" if cited.article in library.metadata else "quote_removed"))
    return f'<p class="yj-difference"><b>[{cited.marker}]</b> <del>{escape(cited.quote)}</del><br>{now}</p>'


def difference_html(previous: Answer, answer: Answer) -> str:
    """What an answer says otherwise than the one before it."""
    lines = difference(previous, answer)
    if all(kind == "same" for kind, _ in lines):
        return f'<p class="yj-scope">{escape(t("same_as_before"))}</p>'
    tags = {"new": "ins", "gone": "del"}
    told = "".join(f"<p><{tags[kind]}>{escape(said(text))}</{tags[kind]}></p>" for kind, text in lines if kind in tags)
    return f'<details open class="yj-difference"><summary>{escape(t("differs"))}</summary>{told}</details>'


def clipboard_text(answer: Answer) -> str:
    """An answer and its sources as plain text: a line for each statement, below the heading that it has on the page."""
    blocks = [[answer.question.text], [said(answer.notice)]]
    for subject, told in groupby(answer.statements, key=lambda statement: statement.subject):
        blocks.append([subject, *(statement.marked for statement in told)])
    cited = answer.citations or answer.nearest
    blocks.append([f"[{c.marker}] 《{c.article.title}》{c.article.published or ''}：{c.quote}" for c in cited])
    return "\n\n".join(filter(None, ("\n".join(filter(None, block)) for block in blocks)))


def _copy(turn: Turn, key: str) -> None:
    data = {"text": clipboard_text(turn.answer), "label": t("copy"), "copied": t("copied")}
    script("copy")(key=f"copy-{key}", data=data, width="content")
