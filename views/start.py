"""What a reader sees before there is an index to answer from: it is built here, or it is said what is missing."""

import streamlit as st

from ingest.load import article_files
from rag.errors import CorpusError, IndexDamaged, IndexMismatch, IndexMissing, RagError
from views.access import may_edit
from views.changes import show_uploader
from views.messages import error_text, t
from views.runs import show_run
from views.shelf import Shelf


def start_page(problem: RagError, shelf: Shelf) -> None:
    """Draw the page that stands for the chat while it cannot answer."""
    if not isinstance(problem, IndexMissing | IndexDamaged | IndexMismatch):
        st.error(error_text(problem))
        st.button(t("try_again"), icon=":material/refresh:")
        return
    files = _count_files(shelf)
    state = shelf.indexing.state
    if not files:
        st.info(t("empty_corpus", corpus=shelf.corpus.absolute()), icon=":material/library_add:")
        show_uploader(shelf)
        return
    if isinstance(problem, IndexMissing):
        if not (state.running or state.error or state.stopped or state.summary):
            shelf.update()
        st.markdown(t("first_start", count=files))
    else:
        st.warning(error_text(problem))
    if not shelf.indexing.state.running and may_edit():
        st.button(t("build"), type="primary", icon=":material/sync:", on_click=shelf.update)
    show_run(shelf.indexing)


def _count_files(shelf: Shelf) -> int:
    try:
        return len(article_files(shelf.corpus))
    except CorpusError:
        return 0
