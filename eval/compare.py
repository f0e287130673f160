"""python -m eval compare BEFORE AFTER: which questions were newly broken and newly fixed between two runs.

BEFORE and AFTER are folders of `python -m eval run --out` or baselines. Says what the runs were made with differently;
for each metric of 0 to 1 that BEFORE judged how much it lost and won, with a paired test; then every question that
lost or won a yes, with both answers and their passages side by side. Runs of other sets, or made in another mode, are
not compared.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eval.changes import NO_SHARES, Change, ChangeError, change_of
from eval.provenance import changed_parts, void_parts
from eval.records import Line, Recorded, RunError, read_run
from eval.summary import shown_ids

EPILOG = """exit codes: 0 no metric lost; 1 a metric lost significantly or more than --max-loss, or the runs cannot be
compared; 2 wrong arguments"""
SHOWN_LETTERS = 300  # of an answer
SHOWN_PASSAGES = 5
PASSAGE_LETTERS = 40

Changes = dict[str, list[Change]]  # by the name of the set


def compare(before: Recorded, after: Recorded) -> Changes:
    """The changes of every metric that the first run judged and that is a value from 0 to 1.

    Raises ChangeError for runs that cannot be compared.
    """
    if void := void_parts(before.settings, after.settings):
        raise ChangeError(f"the runs asked or judged something else: {'; '.join(void)}")
    changes: Changes = {}
    for name in before.sets:
        then, now = before.of_set(name), after.of_set(name)
        found = [change_of(metric, then, now) for metric in judged_in(then) if metric not in NO_SHARES]
        changes[name] = [change for change in found if change is not None]
        if not changes[name]:
            raise ChangeError(f"{before.folder} judged nothing of {name}")
    return changes


def judged_in(lines: Sequence[Line]) -> list[str]:
    """The metrics that judged a question, in the order of the first lines that have them."""
    return list(dict.fromkeys(name for line in lines for name, value in line["scores"].items() if value is not None))


def not_compared(before: Sequence[Line], after: Sequence[Line]) -> Iterator[str]:
    """The metrics that `compare` leaves out, and why."""
    then = judged_in(before)
    for metric in dict.fromkeys([*then, *judged_in(after)]):
        if metric in NO_SHARES:
            yield f"{metric} (no value from 0 to 1)"
        elif metric not in then:
            yield f"{metric} (not judged before)"


def print_changes(changes: Sequence[Change], before: Sequence[Line], after: Sequence[Line], console: Console) -> None:
    """A row for each metric, then every question that lost or won a yes of one, with both answers and passages.

    What is graded, such as MRR@10 and evidence precision@5, changes a little of most questions, and is told beside.
    """
    table = Table("metric", "questions", "lost", "won", "loss", "95% interval", "p")
    for change in changes:
        counts = (len(change.before), len(change.lost), len(change.won))
        between = f"{change.interval[0]:+.3f} to {change.interval[1]:+.3f}"
        table.add_row(change.metric, *map(str, counts), f"{change.loss:+.3f}", between, f"{change.p_value:.3f}")
    console.print(table)
    for then, now in zip(before, after, strict=True):
        own = [change for change in changes if now["id"] in {*change.lost, *change.won}]
        if not all(change.graded for change in own):
            lost = [change.metric for change in own if now["id"] in change.lost]
            won = [change.metric for change in own if now["id"] in change.won]
            told = [f"newly broken: {', '.join(lost)}"] * bool(lost) + [f"newly fixed: {', '.join(won)}"] * bool(won)
            console.print(f"\n[bold]{escape(now['id'])}[/bold] {escape(_asked(then, now))}")
            console.print("; ".join(told))
            console.print(side_by_side(then, now))


def _asked(then: Line, now: Line) -> str:
    return str(now.get("question") or then.get("question") or "")


def side_by_side(then: Line, now: Line) -> Table:
    """Answer and passages of a question in two runs."""
    table = Table("before", "after", expand=True)
    for told in (_answer, _passages):
        table.add_row(*(escape(told(line)) for line in (then, now)))
    return table


def _answer(line: Line) -> str:
    """What became of the evidence, and the beginning of the answer or what failed."""
    kept = line["error"] or (line.get("answer") or {}).get("text") or "no answer kept"
    return f"({line['outcome'] or 'no evidence'}) {kept[:SHOWN_LETTERS]}"


def _passages(line: Line) -> str:
    """The first passages, one a line; those that hold a quote of the evidence are starred."""
    return "\n".join(_passage_lines(line)) or "no passages kept"


def _passage_lines(line: Line) -> Iterator[str]:
    passages = line.get("passages") or (line.get("answer") or {}).get("passages") or []
    for passage in passages[:SHOWN_PASSAGES]:
        own = [e["quote"] for e in line["evidence"] if e["article"] == passage["article"]]
        star = "★" if any(quote in passage["text"] for quote in own) else " "
        snippet = " ".join(passage["text"].split())[:PASSAGE_LETTERS]
        yield f"{star}{passage['rank']}. {passage['article']}: {snippet}"


def share(text: str) -> float:
    """A share, 0 to 1. Raises ValueError, which argparse reports."""
    value = float(text)
    if not 0 <= value <= 1:  # NaN is neither
        raise ValueError(f"{text} is no share")
    return value


def in_order(lines: Sequence[Line], like: Sequence[Line]) -> list[Line]:
    """The lines in the order of others of the same questions."""
    by_id: Mapping[str, Line] = {line["id"]: line for line in lines}
    return [by_id[line["id"]] for line in like]


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval compare", description=__doc__, epilog=EPILOG)
    parser.add_argument("before", type=Path, metavar="BEFORE")
    parser.add_argument("after", type=Path, metavar="AFTER")
    parser.add_argument(
        "--max-loss", type=share, default=0.02, metavar="SHARE", help="what a metric may lose (default: 0.02)"
    )
    options = parser.parse_args(arguments)
    try:
        before, after = read_run(options.before), read_run(options.after)
        changes = compare(before, after)
    except (RunError, ChangeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    console = Console(width=120)
    for told in changed_parts(before.settings, after.settings).values():
        console.print(f"made differently: {escape(told)}")
    for name, own in changes.items():
        console.print(f"[bold]{escape(name)}[/bold]")
        then, now = before.of_set(name), after.of_set(name)
        print_changes(own, then, in_order(now, then), console)
        if left_out := list(not_compared(then, now)):
            console.print(f"not compared: {escape(', '.join(left_out))}")
    losses = [change for own in changes.values() for change in own if change.is_loss(options.max_loss)]
    for change in losses:
        print(f"FAILED: {change}: {shown_ids(change.lost)}", file=sys.stderr)
    return 1 if losses else 0
