"""Adding and removing articles: uploads with their outcome, a confirmation before removing, undo, and the trash."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from ingest.convert import SUFFIXES
from ingest.listing import Listed
from ingest.trash import Discarded, discard, restore, trashed
from ingest.upload import Uploaded, put_in_place, take_back, takes_files, upload
from rag.errors import CorpusError
from views.access import may_edit
from views.callbacks import tell, telling
from views.messages import language, plain, t
from views.shelf import Shelf
from views.state import session

SIGNS = {"added": "✓", "already there": "＝", "refused": "✕"}
TRASH_SHOWN = 50


def show_uploader(shelf: Shelf) -> None:
    """Draw the field that takes files, for editors; what is dropped into it is added and indexed."""
    if not may_edit():
        return
    if not takes_files(shelf.corpus):
        st.info(t("upload_nowhere"))
        return
    state = session()
    kinds = " ".join(sorted(SUFFIXES))
    files = st.file_uploader(
        t("upload"), accept_multiple_files=True, key=f"upload-{state.uploader}", help=t("upload_help", kinds=kinds)
    )
    if not files:
        return
    bar = st.progress(0.0)
    for number, file in enumerate(files):
        bar.progress(
            number / len(files), t("upload_reading", number=number + 1, total=len(files), file=plain(file.name))
        )
        state.recent.insert(0, upload(file.name, file.getvalue(), shelf.corpus))
    state.uploader += 1  # an empty field the next time
    if any(one.outcome == "added" for one in state.recent[: len(files)]):
        shelf.update()
    st.rerun()


def show_recent(shelf: Shelf) -> None:
    """Draw what this session added and removed, the last first, each with a button that takes it back."""
    recent = session().recent
    if not recent:
        return
    with st.container(border=True):
        for number, change in enumerate(recent):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(_told(change))
                if isinstance(change, Uploaded) and change.older:
                    instead = telling(_replace, shelf, change)
                    st.button(t("replace"), key=f"replace-{number}", on_click=instead, type="tertiary")
                if isinstance(change, Discarded) or change.outcome == "added":
                    back = telling(_undo, shelf, change)
                    st.button(t("undo"), key=f"undo-{number}", on_click=back, type="tertiary")
        st.button(t("recent_hide"), on_click=recent.clear, type="tertiary", icon=":material/close:")


def _told(change: Uploaded | Discarded) -> str:
    if isinstance(change, Discarded):
        return f"− {t('removed', name=change.name)}"
    match change.outcome:
        case "added":
            told = t("upload_added", title=change.title, length=change.length, name=change.name)
            if change.older:
                told += t("upload_older", older=change.older)
            elif change.replaced:
                told += t("upload_replaced")
        case "already there":
            told = t("upload_there", name=change.name)
        case _:
            reason = change.reason if language() == "en" else change.chinese
            reason = reason.removeprefix(f"{change.file}：").removeprefix(f"{change.file}: ")
            of_itself = reason.startswith(change.file)  # a sentence about the file
            told = t("upload_refused_so" if of_itself else "upload_refused", file=change.file, reason=reason)
    return f"{SIGNS[change.outcome]} {told}"


def _undo(shelf: Shelf, change: Uploaded | Discarded) -> None:
    if isinstance(change, Discarded):
        restore(change, shelf.corpus)
    else:
        take_back(change, shelf.corpus)
    if change in session().recent:
        session().recent.remove(change)
    shelf.update()


def _replace(shelf: Shelf, change: Uploaded) -> None:
    """Put the older article of an upload's name into the trash, and the upload in its place."""
    recent = session().recent
    recent[recent.index(change)] = put_in_place(change, shelf.corpus)
    shelf.update()


def confirm_removal(shelf: Shelf, articles: Sequence[Listed]) -> None:
    """Draw the dialog that asks before articles are removed."""

    @st.dialog(t("remove_title", count=len(articles)))
    def ask() -> None:
        st.text("\n".join(article.metadata.title for article in articles))
        st.caption(t("remove_help"))
        with st.container(horizontal=True):
            remove = telling(_remove, shelf, articles)
            if st.button(t("remove_confirm"), type="primary", icon=":material/delete:", on_click=remove):
                st.rerun()
            if st.button(t("cancel")):
                st.rerun()

    ask()


def _remove(shelf: Shelf, articles: Sequence[Listed]) -> None:
    for article in articles:
        try:
            session().recent.insert(0, discard(article.name, shelf.corpus))
        except CorpusError as error:
            tell(error)
    shelf.update()


def trash_view(shelf: Shelf) -> None:
    """Draw what was removed from the page, each with a button that puts it back."""
    waiting = trashed(shelf.corpus)
    st.caption(t("trash_help" if waiting else "trash_empty", count=len(waiting)))
    for discarded in waiting[:TRASH_SHOWN]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(discarded.name)
            st.caption(datetime.fromtimestamp(discarded.when).strftime("%Y-%m-%d %H:%M"), width="content")
            st.button(t("put_back"), key=f"back-{discarded.path}", on_click=telling(_undo, shelf, discarded))
