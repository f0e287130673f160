"""What all readers of one server share: the chain with its models, and what is worked out once a generation."""

import streamlit as st

from rag.chain import AnswerChain
from rag.examples import example_questions
from rag.settings import load_settings


@st.cache_resource(show_spinner=False)
def open_chain() -> AnswerChain:
    """One chain for all readers, with all loaded that the first question would wait for."""
    chain = AnswerChain(load_settings())
    chain.warm()
    return chain


@st.cache_data(show_spinner=False)
def examples(_chain: AnswerChain, generation: int) -> list[str]:  # noqa: ARG001  # the generation is the cache's key
    """Example questions of the published generation."""
    return example_questions(_chain.index.current(), _chain.embedder, _chain.settings)
