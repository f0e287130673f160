"""Run folders that one can check by hand."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CELL = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 4}
TEXT = "猫吃鱼。猫怕狗。"


def answer(*statements: str, refused: bool = False, **more: Any) -> dict[str, Any]:
    """An answer of sentences of 甲, each with a citation, whose passages are the whole of 甲."""
    citations = [
        {"marker": n, "article": "甲", "title": "甲文", "quote": s, "start": TEXT.find(s), "end": TEXT.find(s) + len(s)}
        for n, s in enumerate(statements, 1)
    ]
    return {
        "refused": refused,
        "notice": "",
        "statements": [{"text": s, "citations": [n]} for n, s in enumerate(statements, 1)],
        "citations": citations,
        "passages": [{"article": "甲", "rank": 1, "start": 0, "end": len(TEXT), "text": TEXT}],
        **more,
    }


def line(id_: str = "cat", **more: Any) -> dict[str, Any]:
    """A question that is answered rightly in 20 ms, where nothing else is said."""
    given: dict[str, Any] = {
        "id": id_,
        "set": "cats",
        "type": "fact",
        "question": "猫吃什么？",
        "history": [],
        "answerable": True,
        "gold": [["鱼"]],
        "forbid": [],
        "evidence": [{"article": "甲", "quote": "猫吃鱼。"}],
        "tags": ["tune"],
        "answer": answer("猫吃鱼。"),
        "evidence outcome": "cited",
        "evidence rank": 1,
        "error": None,
    }
    scores = {"joint accuracy": 1.0, "gold containment": 1.0, "evidence recall@10": 1.0, "milliseconds": 20.0}
    return {**given, "scores": scores | more.pop("scores", {}), **more}


def write_run(folder: Path, *lines: Mapping[str, Any]) -> Path:
    """A run folder with these lines, and a summary of one set, cats, in which every metric is CELL."""
    folder.mkdir(parents=True, exist_ok=True)
    cells = {"joint accuracy": CELL, "evidence hit@5": CELL, "brevity": {**CELL, "low": None, "high": None}}
    summary = {"cats": {"all": cells, "types": {"fact": cells}}}
    (folder / "settings.json").write_text(json.dumps({"answerer": "extractive"}), encoding="utf-8")
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "lines.jsonl").write_text(text, encoding="utf-8")
    return folder
