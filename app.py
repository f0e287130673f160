"""The page: `streamlit run app.py`. Composes rag, renders with views; decides nothing about answers."""

import logging
from datetime import datetime
from functools import partial
from pathlib import Path

import streamlit as st

from rag.chain import AnswerChain
from rag.errors import RagError
from views.chat import chat_page
from views.evaluation import evaluation_page
from views.keys import show_keys
from views.messages import error_text, t
from views.resources import open_chain

log = logging.getLogger("yinju")
STYLE = Path(__file__).with_name("views") / "style.css"
ICON = STYLE.with_name("icon.png")


def status_line(chain: AnswerChain) -> str:
    """What is indexed and since when."""
    manifest = chain.index.current().manifest
    created = datetime.fromisoformat(manifest.created).astimezone().strftime("%Y-%m-%d %H:%M")
    return t(
        "status", articles=manifest.articles, chunks=manifest.chunks, generation=manifest.generation, created=created
    )


def main() -> None:
    """Draw what every page has, then the page that is open."""
    st.set_page_config(page_title=f"{t('title')} · {t('tagline')}", page_icon=str(ICON))
    st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
    st.title(t("title"), anchor=False)
    st.caption(t("tagline"))
    try:
        with st.spinner(t("loading")):
            chain = open_chain()
        status = status_line(chain)
    except RagError as error:
        log.exception("the page cannot answer")
        st.error(error_text(error))
        return
    answerer = t("llm", name=chain.settings.llm) if chain.model else t("extractive")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{answerer} · {status}")
        show_keys()
    if chain.index.problem:
        st.warning(t("stale"))
    runs = chain.settings.runs
    pages = [
        st.Page(
            partial(chat_page, chain), title=t("page_chat"), url_path="chat", icon=":material/forum:", default=True
        ),
        st.Page(
            partial(evaluation_page, runs), title=t("page_evaluation"), url_path="eval", icon=":material/fact_check:"
        ),
    ]
    st.navigation(pages, position="top").run()


if __name__ == "__main__":
    main()
