"""Run folders that one can check by hand."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
        "outcome": "cited",
        "evidence_rank": 1,
        "passages": None,
        "error": None,
    }
    scores = {
        "joint accuracy": 1.0,
        "gold containment": 1.0,
        "gold share": 1.0,
        "evidence recall@10": 1.0,
        "milliseconds": 20.0,
    }
    return {**given, "scores": scores | more.pop("scores", {}), **more}


def write_run(folder: Path, *lines: Mapping[str, Any]) -> Path:
    """A run folder of one set, cats, with these lines."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"answerer": "extractive", "sets": {"cats": {"questions": len(lines)}}}
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "lines.jsonl").write_text(text, encoding="utf-8")
    return folder
