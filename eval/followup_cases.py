"""Cases of follow-ups as a run folder, which the gates hold like any other: what a question made whole must carry.

A case is right when the question that is searched has every name under `carry` and none under `leave`.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from eval.convert import read_jsonl
from eval.intervals import estimate
from eval.provenance import code, digest, revision
from eval.reasons import CARRIED
from eval.records import Line, Recorded, RunFolder, claimed
from eval.summary import by_type, judged, shown
from rag import mentions
from rag.types import Message, Question

ANSWERER = "rules"
RULES = ("mentions.json", "mentions.toml")  # what the rules were fitted to, beside rag/mentions.py

Rewriter = Callable[[Question], str]


def record_cases(path: Path, rewriter: Rewriter, out: Path | None = None) -> Recorded:
    """The run of a file of cases, in the folder `out` if there is one.

    Raises OSError, ValueError, KeyError or TypeError for a file that holds no cases, RunError for a folder of another
    run, or that cannot be written.
    """
    cases = list(read_jsonl(path))
    lines = [judged_case(case, path.stem, rewriter) for case in cases]
    with tempfile.TemporaryDirectory() as scratch, claimed(out or Path(scratch)) as writable:
        folder = RunFolder(writable, described(path, len(cases)))
        for line in lines:
            if (line["set"], line["id"]) not in folder.done:
                folder.add(line)
        return folder.finish()


def described(path: Path, cases: int) -> dict[str, Any]:
    """What settings.json holds."""
    rules = Path(mentions.__file__).parent
    return {
        "answerer": ANSWERER,
        "sets": {path.stem: {"sha256": digest(path.read_bytes()), "questions": cases}},
        "tag": None,
        "limit": None,
        "settings": {},
        "rules": {name: digest((rules / name).read_bytes()) for name in RULES},
        "code": code(),
        "revision": revision(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def judged_case(case: dict[str, Any], set_name: str, rewriter: Rewriter) -> Line:
    """A line of a case, as if what became of its question were an answer; without scores where that raised."""
    turns = zip(cycle(("user", "assistant")), case["history"])
    question = Question(case["question"], tuple(Message(*turn) for turn in turns))
    carry, leave = list(case["carry"]), list(case["leave"])
    ours, error = "", None
    try:
        ours = rewriter(question)
    except Exception as raised:  # whatever it is: the line tells it, and the gate fails
        error = f"{type(raised).__name__}: {raised}"
    wrong = any(name in ours for name in leave)
    right = all(name in ours for name in carry) and not wrong
    statements = [{"text": ours, "citations": []}]
    answer = {"text": ours, "refused": False, "notice": "", "statements": statements, "citations": [], "passages": []}
    return {
        "id": case["id"],
        "set": set_name,
        "type": case["kind"],
        "question": case["question"],
        "history": [{"role": turn.role, "content": turn.content} for turn in question.history],
        "answerable": True,
        "gold": [[name] for name in carry],
        "forbid": leave,
        "evidence": [],
        "scores": {} if error else {CARRIED: float(right), "forbidden": float(wrong)},
        "outcome": None,
        "evidence_rank": None,
        "answer": None if error else answer,
        "passages": None,
        "error": error,
    }


def told(run: Recorded) -> list[str]:
    """One line for each kind of cases, the share that is right with its interval, and one for each case that is not."""
    kinds = {**by_type(run.lines), "all": run.lines}
    values = {kind: judged(lines, CARRIED) for kind, lines in kinds.items()}
    wrong = [line for line in run.lines if line["scores"].get(CARRIED) != 1]
    return [
        *(f"{kind:<12} {shown(estimate(own).to_json()) if own else '–'}" for kind, own in values.items()),
        *(f"wrong: {line['id']} {line['question']} -> {line['error'] or line['answer']['text']}" for line in wrong),
    ]
