"""Run folders that one can judge by eye, made without answering anything."""

import json
from pathlib import Path
from typing import Any

SETTINGS: dict[str, Any] = {
    "answerer": "extractive",
    "sets": {},
    "tag": None,
    "limit": None,
    "settings": {"dense_weight": 0.6, "index": "here"},
    "prompts": {"answer.md": "a" * 64},
    "started": "2026-11-25T00:00:00+00:00",
}
Scores = dict[str, dict[str, float | None] | str]  # by question: its scores, or what failed


def written_run(folder: Path, scores: Scores, name: str = "s", answer: str = "答。", **settings: Any) -> Path:
    """A run of one set, whose questions are of the type fact."""
    folder.mkdir(parents=True, exist_ok=True)
    sets = {name: {"sha256": "5" * 64, "questions": len(scores)}}
    (folder / "settings.json").write_text(json.dumps({**SETTINGS, "sets": sets, **settings}), encoding="utf-8")
    rows = [line(id_, name, values, answer) for id_, values in scores.items()]
    (folder / "lines.jsonl").write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    return folder


def line(id_: str, name: str, values: dict[str, float | None] | str, answer: str) -> str:
    failed = isinstance(values, str)
    row = {
        "id": id_,
        "set": name,
        "type": "fact",
        "question": f"{id_}？",
        "evidence": [{"article": "甲", "quote": "猫吃鱼"}],
        "scores": {} if failed else values,
        "error": values if failed else None,
        "outcome": None if failed else "cited",
        "evidence_rank": 1,
        "answer": None if failed else {"text": answer, "passages": PASSAGES},
    }
    return json.dumps(row, ensure_ascii=False)


PASSAGES = [
    {"rank": 1, "article": "甲", "start": 0, "text": "猫吃鱼。猫怕狗。"},
    {"rank": 2, "article": "乙", "start": 0, "text": "狗追猫。"},
]
