"""python -m eval judge DIR: what an LLM makes of the answers of a run, beside the metrics. It is never a gate.

The LLM (YINJU_LLM) is asked of each sentence whether its citations support it, and of each answer whether it holds the
gold, one at a time and everything several times over. Prints each share with its spread over those runs, and how
far the majority agrees with the deterministic metrics; writes DIR/judge.json. Refusals and unanswerable questions
are not judged.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from rich.console import Console
from rich.table import Table

from eval.agreement import Spread, Verdicts, agreement, majority, share_of
from eval.intervals import estimate, share_interval
from eval.metrics import supports
from eval.records import Line, RunError
from eval.report_data import read_report
from eval.summary import shown
from rag.errors import ModelError, RagError
from rag.generate import open_model
from rag.prompt import PROMPTS, load_prompt, new_fence
from rag.reply import Reply
from rag.settings import load_settings

TEMPERATURE = 0.7  # at 0 the runs would be alike, and their spread would say nothing of the judge
RUNS = 3
YES, NO = "是", "否"
NAMES = ("judge_support", "judge_answer")
EPILOG = """exit codes: 0 the run was judged, whatever the verdicts; 1 the run or the LLM cannot be used,
or judged nothing at all; 2 wrong arguments"""

Ask = Callable[[str, dict[str, str]], bool | None]


@dataclass
class Asker:
    """Asks a model a prompt with its slots; gives yes, no, or None where the reply is neither or the model fails."""

    model: BaseChatModel
    failure: ModelError | None = None  # the last one

    def __call__(self, name: str, slots: dict[str, str]) -> bool | None:
        """Ask once."""
        fence = new_fence("资料")
        try:
            reply = Reply(self.model, load_prompt(name).format_messages(fence=fence, **slots)).whole().strip()
        except ModelError as failure:
            self.failure = failure
            return None
        return {YES: True, NO: False}.get(reply[:1])


@dataclass(frozen=True)
class Asked:
    """One thing to judge: the prompt and what it is filled with, and what the metrics say of it."""

    id: str
    prompt: str
    slots: dict[str, str]
    measured: bool


def claims_of(line: Line) -> list[Asked]:
    """Each sentence of an answer: whether its quotes support it. To the metrics as `statement recall` sees it."""
    citations = {citation["marker"]: citation["quote"] for citation in line["answer"]["citations"]}
    found = []
    for number, statement in enumerate(line["answer"]["statements"], 1):
        quotes, claim = "\n".join(citations[marker] for marker in statement["citations"]), statement["text"]
        slots = {"quotes": quotes, "claim": claim}
        found.append(Asked(f"{line['id']}#{number}", "judge_support", slots, supports(quotes, claim)))
    return found


def answer_of(line: Line) -> list[Asked]:
    """An answer: whether it holds the gold. To the metrics: every group, and nothing that only wrong answers say."""
    gold = "；".join(" 或 ".join(group) for group in line["gold"])
    said = "\n".join(statement["text"] for statement in line["answer"]["statements"])
    right = line["scores"].get("gold containment") == 1 and not line["scores"].get("forbidden")
    return [Asked(line["id"], "judge_answer", {"question": line["question"], "gold": gold, "answer": said}, right)]


QUESTIONS: dict[str, Callable[[Line], list[Asked]]] = {"support": claims_of, "correctness": answer_of}


def judge(lines: Sequence[Line], ask: Ask, runs: int) -> dict[str, Any]:
    """Of each of the QUESTIONS the share of yes with its spread, and the agreement with the metrics."""
    found: dict[str, Any] = {}
    for name, things_of in QUESTIONS.items():
        things = [thing for line in lines for thing in things_of(line)]
        verdicts: list[Verdicts] = [[ask(thing.prompt, thing.slots) for thing in things] for _ in range(runs)]
        voted, measured = majority(verdicts), [thing.measured for thing in things]
        found[name] = {
            **Spread(tuple(map(share_of, verdicts))).to_json(),
            "judged": len(things),
            "not judged": sum(run.count(None) for run in map(list, verdicts)),
            "agreement": agreement(voted, measured).to_json(),
            "metrics say": estimate(list(map(float, measured))).to_json(),
            "verdicts": {thing.id: vote for thing, vote in zip(things, voted, strict=True)},
        }
    return found


def judged_lines(lines: Sequence[Line]) -> Iterator[Line]:
    """Of lines with an answer, those that answer an answerable question."""
    return (line for line in lines if line["answerable"] and not line["answer"]["refused"])


def print_judged(found: dict[str, Any], count: int, model: str) -> None:
    """A row for each of the QUESTIONS."""
    table = Table(
        "",
        "each run",
        "mean",
        "spread",
        "metrics say",
        "agreement",
        "kappa",
        "not judged",
        title=f"{model}, {count} answers",
    )
    for name in QUESTIONS:
        row = found[name]
        spread = f"{_shown(row['low'])} – {_shown(row['high'])}"
        table.add_row(
            name,
            " ".join(map(_shown, row["values"])),
            _shown(row["mean"]),
            spread,
            shown(row["metrics say"]),
            _agreed(row["agreement"]),
            _shown(row["agreement"]["kappa"]),
            f"{row['not judged']} of {row['judged'] * len(row['values'])}",
        )
    console = Console(width=120)
    console.print(table)
    console.print("An LLM judges here: read it beside the metrics, and hold no release to it.")


def _agreed(found: dict[str, Any]) -> str:
    """The share that agrees, with its interval; a dash where nothing was judged."""
    if found["share"] is None:
        return "–"
    low, high = share_interval(found["share"] * found["n"], found["n"])
    return shown({"value": found["share"], "low": low, "high": high, "n": found["n"]})


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval judge", description=__doc__, epilog=EPILOG)
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder written by python -m eval run")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"how often everything is asked ({RUNS})")
    parser.add_argument("--limit", type=int, help="only the first answers")
    options = parser.parse_args(arguments)
    if options.runs < 1 or (options.limit is not None and options.limit < 1):
        parser.error("--runs and --limit must be at least 1")
    try:
        lines = list(judged_lines(read_report(options.folder).answered))[: options.limit]
        if not lines:
            raise RunError(f"{options.folder} holds no answer to an answerable question")
        settings = load_settings()
        model = open_model(settings).model_copy(update={"temperature": TEMPERATURE})
        ask = Asker(model)
        found = judge(lines, ask, options.runs)
        if all(found[name]["mean"] is None for name in QUESTIONS):
            raise ask.failure or RunError(f"{settings.llm} answered no request with {YES} or {NO}")
        hashes = {name: sha256((PROMPTS / f"{name}.md").read_bytes()).hexdigest()[:12] for name in NAMES}
        record = {"model": settings.llm, "temperature": TEMPERATURE, "prompts": hashes, "answers": len(lines), **found}
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        (options.folder / "judge.json").write_text(text, encoding="utf-8")
    except (RagError, RunError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print_judged(found, len(lines), settings.llm)
    return 0
