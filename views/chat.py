"""「提问」: the conversation."""

import logging

import streamlit as st

from rag.chain import AnswerChain
from rag.errors import RagError
from rag.types import Answer, Question, Scope
from views.answer import answer_html, footer_text, question_html
from views.messages import error_text, t
from views.reader import show_reader
from views.resources import examples
from views.scope import choose_scope
from views.search import show_search
from views.state import session

log = logging.getLogger("yinju")


def chat_page(chain: AnswerChain) -> None:
    """Draw the page."""
    state = session()
    show_reader(state.turns)
    conversation, controls = st.container(), st.container(horizontal=True, vertical_alignment="center")
    with controls:
        scope = choose_scope(chain.index.current().library.metadata)
    asked = st.chat_input(t("ask"), max_chars=None)
    with conversation:
        converse(chain, asked, scope)
    if state.turns and controls.button(t("clear"), type="tertiary", icon=":material/delete:"):
        state.turns.clear()
        st.rerun()


def converse(chain: AnswerChain, asked: str | None, scope: Scope) -> None:
    """Draw the conversation so far, or examples before it starts, and answer what is asked now."""
    state = session()
    if not state.turns and not asked:
        st.markdown(f"**{t('examples')}**")
        for example in examples(chain, chain.index.current().manifest.generation):
            if st.button(example, width="stretch"):
                st.session_state["asked"] = example
    asked = asked or st.session_state.pop("asked", None)
    for turn, answer in enumerate(state.turns):
        show(answer, turn)
    if asked is not None:
        answer = answer_now(chain, Question(asked, state.history, scope=scope), len(state.turns))
        if answer is not None:
            state.turns.append(answer)
            st.rerun()


def show(answer: Answer, turn: int) -> None:
    """One turn of the conversation."""
    with st.chat_message("user", avatar=":material/person:"):
        st.html(question_html(answer.question.text))
    with st.chat_message("assistant", avatar=":material/format_quote:"):
        st.html(answer_html(answer, turn))
        st.caption(footer_text(answer))
        show_search(answer)


def answer_now(chain: AnswerChain, question: Question, turn: int) -> Answer | None:
    """Ask, showing the answer as it grows; None after an error, which is shown."""
    with st.chat_message("user", avatar=":material/person:"):
        st.html(question_html(question.text))
    with st.chat_message("assistant", avatar=":material/format_quote:"):
        place = st.empty()
        answer = None
        try:
            with st.spinner(t("searching")):
                for answer in chain.stream(question):
                    place.html(answer_html(answer, turn))
        except RagError as error:
            log.exception("the question could not be answered")
            place.error(error_text(error))
            return None
        if answer is not None:
            st.caption(footer_text(answer))
        return answer
