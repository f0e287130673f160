"""The conversations of a reader: a list beside the page, and a menu for the one that is open."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Literal

import streamlit as st

from rag.errors import HistoryError
from rag.export import FORMATS
from rag.history import TITLE, Conversation, History
from rag.types import Answer
from views.access import reader_name
from views.callbacks import telling
from views.messages import error_text, plain, t
from views.running import running_in
from views.scope import take_up
from views.state import State

log = logging.getLogger("yinju")
CONVERSATION = "c"  # the parameter of the page's address
FORM_NAMES = {"md": "Markdown", "html": "HTML", "json": "JSON"}


def resume(state: State, history: History) -> None:
    """Open the conversation that the page's address names, or take up what other pages made of the one that is open.

    The address counts where the browser changed it: at a visit, by Back or by Forward. It may also be what it was
    before the first question of a conversation, which the browser has not heard of yet. One that cannot be opened is
    left alone: to change it would be a new step, from which Back leads to it again. `unopened_notice` tells why.
    """
    named = st.query_params.get(CONVERSATION)
    if named not in (state.named, state.conversation and state.conversation.id):
        state.close()
        if named:
            _open_named(state, history, named)
    elif state.conversation and not state.running:
        _refresh(state, history, state.conversation)
    state.named = named
    if state.conversation:
        state.named = named or state.conversation.id
        name_conversation(state.conversation)


def _open_named(state: State, history: History, named: str) -> None:
    """Open the conversation of an id, offer to bring it back where it was deleted, or note why neither can be done."""
    try:
        if found := history.conversation(named, reader_name()):
            open_conversation(state, history, found)
            if state.turns:
                take_up(state.turns[-1].answer.question.scope)
        elif deleted := [one for one in history.deleted(reader_name()) if one.id == named]:
            (state.deleted,) = deleted
        else:
            state.unopened = t("unknown_conversation")
    except HistoryError as error:
        log.warning("the conversation of the address cannot be opened: %s", error)
        state.unopened = error_text(error)


def _refresh(state: State, history: History, conversation: Conversation) -> None:
    """Show the turns that the open conversation has by now; one that was deleted is shut, and can be brought back."""
    found = history.conversation(conversation.id, reader_name())
    if found is None:
        state.close()
        state.deleted = conversation
        return
    state.renames += found.title != conversation.title
    state.conversation, state.running = found, running_in(found.id)
    ids = history.shown(found.id, reader_name())
    if ids != [turn.id for turn in state.turns if turn.id]:
        unkept = [turn for turn in state.turns if not turn.id]
        state.turns = [*history.turns(found.id, reader_name()), *unkept]
        st.toast(t("changed_elsewhere"), icon=":material/sync:")


def name_conversation(conversation: Conversation) -> None:
    """Name a conversation in the window's title and in the page's address."""
    _put_into_address(conversation)
    st.set_page_config(page_title=f"{conversation.title} · {t('title')}")


def _put_into_address(conversation: Conversation) -> None:
    """Name a conversation in the page's address, as a new step of the browser, unless it is named there."""
    if st.query_params.get(CONVERSATION) != conversation.id:
        st.query_params[CONVERSATION] = conversation.id


def open_conversation(state: State, history: History, conversation: Conversation) -> None:
    """Show a conversation with its turns instead of the one that is open."""
    running = running_in(conversation.id)  # before the turns are read: it may just be over
    turns = history.turns(conversation.id, reader_name())  # before the open one is shut: they may not be readable
    state.close()
    state.conversation, state.turns, state.running = conversation, turns, running
    _put_into_address(conversation)


def show_history(state: State, history: History) -> None:
    """Draw the list beside the page, with a field that searches it."""
    with st.sidebar:
        new_button(state, "new-aside", width="stretch")
        words = st.text_input(
            t("history_search"), key="history-search", placeholder=t("history_search"), label_visibility="collapsed"
        )
        found = history.conversations(reader_name(), words or "")
        st.caption(t("history") if found else t("history_none") if words else t("history_empty"))
        for conversation in found:
            opened = state.conversation is not None and conversation.id == state.conversation.id
            st.button(
                plain(conversation.title),
                key=f"open-{conversation.id}",
                type="secondary" if opened else "tertiary",
                width="stretch",
                on_click=telling(open_conversation, state, history, conversation),
            )
        _offer_deleted(state, history, words or "")


def _offer_deleted(state: State, history: History, words: str) -> None:
    """Draw what was deleted within a day, or what a search finds of it, each with a button that brings it back."""
    if not (deleted := history.deleted(reader_name(), words)):
        return
    with st.expander(t("deleted_lately")):
        st.caption(t("deleted_help"))
        for conversation in deleted:
            st.button(
                t("restore", title=plain(conversation.title)),
                key=f"restore-{conversation.id}",
                icon=":material/undo:",
                type="tertiary",
                on_click=telling(_restore, state, history, conversation),
            )


def new_button(state: State, key: str, width: Literal["stretch", "content"] = "content") -> None:
    """Draw the button that leaves the open conversation for a new one."""
    kind: Literal["secondary", "tertiary"] = "secondary" if width == "stretch" else "tertiary"
    icon = ":material/add_comment:"
    st.button(t("clear"), key=key, icon=icon, type=kind, width=width, on_click=_leave, args=(state,))


def _leave(state: State) -> None:
    state.close()
    st.query_params.clear()


def conversation_menu(state: State, history: History) -> None:
    """Draw the menu of the open conversation: title, export, deletion."""
    conversation = state.conversation
    if conversation is None:
        return
    with st.popover(plain(conversation.title), icon=":material/more_horiz:", type="tertiary"):
        # Another field after a rename on another page: the one that the browser has would bring the older name back.
        key = f"title-{conversation.id}-{state.renames}"
        rename = telling(_rename, state, history, conversation, key)
        st.text_input(t("rename"), conversation.title, key=key, max_chars=TITLE, on_change=rename)
        st.caption(t("export_help"))
        with st.container(horizontal=True):
            for form, (mime, write) in FORMATS.items():
                st.download_button(
                    FORM_NAMES[form],
                    partial(_exported, write, state),
                    f"{_file_name(conversation.title)}.{form}",
                    mime,
                    key=f"export-{form}",
                    on_click="ignore",
                    disabled=not state.turns,
                )
        deletion = telling(_delete, state, history, conversation)
        st.button(t("delete"), key="delete", icon=":material/delete:", on_click=deletion)


def _exported(write: Callable[[str, list[Answer], datetime], str], state: State) -> str:
    assert state.conversation
    return write(state.conversation.title, state.answers, datetime.now().astimezone())


def _file_name(title: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in title)[:40].strip("_") or "yinju"


def _rename(state: State, history: History, conversation: Conversation, key: str) -> None:
    title = st.session_state[key]
    st.session_state[key] = conversation.title  # which stands where the other one is empty, or cannot be kept
    history.rename(conversation.id, title, reader_name())
    state.conversation = history.conversation(conversation.id, reader_name())
    if state.conversation:
        st.session_state[key] = state.conversation.title


def _delete(state: State, history: History, conversation: Conversation) -> None:
    history.delete(conversation.id, reader_name())
    _leave(state)
    state.deleted = conversation


def deleted_notice(state: State, history: History) -> None:
    """Say which conversation was deleted, with a button that brings it back."""
    if state.deleted is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="yj-deleted"):
        st.markdown(t("deleted", title=plain(state.deleted.title)))
        restoring = telling(_restore, state, history, state.deleted)
        st.button(t("undo"), key="undo", icon=":material/undo:", on_click=restoring)
        st.button(t("dismiss"), key="dismiss", type="tertiary", on_click=partial(setattr, state, "deleted", None))


def unopened_notice(state: State) -> None:
    """Say why the conversation that the address names is not open."""
    if state.unopened and state.conversation is None:
        st.warning(plain(state.unopened), icon=":material/link_off:")


def _restore(state: State, history: History, conversation: Conversation) -> None:
    history.restore(conversation.id, reader_name())
    state.deleted = None
    if history.conversation(conversation.id, reader_name()):  # which may be gone for good by now
        open_conversation(state, history, conversation)
