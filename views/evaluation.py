"""「评测」: the report of a run of python -m eval."""

import logging
from datetime import datetime
from pathlib import Path

import streamlit as st

from eval.records import LINES, RunError
from eval.report import LANGUAGES, render, style
from eval.report_data import read_report, run_folders
from views.messages import language, t

log = logging.getLogger("yinju")
COMMAND = "python -m eval run eval/sets/corpus.jsonl --out {folder}"


def evaluation_page(runs: Path) -> None:
    """Draw the page: a run of those in the folder `runs`, or how to make one."""
    folders = run_folders(runs)
    if not folders:
        st.info(t("evaluation_none", folder=runs))
        st.code(COMMAND.format(folder=runs / "first"), language="sh")
        return
    chosen = st.selectbox(t("evaluation_run"), folders, format_func=_label)
    try:
        body, page = rendered(str(chosen), _changed(chosen), language())
    except RunError:
        log.exception("the run cannot be shown")
        st.error(t("evaluation_broken", folder=chosen))
        return
    name = f"{chosen.name}.html"
    st.download_button(t("evaluation_download"), page, file_name=name, mime="text/html", icon=":material/download:")
    st.html(f"<style>{style()}</style>")
    st.html(body)


@st.cache_data(show_spinner=False, max_entries=4)
def rendered(folder: str, changed: float, language: str) -> tuple[str, str]:  # noqa: ARG001  # the key of the cache
    """The report of a run as it stands in this page, and as a page of its own."""
    report = read_report(Path(folder))
    spoken = language if language in LANGUAGES else LANGUAGES[0]
    return render(report, language=spoken, template="body.html"), render(report, language=spoken)


def _changed(folder: Path) -> float:
    return (folder / LINES).stat().st_mtime


def _label(folder: Path) -> str:
    time = datetime.fromtimestamp(_changed(folder)).strftime("%Y-%m-%d %H:%M")
    return t("evaluation_run_label", name=folder.name, time=time)
