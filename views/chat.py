"""「提问」: the conversation that is open, and what is being answered in it."""

import time
from collections.abc import Iterable
from functools import partial
from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.chain import AnswerChain
from rag.errors import RagError
from rag.history import History
from rag.suggest import follow_up_questions
from rag.types import Question, Scope
from views.access import reader_name
from views.answer import answer_html
from views.history import (
    conversation_menu,
    deleted_notice,
    name_conversation,
    new_button,
    resume,
    show_history,
    unopened_notice,
)
from views.messages import error_text, plain, t
from views.reader import show_reader
from views.resources import examples, open_history
from views.running import CHECKING, STAGES, Running
from views.scope import choose_scope
from views.scripts import script
from views.state import State, session
from views.turn import show_question, show_turn

POLL_SECONDS = 0.05  # how often a growing answer is looked at
YIELD_POLLS = 5  # of which one draws in any case: only then does Streamlit notice that the reader stopped it
FIELD = "question"  # the key of what is typed
SENT_SECONDS = 0.1  # what was drawn is sent within them; a new run throws away what was not


def chat_page(chain: AnswerChain) -> None:
    """Draw the page. What cannot be asked, because the history cannot be used, stands in the field again."""
    state = session()
    typed = (st.session_state.get(FIELD) or "").strip()  # blanks ask nothing
    state.asked = typed or state.asked
    with st.bottom:  # not the field's own place: there the page would follow the end of a growing answer
        above = st.container(horizontal=True, vertical_alignment="center")
    try:
        history = open_history(chain.settings.history)
        resume(state, history)
        with above:
            scope = choose_scope(chain.index.current().library.metadata)
        if state.asked:
            begin(chain, history, state, scope)
    except RagError:
        if state.asked:
            st.session_state[FIELD], state.asked, state.again = state.asked, "", None
        raise
    finally:
        sent = st.bottom.chat_input(t("ask"), key=FIELD, max_chars=None)
    if sent and sent.strip() and not typed:  # on a page that is older than the server, which knows no field until now
        state.asked = sent.strip()
        st.rerun()
    # From here on a conversation is there with its first question: what it brings pushes nothing down later.
    with above:
        if state.conversation:
            new_button(state, "new")
    show_reader(state)
    show_history(state, history)
    deleted_notice(state, history)
    unopened_notice(state)
    conversation_menu(state, history)
    with st.container():
        converse(chain, history, state)


def begin(chain: AnswerChain, history: History, state: State, scope: Scope) -> None:
    """Start to answer a question that was typed, chosen, changed or asked again; what is running is stopped."""
    settle(state, stop=True)
    text, again = state.asked, state.again
    if again:
        scope = again.answer.question.scope
        again = again if state.place(again) is not None else None  # another page may have taken it out meanwhile
    if state.conversation is None:
        state.conversation = history.conversation(history.start(text, reader_name()), reader_name())
    assert state.conversation is not None
    state.asked, state.again = "", None
    name_conversation(state.conversation)
    question = Question(text, state.history_before(again), scope=scope)
    id_ = state.conversation.id
    keep = partial(history.ask_again, again) if again else partial(history.append, id_)
    state.running = Running(chain, question, keep, id_, again)


def settle(state: State, *, stop: bool = False) -> None:
    """Take up the turn of a question that is answered, or is stopped now."""
    running, state.running = state.running, None
    if running is None:
        return
    if stop:
        running.stop()
    at = state.place(running.again) if running.again else None
    if running.turn and running.turn.id and at is not None:
        state.turns[at] = running.turn
    elif running.turn and state.place(running.turn) is None:
        state.turns.append(running.turn)


def converse(chain: AnswerChain, history: History, state: State) -> None:
    """Draw the turns and what is being answered, or examples before the conversation starts."""
    running = state.running
    if state.turns or running:
        st.empty()  # in the place of the examples, which are gone at once: what stays would be pushed down
    else:
        with st.container():
            if state.conversation:  # its first question was not kept: the server ended before it was answered
                st.warning(t("unanswered"))
                offer_questions("unanswered", [state.conversation.title])
            offer_examples(chain)
    at = state.place(running.again) if running and running.again else None
    last = len(state.turns) - (running is None or at is not None)
    for number in range(len(state.turns)):
        with turn_frame(number, last):
            if running and number == at:
                watch(state, running, number)
            else:
                show_turn(chain, history, state, number)
            below = st.empty()  # of an earlier turn at once, not at the end of the run: what is read must not move
            if number == last and not running:
                with below.container():
                    offer_followups(chain, state)
    if running and at is None:
        with turn_frame(last, last):
            watch(state, running, last)


def turn_frame(number: int, last: int) -> DeltaGenerator:
    """What holds a turn; the last one is as high as the window, so that its question can stand at the top."""
    return st.container(key=f"yj-{'last' if number == last else 'turn'}-{number}")


def offer_examples(chain: AnswerChain) -> None:
    """Questions by theme that the articles answer; in an empty library, that it is empty."""
    if not chain.index.current().manifest.articles:
        st.info(t("empty_library"), icon=":material/library_add:")
        return
    offered = examples(chain, str(chain.settings.index), chain.index.current().manifest.generation)
    if offered:
        st.markdown(f"**{t('examples')}**")
    for theme, questions in offered.items():
        st.caption(plain(theme) or t("examples_other"))
        offer_questions(theme, questions)


def offer_questions(key: str, questions: Iterable[str]) -> None:
    """A button for each question, that asks it."""
    with st.container(key=f"examples-{key}", gap="xsmall"):
        for question in questions:
            st.button(plain(question), width="stretch", on_click=partial(setattr, session(), "asked", question))


def offer_followups(chain: AnswerChain, state: State) -> None:
    """Questions that lead on from the last answer, each checked to have an answer of its own."""
    turn = state.turns[-1]
    if turn.id not in state.followups:
        state.followups[turn.id] = follow_up_questions(turn.answer, chain)
    if state.followups[turn.id]:
        st.caption(t("followups"))
        offer_questions(turn.id, state.followups[turn.id])


def watch(state: State, running: Running, number: int) -> None:
    """Draw a question, at the top of the window, with its answer as it grows; take it up when it is whole."""
    with st.chat_message("user", avatar=":material/person:"):
        show_question(running.question.text, "running", edit=None)
    with st.chat_message("assistant", avatar=":material/format_quote:"):
        place, below = st.empty(), st.empty()
        with below.container(horizontal=True, vertical_alignment="center"):
            stages = st.empty()
            st.button(t("stop"), key="stop", icon=":material/stop_circle:", on_click=partial(settle, state, stop=True))
            script("scroll")(key=f"scroll-{id(running)}", data={"number": number}, height=0)
        over, drawn, polls = False, None, 0
        while not over:
            over, answer = running.wait(POLL_SECONDS), running.answer
            if answer is not drawn and running.stage == CHECKING:
                place.html(answer_html(answer, number))
            if answer is not drawn or polls % YIELD_POLLS == 0:
                stages.html(stages_html(running))
            drawn, polls = answer, polls + 1
        if running.error and not running.turn:
            below.empty()
            st.error(error_text(running.error))
    settle(state)
    if running.turn:
        time.sleep(SENT_SECONDS)
        st.rerun()


def stages_html(running: Running) -> str:
    """The stages, the one that it is in marked."""
    at = STAGES.index(running.stage)
    passages = len(running.answer.passages) if running.answer else 0
    items = []
    for place, stage in enumerate(STAGES):
        kind = "yj-done" if place < at else "yj-now" if place == at else "yj-next"
        label = t(f"stage_{stage}") if stage != "reading" or not passages else t("stage_read", passages=passages)
        items.append(f'<li class="{kind}">{escape(label)}</li>')
    return f'<ol class="yj-stages" role="status">{"".join(items)}</ol>'
