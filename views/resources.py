"""What all readers of one server share: the chain with its models, and what is worked out once a generation."""

import streamlit as st

from ingest.background import BackgroundIngest
from rag.chain import AnswerChain
from rag.history import History
from rag.logs import log_json
from rag.settings import Settings, load_settings
from rag.suggest import example_questions


@st.cache_resource(show_spinner=False)
def open_chain() -> AnswerChain:
    """One chain for all readers, with all loaded that the first question would wait for."""
    settings = load_settings()
    if settings.log_json:
        log_json(settings)
    chain = AnswerChain(settings)
    chain.warm()
    return chain


@st.cache_resource(show_spinner=False, hash_funcs={Settings: repr})
def open_indexing(settings: Settings) -> BackgroundIngest:
    """The one ingest of this server, whoever starts it."""
    return BackgroundIngest(settings)


@st.cache_resource(show_spinner=False)
def open_history(where: str) -> History:
    """The conversations of all readers. Raises HistoryError."""
    return History(where)


@st.cache_data(show_spinner=False)
def examples(_chain: AnswerChain, index: str, generation: int) -> dict[str, list[str]]:  # noqa: ARG001  # the cache's key
    """Example questions of the published generation of an index, by theme."""
    return example_questions(_chain)
