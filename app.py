"""The page: `streamlit run server.py`. Composes rag, renders with views; decides nothing about answers."""

import logging
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from rag.chain import AnswerChain
from rag.errors import RagError, SettingsError
from rag.settings import Settings, load_settings
from views.access import may_edit, person
from views.chat import chat_page
from views.evaluation import evaluation_page
from views.feedback import feedback_page
from views.keys import show_keys
from views.library import KEYS as LIBRARY_KEYS
from views.library import library_page
from views.login import admit
from views.messages import error_text, t
from views.preferences import keep_preferences, preferences, preferences_page, with_preferences
from views.resources import open_chain, open_indexing
from views.scope import KEYS as SCOPE_KEYS
from views.shelf import Shelf
from views.shell import Shell, style
from views.start import start_page
from views.state import keep_chosen, session
from views.words import name_aloud, words_css

log = logging.getLogger("yinju")
ICON = Path(__file__).with_name("views") / "icon.png"
CHAT = "chat"
OTHER_PAGES = LIBRARY, EVALUATION, FEEDBACK, SETTINGS = ("library", "eval", "feedback", "settings")  # than the chat


def status(chain: AnswerChain) -> None:
    """Draw who answers, what is indexed and since when, and that the index is being rebuilt or cannot be opened."""
    manifest = chain.index.current().manifest
    created = datetime.fromisoformat(manifest.created).astimezone().strftime("%Y-%m-%d %H:%M")
    answerer = t("llm", name=chain.settings.llm) if chain.model else t("extractive")
    indexed = t(
        "status", articles=manifest.articles, chunks=manifest.chunks, generation=manifest.generation, created=created
    )
    st.caption(f"{answerer} · {indexed}")
    if chain.index.problem:
        st.warning(t("stale"))


def pages(shared: AnswerChain | None, problem: RagError | None, shelf: Shelf, options: Settings) -> list[StreamlitPage]:
    """Every page of who is there; without a chain what stands for the chat builds the index, or says what is wrong."""
    chat = partial(chat_page, with_preferences(shared)) if shared else partial(start_page, problem, shelf)
    library, settings = partial(library_page, shelf), partial(preferences_page, shared)
    ratings = st.Page(
        partial(feedback_page, options.history),
        title=t("page_feedback"),
        url_path=FEEDBACK,
        icon=":material/thumbs_up_down:",
    )
    return [
        st.Page(chat, title=t("page_chat"), url_path=CHAT, icon=":material/forum:", default=True),
        st.Page(library, title=t("page_library"), url_path=LIBRARY, icon=":material/library_books:"),
        st.Page(
            partial(evaluation_page, options.runs),
            title=t("page_evaluation"),
            url_path=EVALUATION,
            icon=":material/fact_check:",
        ),
        *([ratings] if may_edit() else []),  # it shows what others asked
        st.Page(settings, title=t("page_settings"), url_path=SETTINGS, icon=":material/settings:"),
    ]


def know_pages() -> None:
    """Know every page before who is there may open one: the browser would leave the address of one that is unknown."""
    found = [st.Page(lambda: None, title=path, url_path=path, default=path == CHAT) for path in (CHAT, *OTHER_PAGES)]
    st.navigation(found, position="hidden")


def make_room() -> None:
    """Put what stands beside the chat in its place, before anything that its list of conversations would push aside."""
    path = urlsplit(st.context.url or "").path.strip("/")
    with suppress(SettingsError):  # which is told where the settings are loaded
        if path.rpartition("/")[2] not in OTHER_PAGES and person():
            st.sidebar.html('<span class="yj-beside"></span>')  # what is empty is hidden


def main() -> None:
    """Draw what every page has, then the page that is open."""
    keep_chosen(SCOPE_KEYS + LIBRARY_KEYS)  # first: a click may end the run wherever it draws
    make_room()
    preferences()  # the language of all that follows
    st.set_page_config(page_title=f"{t('title')} · {t('tagline')}", page_icon=str(ICON))
    st.html(f"<style>{words_css()}{'' if Shell.in_use else style()}</style>")
    name_aloud()
    st.title(t("title"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("tagline"), width="content")
        show_keys()
    chain, problem = None, None
    try:
        settings = load_settings()
        if not admit():
            know_pages()
            return
        with st.spinner(t("loading")):
            chain = open_chain()
        generation = chain.index.current()
        status(with_preferences(chain))
    except SettingsError as error:
        log.exception("the settings cannot be used")
        st.error(error_text(error))
        return
    except RagError as error:
        log.warning("the page cannot answer: %s", error)
        chain, problem, generation = None, error, None
    shelf = Shelf(settings.corpus, settings.index, generation, open_indexing(settings))
    navigation = st.navigation(found := pages(chain, problem, shelf, settings), position="top")
    keep_preferences([f"/{page.url_path}" for page in found])
    session().visit(navigation.url_path)
    if generation and shelf.indexing.state.running and not navigation.url_path:  # 文章库 shows the progress itself
        st.caption(t("rebuilding", generation=generation.manifest.generation))
    try:
        navigation.run()
    except RagError as error:
        log.exception("the page cannot be drawn")
        st.error(error_text(error))


if __name__ == "__main__":
    main()
