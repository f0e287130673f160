"""python -m eval followups PATH: how well follow-ups are made to stand alone.

PATH is a file of cases (eval/sets/followups.jsonl: what the rewrite must carry, what it must leave), which --out DIR
keeps as a run for `python -m eval gate DIR`; or a folder that holds rewrites.jsonl (history of a question and a reply,
question, rewrite), or the passages.jsonl and questions.jsonl of a reading-comprehension set. Of the latter, two
questions on a passage in a row that both name its
title make a conversation: the title in the second becomes 它 (pronoun), or goes (left out).
An entity is a stretch of letters that a diff shows as added to the question, cut at function words (西安 and 照片 in
西安的照片). Recall: the share of the entities which the gold rewrite adds that ours holds, whole. Precision: the share
of the entities which ours adds that the gold rewrite holds, whole. Both are counted over all rows, with the 95%
interval of a bootstrap over rows. Of the follow-ups of rewrites.jsonl those are also told apart whose entities all
stand in the earlier question (asked before) from the others (not asked before: in the reply, or nowhere). `changed` is
the share of rows to which anything was added; it should be 0 where the gold rewrite itself is asked, after its own
opening (whole) or another one (new topic). The halves, tune and report, are split by a hash of the opening, so that
none is in both.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np

from eval.convert import half_of, read_jsonl
from eval.followup_cases import Rewriter, record_cases, told
from eval.records import RunError
from rag.errors import RagError
from rag.rewrite import is_follow_up, stand_alone
from rag.settings import load_settings
from rag.text import normalize
from rag.types import Message, Question

EPILOG = """exit codes: 0 every follow-up was judged, right or wrong; 1 one raised an error, PATH holds none, or the run
or the LLM cannot be used; 2 wrong arguments"""
RESAMPLES = 1000
_FUNCTION_WORDS = re.compile(
    r"什么|怎么|为什么|[的了吗呢吧啊呀嘛么是有在我你您他她它们这那里上个就也都还很和与跟把被]|[\W_]"
)


@dataclass(frozen=True)
class Row:
    """A question to rewrite, with what a person made of it."""

    kind: str
    question: Question
    rewrite: str

    @property
    def opening(self) -> str:
        """The first turn."""
        return self.question.history[0].content

    @property
    def reply(self) -> str:
        """The turn before the question."""
        return self.question.history[-1].content

    @property
    def asked_before(self) -> bool:
        """Whether the gold rewrite adds entities, all of which stand in the first turn."""
        added = entities_added(self.question.text, self.rewrite)
        return bool(added) and all(entity in normalize(self.opening) for entity in added)


def prepend(question: Question) -> str:
    """The baseline: the last question in front, always."""
    last = next(message.content for message in reversed(question.history) if message.role == "user")
    return f"{last} {question.text}"


class LlmRewriter:
    """Follow-ups as the chain completes them with the LLM of the settings; counts what it asks and what it believes.

    Raises RagError where the settings name no LLM that can be used.
    """

    def __init__(self) -> None:
        from rag.generate import open_model  # imports of several seconds: not for --help

        self.settings = load_settings()
        self.model = open_model(self.settings)
        self.asked = self.believed = 0

    def __call__(self, question: Question) -> str:
        """The question as the LLM completes it, or else the rules."""
        from rag.rewrite_llm import rewrite_follow_up

        if not is_follow_up(question):
            return stand_alone(question)
        rewritten = rewrite_follow_up(self.model, question, self.settings)
        self.asked += 1
        self.believed += rewritten is not None
        return rewritten or stand_alone(question)


def entities(text: str) -> list[str]:
    """The stretches of a normalised text between its function words: 西安的照片 gives 西安 and 照片."""
    return _FUNCTION_WORDS.sub(" ", text).split()


def entities_added(before: str, after: str) -> list[str]:
    """The entities of the stretches that a rewriting adds to a question, in order."""
    old, new = normalize(before), normalize(after)
    edits = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    added = [new[start:end] for edit, _, _, start, end in edits if edit in ("insert", "replace")]
    return [entity for stretch in added for entity in entities(stretch)]


def counts(row: Row, ours: str) -> tuple[int, int, int, int]:
    """Of one row: gold entities, those that ours holds; entities that ours adds, those that gold holds."""
    gold, added = entities_added(row.question.text, row.rewrite), entities_added(row.question.text, ours)
    held, right = normalize(ours), normalize(row.rewrite)
    return len(gold), sum(entity in held for entity in gold), len(added), sum(entity in right for entity in added)


def load_rows(folder: Path) -> list[Row]:
    """The rows of a folder, of all kinds. Raises OSError or ValueError for a folder that holds no such set."""
    return list(_dialogues(folder) if (folder / "rewrites.jsonl").exists() else _on_articles(folder))


def _conversation(text: str, asked: str, reply: str) -> Question:
    return Question(text, (Message("user", asked), Message("assistant", reply)))


def _dialogues(folder: Path) -> Iterator[Row]:
    last: Row | None = None
    for row in read_jsonl(folder / "rewrites.jsonl"):
        made = Row("follow-up", _conversation(row["question"], *row["history"]), row["rewrite"])
        whole = replace(made.question, text=made.rewrite)
        yield made
        yield Row("whole", whole, made.rewrite)
        if last and last.opening != made.opening:
            yield Row("new topic", replace(whole, history=last.question.history), made.rewrite)
        last = made


def _on_articles(folder: Path) -> Iterator[Row]:
    titles = {row["id"]: row["title"] for row in read_jsonl(folder / "passages.jsonl")}
    asked = defaultdict(list)
    for row in read_jsonl(folder / "questions.jsonl"):
        if row["answers"]:
            asked[row["passage"]].append((row["question"], row["answers"][0]))
    last: tuple[str, str] | None = None
    for passage, questions in asked.items():
        title = titles[passage]
        if last and title in questions[0][0]:
            yield Row("new topic", _conversation(questions[0][0], *last), questions[0][0])
        last = questions[-1]
        for opening, (text, _) in pairwise(questions):
            name = f"《{title}》" if f"《{title}》" in text else title
            if title in opening[0] and name in text:
                without = text.replace(name, "", 1).lstrip("的，, ")
                yield Row("pronoun", _conversation(text.replace(name, "它", 1), *opening), text)
                yield Row("left out", _conversation(without, *opening), text)


def share_with_interval(parts: Sequence[int], wholes: Sequence[int]) -> str:
    """Sum of the parts by sum of the wholes, with its 95% interval over resampled rows; - with nothing to judge."""
    if not sum(wholes):
        return "-"
    chance = np.random.default_rng(7)
    part, whole = np.array(parts), np.array(wholes)
    picks = chance.integers(len(part), size=(RESAMPLES, len(part)))
    low, high = np.nanpercentile(part[picks].sum(axis=1) / np.maximum(whole[picks].sum(axis=1), 1), [2.5, 97.5])
    return f"{part.sum() / whole.sum():.3f} [{low:.3f}, {high:.3f}]"


def report(rows: list[Row], rewriters: dict[str, Rewriter]) -> list[str]:
    """One line of figures for each kind of rows and each rewriter."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        groups[row.kind].append(number)
        if row.kind == "follow-up":
            groups["asked before" if row.asked_before else "not asked before"].append(number)
    rewritten = {name: [rewriter(row.question) for row in rows] for name, rewriter in rewriters.items()}
    lines = [f"{'kind':<16} {'rewriter':<12} {'rows':>6}  {'recall':<22} {'precision':<22} changed"]
    for kind, numbers in groups.items():
        judged = [rows[number] for number in numbers]
        for name, ours_of_all in rewritten.items():
            written = [ours_of_all[number] for number in numbers]
            gold, held, added, right = zip(*map(counts, judged, written), strict=True)
            changes = [row.question.text != ours for row, ours in zip(judged, written, strict=True)]
            recall, precision = share_with_interval(held, gold), share_with_interval(right, added)
            changed = share_with_interval(changes, [1] * len(judged))
            lines.append(f"{kind:<16} {name:<12} {len(judged):>6}  {recall:<22} {precision:<22} {changed}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eval followups",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", type=Path)
    parser.add_argument("--split", choices=["tune", "report"], help="the half (default: report)")
    parser.add_argument("--limit", type=int, help="the first rows of the half only")
    parser.add_argument("--kind", help="rows of one kind only, such as follow-up")
    parser.add_argument("--llm", action="store_true", help="also with the LLM of the settings (YINJU_LLM)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run, of a file of cases")
    options = parser.parse_args(arguments)
    if options.out and not options.path.is_file():
        parser.error("--out is for a file of cases")
    if options.path.is_file() and (options.split or options.limit or options.kind or options.llm):
        parser.error("--split, --limit, --kind and --llm are for a folder of rows: of a file of cases all are asked")
    split = options.split or "report"
    try:
        if options.path.is_file():
            run = record_cases(options.path, stand_alone, options.out)
            print("\n".join(told(run)))
            return 1 if any(line["error"] for line in run.lines) else 0
        rows = [row for row in load_rows(options.path) if half_of(row.opening) == split]
        rows = [row for row in rows if options.kind in (None, row.kind)][: options.limit]
    except RunError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"error: {options.path} holds no follow-ups: {error}", file=sys.stderr)
        return 1
    if not rows:
        print(f"error: {options.path} holds no follow-ups in the half {split}", file=sys.stderr)
        return 1
    rewriters: dict[str, Rewriter] = {"prepend": prepend, "stand_alone": stand_alone}
    try:
        llm = LlmRewriter() if options.llm else None
    except RagError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\n".join(report(rows, rewriters | ({"llm": llm} if llm else {}))))
    if llm:
        print(f"the LLM was asked {llm.asked} times, {llm.believed} of its rewritings were believed")
    return 0
