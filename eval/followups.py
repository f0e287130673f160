"""python -m eval.followups FOLDER: how well follow-ups are made to stand alone.

FOLDER holds rewrites.jsonl (history of a question and a reply, question, rewrite), or the passages.jsonl and
questions.jsonl of a reading-comprehension set. Of the latter, two questions on a passage in a row that both name its
title make a conversation: the title in the second becomes 它 (pronoun), or goes (left out).
Terms are the index terms of what a diff against the question adds, without function words. Recall: the share of the
terms of the gold rewrite that ours holds. Precision: the share of the terms that ours adds which the gold rewrite
holds. Both are counted over all rows, with the 95% interval of a bootstrap over rows. `changed` is the share of rows
to which anything was added; it should be 0 where the gold rewrite itself is asked, after its own opening (whole) or
another one (new topic). The halves, tune and report, are split by a hash of the opening, so that none is in both.
"""

import argparse
import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np

from eval.convert import read_jsonl
from rag.errors import RagError
from rag.rewrite import is_follow_up, stand_alone
from rag.settings import load_settings
from rag.text import index_terms, normalize
from rag.types import Message, Question

RESAMPLES = 1000
_FUNCTION_WORDS = re.compile(
    r"什么|怎么|为什么|[的了吗呢吧啊呀嘛么是有在我你您他她它们这那里上个就也都还很和与跟把被]|[\W_]"
)

Rewriter = Callable[[Question], str]


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


def terms_added(before: str, after: str) -> set[str]:
    """The content terms of the stretches that a rewriting adds to a question."""
    old, new = normalize(before), normalize(after)
    edits = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    added = [new[start:end] for edit, _, _, start, end in edits if edit in ("insert", "replace")]
    return {term for stretch in added for term in index_terms(_FUNCTION_WORDS.sub(" ", stretch))}


def counts(row: Row, ours: str) -> tuple[int, int, int, int]:
    """Of one row: gold terms, those that ours holds; terms that ours adds, those that gold holds."""
    gold, added = terms_added(row.question.text, row.rewrite), terms_added(row.question.text, ours)
    held, right = normalize(ours), normalize(row.rewrite)
    return len(gold), sum(term in held for term in gold), len(added), sum(term in right for term in added)


def in_split(opening: str, split: str) -> bool:
    """Whether a conversation that opens so belongs to the half of this name."""
    return ("tune", "report")[hashlib.sha256(opening.encode()).digest()[0] % 2] == split


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
    lines = [f"{'kind':<10} {'rewriter':<12} {'rows':>6}  {'recall':<22} {'precision':<22} changed"]
    for kind in dict.fromkeys(row.kind for row in rows):
        for name, rewriter in rewriters.items():
            judged = [(row, rewriter(row.question)) for row in rows if row.kind == kind]
            gold, held, added, right = (
                list(column) for column in zip(*(counts(*pair) for pair in judged), strict=True)
            )
            changed = share_with_interval([row.question.text != ours for row, ours in judged], [1] * len(judged))
            recall, precision = share_with_interval(held, gold), share_with_interval(right, added)
            lines.append(f"{kind:<10} {name:<12} {len(judged):>6}  {recall:<22} {precision:<22} {changed}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.followups", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=["tune", "report"], default="report", help="the half (default: report)")
    parser.add_argument("--limit", type=int, help="the first rows of the half only")
    parser.add_argument("--kind", help="rows of one kind only, such as follow-up")
    parser.add_argument("--llm", action="store_true", help="also with the LLM of the settings (YINJU_LLM)")
    options = parser.parse_args(arguments)
    try:
        rows = [row for row in load_rows(options.folder) if in_split(row.opening, options.split)]
        rows = [row for row in rows if options.kind in (None, row.kind)][: options.limit]
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"error: {options.folder} holds no follow-ups: {error}", file=sys.stderr)
        return 1
    if not rows:
        print(f"error: {options.folder} holds no follow-ups in the half {options.split}", file=sys.stderr)
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


if __name__ == "__main__":
    sys.exit(main())
