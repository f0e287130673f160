"""python -m eval judge DIR: what an LLM makes of the answers of a run, beside the metrics. It is never a gate.

The LLM (YINJU_LLM) is asked of each sentence whether its citations support it, and of each answer whether it holds the
gold, a question at a time and everything several times over. Prints each share with its spread over those runs, and how
far the majority agrees with the deterministic metrics; writes DIR/judge.json. Refusals and unanswerable questions
are not judged.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from rich.console import Console
from rich.table import Table

from eval.agreement import Spread, Verdicts, agreement, majority, share_of
from eval.records import Line, RunError
from eval.report_data import read_report
from rag.errors import ModelError, RagError
from rag.generate import PROMPTS, Reply, load_prompt, open_model
from rag.settings import load_settings

TEMPERATURE = 0.7  # at 0 the runs would be alike, and their spread would say nothing of the judge
RUNS = 3
YES, NO = "是", "否"
NAMES = ("judge_support", "judge_answer")
EPILOG = """exit codes: 0 the run was judged, whatever the verdicts; 1 the run or the LLM cannot be used;
2 wrong arguments"""

Ask = Callable[[str, dict[str, str]], bool | None]


def asker(model: BaseChatModel) -> Ask:
    """Asks a prompt with its slots; gives yes, no, or None where the reply is neither or the model fails."""

    def ask(name: str, slots: dict[str, str]) -> bool | None:
        fence = f"资料-{secrets.token_hex(3)}"  # new for each request, so that no text can close it
        try:
            reply = "".join(Reply(model, load_prompt(name).format_messages(fence=fence, **slots), None)).strip()
        except ModelError:
            return None
        return {YES: True, NO: False}.get(reply[:1])

    return ask


def is_supported(line: Line, ask: Ask) -> bool | None:
    """Whether every sentence of an answer is supported by what it cites; None where one was not judged."""
    citations = {citation["marker"]: citation["quote"] for citation in line["answer"]["citations"]}
    verdicts = []
    for statement in line["answer"]["statements"]:
        quotes = "\n".join(citations[marker] for marker in statement["citations"])
        verdicts.append(ask("judge_support", {"quotes": quotes, "claim": statement["text"]}))
    return None if None in verdicts else all(verdicts)


def is_correct(line: Line, ask: Ask) -> bool | None:
    """Whether an answer holds the gold."""
    gold = "；".join(" 或 ".join(group) for group in line["gold"])
    said = "\n".join(statement["text"] for statement in line["answer"]["statements"])
    return ask("judge_answer", {"question": line["question"], "gold": gold, "answer": said})


def metric_supported(line: Line) -> bool:
    """The same as the metrics see it: quotes word for word, and no figure that they lack."""
    scores = line["scores"]
    return not scores.get("unsupported figures") and scores.get("citations exact") in (None, 1)


def metric_correct(line: Line) -> bool:
    """The same as the metrics see it: every gold group is there, and nothing that only wrong answers say."""
    return line["scores"].get("gold containment") == 1 and not line["scores"].get("forbidden")


QUESTIONS: dict[str, tuple[Callable[[Line, Ask], bool | None], Callable[[Line], bool]]] = {
    "support": (is_supported, metric_supported),
    "correctness": (is_correct, metric_correct),
}


def judge(lines: Sequence[Line], ask: Ask, runs: int) -> dict[str, Any]:
    """Of each of the QUESTIONS the share of yes with its spread, and the agreement with the metrics."""
    found: dict[str, Any] = {}
    for name, (asked, measured) in QUESTIONS.items():
        verdicts: list[Verdicts] = [[asked(line, ask) for line in lines] for _ in range(runs)]
        voted = majority(verdicts)
        found[name] = {
            **Spread(tuple(map(share_of, verdicts))).to_json(),
            "not judged": sum(run.count(None) for run in map(list, verdicts)),
            "agreement": agreement(voted, [measured(line) for line in lines]).to_json(),
            "metrics say": share_of([measured(line) for line in lines]),
            "verdicts": {line["id"]: vote for line, vote in zip(lines, voted, strict=True)},
        }
    return found


def judged_lines(lines: Sequence[Line]) -> Iterator[Line]:
    """The answerable questions that were answered."""
    return (line for line in lines if line["answerable"] and line["answer"] and not line["answer"]["refused"])


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
            _shown(row["metrics say"]),
            _shown(row["agreement"]["share"]),
            _shown(row["agreement"]["kappa"]),
            str(row["not judged"]),
        )
    console = Console(width=120)
    console.print(table)
    console.print("An LLM judges here: read it beside the metrics, and hold no release to it.")


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
        lines = list(judged_lines(read_report(options.folder).lines))[: options.limit]
        if not lines:
            raise RunError(f"{options.folder} holds no answer to an answerable question")
        settings = load_settings()
        model = open_model(settings).model_copy(update={"temperature": TEMPERATURE})
        found = judge(lines, asker(model), options.runs)
        hashes = {name: sha256((PROMPTS / f"{name}.md").read_bytes()).hexdigest()[:12] for name in NAMES}
        record = {"model": settings.llm, "temperature": TEMPERATURE, "prompts": hashes, "answers": len(lines), **found}
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        (options.folder / "judge.json").write_text(text, encoding="utf-8")
    except (RagError, RunError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print_judged(found, len(lines), settings.llm)
    return 0


if __name__ == "__main__":
    sys.exit(main())
