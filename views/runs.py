"""「更新」: the ingest while it runs and how it ended, what each run changed, and the files that failed."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from ingest.background import BackgroundIngest, RunState
from ingest.compare import READING
from ingest.failures import Failure
from ingest.run import EMBEDDING
from rag.errors import RagError
from rag.writer import history
from views.access import may_edit
from views.messages import language, t
from views.shelf import Shelf

STAGES = {READING: "run_reading", EMBEDDING: "run_embedding"}
EVERY = 0.7  # seconds between two looks at a run
NAMES_SHOWN = 20
RUNS_SHOWN = 20


def show_run(indexing: BackgroundIngest) -> None:
    """Draw the run with its progress and a stop button, live; or how the last one of this server ended."""
    running = indexing.state.running
    st.fragment(partial(_draw_run, indexing, running), run_every=EVERY if running else None)()


def _draw_run(indexing: BackgroundIngest, was_running: bool) -> None:
    state = indexing.state
    if state.running != was_running:
        st.rerun()  # the whole page: there is a new generation
    if state.running:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(share_done(state), text=progress_text(state))
            if may_edit():
                st.button(t("run_stop"), icon=":material/stop:", on_click=indexing.stop, key="run-stop")
    elif state.error:
        st.error(state.error[0 if language() == "en" else 1])
    elif state.stopped:
        st.info(t("run_stopped"))
    elif state.summary:
        st.caption(f"✓ {summary_text(state.summary)}")


def share_done(state: RunState) -> float:
    """How much of the stage is done, 0 to 1."""
    return min(state.done / state.total, 1.0) if state.total else 0.0


def progress_text(state: RunState) -> str:
    """What the run does at this moment."""
    if state.stage not in STAGES:
        return t("run_starting")
    if state.stage == EMBEDDING and state.done >= state.total:
        return t("run_publishing")
    return t(STAGES[state.stage], done=state.done, total=state.total)


def summary_text(summary: Mapping[str, Any]) -> str:
    """What a run did, in one sentence."""
    names = ("added", "changed", "removed", "failed")
    if not any(summary[name] for name in names):
        return t("run_nothing", generation=summary["generation"])
    return t("run_done", **{name: summary[name] for name in (*names, "generation", "seconds")})


def runs_view(shelf: Shelf) -> None:
    """Draw what the last run changed, the failed files, and the runs before."""
    show_failures(shelf.failures())
    try:
        runs = history(shelf.index)[::-1]
    except RagError:
        runs = []
    if not runs:
        st.caption(t("run_none"))
        return
    st.markdown(f"**{t('run_last')}**")
    st.write(_run_text(runs[0]))
    for kind in ("added", "changed", "removed"):
        if ids := runs[0].get("articles_by_change", {}).get(kind, ()):
            more = t("run_more", count=len(ids) - NAMES_SHOWN) if len(ids) > NAMES_SHOWN else ""
            st.text(t(f"run_{kind}", names="\n".join(ids[:NAMES_SHOWN])) + more)
    if len(runs) > 1:
        with st.expander(t("run_before")):
            st.table([_run_row(run) for run in runs[1 : RUNS_SHOWN + 1]])


def show_failures(failures: Mapping[str, Failure]) -> None:
    """Draw the files that could not be indexed, each with its reason."""
    if not failures:
        return
    st.markdown(f"**{t('failures', count=len(failures))}**")
    for name, failure in failures.items():
        reason = failure.reason if language() == "en" else failure.chinese
        tries = t("failure_tries", since=_minute(failure.since), tries=failure.tries)
        with st.container(border=True):
            st.text(name)
            st.text(reason)
            st.caption(tries)


def _run_text(run: Mapping[str, Any]) -> str:
    created = _minute(datetime.fromisoformat(run["created"]).timestamp())
    if (action := run.get("action")) in ("rollback", "restore"):
        return t(f"run_{action}", created=created, generation=run["generation"], before=run["from"])
    counts = {name: run.get(name, 0) for name in ("added", "changed", "removed", "unchanged", "failed", "seconds")}
    return t("run_line", created=created, generation=run["generation"], **counts)


def _run_row(run: Mapping[str, Any]) -> dict[str, str]:
    created = _minute(datetime.fromisoformat(run["created"]).timestamp())
    counts = {t(f"run_column_{name}"): str(run.get(name, "")) for name in ("added", "changed", "removed", "failed")}
    return {t("run_column_generation"): str(run["generation"]), t("run_column_created"): created} | counts


def _minute(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
