"""The page: `streamlit run app.py`. Composes rag, renders with views; decides nothing about answers."""

import logging
from datetime import datetime
from pathlib import Path

import streamlit as st

from rag.chain import AnswerChain
from rag.errors import RagError
from rag.examples import example_questions
from rag.settings import load_settings
from rag.types import Answer, Message, Question, Scope
from views import texts
from views.answer import answer_html, footer_text, question_html
from views.scope import choose_scope
from views.search import show_search

log = logging.getLogger("yinju")
STYLE = Path(__file__).with_name("views") / "style.css"
ICON = STYLE.with_name("icon.png")


@st.cache_resource(show_spinner=texts.LOADING)
def open_chain() -> AnswerChain:
    """One chain for all readers, with all loaded that the first question would wait for."""
    chain = AnswerChain(load_settings())
    chain.warm()
    return chain


@st.cache_data(show_spinner=False)
def examples(_chain: AnswerChain, generation: int) -> list[str]:  # noqa: ARG001  # the generation is the cache's key
    """Example questions of the published generation."""
    return example_questions(_chain.index.current(), _chain.embedder, _chain.settings)


def history(turns: list[Answer]) -> tuple[Message, ...]:
    """The conversation so far as messages."""
    return tuple(
        message
        for answer in turns
        for message in (Message("user", answer.question.text), Message("assistant", answer.text))
    )


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
            with st.spinner(texts.SEARCHING):
                for answer in chain.stream(question):
                    place.html(answer_html(answer, turn))
        except RagError as error:
            log.exception("the question could not be answered")
            place.error(texts.error_text(error))
            return None
        if answer is not None:
            st.caption(footer_text(answer))
        return answer


def status_line(chain: AnswerChain) -> str:
    """What is indexed and since when."""
    manifest = chain.index.current().manifest
    created = datetime.fromisoformat(manifest.created).astimezone().strftime("%Y-%m-%d %H:%M")
    return texts.STATUS.format(
        articles=manifest.articles, chunks=manifest.chunks, generation=manifest.generation, created=created
    )


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title=f"{texts.TITLE} · {texts.TAGLINE}", page_icon=str(ICON))
    st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
    st.title(texts.TITLE, anchor=False)
    st.caption(texts.TAGLINE)
    try:
        chain = open_chain()
        status = status_line(chain)
    except RagError as error:
        log.exception("the page cannot answer")
        st.error(texts.error_text(error))
        return
    st.caption(f"{texts.LLM.format(name=chain.settings.llm) if chain.model else texts.EXTRACTIVE} · {status}")
    if chain.index.problem:
        st.warning(texts.STALE)

    turns: list[Answer] = st.session_state.setdefault("turns", [])
    conversation, controls = st.container(), st.container(horizontal=True, vertical_alignment="center")
    with controls:
        scope = choose_scope(chain.index.current().library.metadata)
    asked = st.chat_input(texts.ASK, max_chars=None)
    with conversation:
        converse(chain, turns, asked, scope)
    if turns and controls.button(texts.CLEAR, type="tertiary", icon=":material/delete:"):
        turns.clear()
        st.rerun()


def converse(chain: AnswerChain, turns: list[Answer], asked: str | None, scope: Scope) -> None:
    """Draw the conversation so far, or examples before it starts, and answer what is asked now."""
    if not turns and not asked:
        st.markdown(f"**{texts.EXAMPLES}**")
        for example in examples(chain, chain.index.current().manifest.generation):
            if st.button(example, width="stretch"):
                st.session_state["asked"] = example
    asked = asked or st.session_state.pop("asked", None)
    for turn, answer in enumerate(turns):
        show(answer, turn)
    if asked is not None:
        answer = answer_now(chain, Question(asked, history(turns), scope=scope), len(turns))
        if answer is not None:
            turns.append(answer)
            st.rerun()


if __name__ == "__main__":
    main()
