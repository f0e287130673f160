"""python -m eval typing_errors: what typing errors cost, and what correcting them gives back.

Into each question of a set that has evidence one slip is put, in what it shares with its evidence or with the title of
that article: the longest stretch of characters, or a Latin word. The kinds: another character of the same sound, two
characters exchanged, one dropped or doubled, a letter dropped from or exchanged in a Latin word. The slip is drawn from
a fixed seed. Evidence hits are counted for the right question, for the slip, and for the slip corrected; `changed` is
the share of questions that the correction changed, which should be 0 for right ones, `undone` the share of slips whose
correction is the right question. With --questions FILE (JSON Lines with the key "question") only `changed` is counted.
"""

import argparse
import random
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from eval.convert import read_jsonl
from eval.sets import SetError, SetQuestion, load_set, locate_all
from rag.errors import RagError
from rag.library import Library
from rag.pinyin import sounds
from rag.settings import load_settings
from rag.text import CJK, simplify

EPILOG = "exit codes: 0 it was measured; 1 index, set or FILE cannot be used; 2 wrong arguments"
LONGEST_NAME = 8
_CJK_RUN = re.compile(f"[{CJK}]{{2,}}")
_LATIN_WORD = re.compile(r"[A-Za-z]{5,}")


@dataclass(frozen=True)
class Slip:
    """A question with a slip of some kind in it."""

    kind: str
    right: SetQuestion
    text: str


def shared_name(question: str, texts: Iterable[str]) -> str:
    """The longest stretch of two or more Chinese characters that a question shares with any of the texts; or empty."""
    joined = "\n".join(texts)
    runs = _CJK_RUN.findall(question)
    stretches = (run[a:b] for run in runs for a in range(len(run)) for b in range(a + 2, len(run) + 1))
    held = [stretch for stretch in stretches if len(stretch) <= LONGEST_NAME and stretch in joined]
    return max(held, key=len, default="")


def slips_of(name: str, alike: dict[str, list[str]], chance: random.Random) -> Iterator[tuple[str, str]]:
    """One slip of each kind that a name allows."""
    at = chance.randrange(len(name))
    if name.isascii():
        yield "latin", name[: max(1, at)] + name[max(1, at) + 1 :]
        at = chance.randrange(1, len(name) - 1)
        if name[at] != name[at + 1]:
            yield "latin", name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        return
    if others := [char for sound in sounds(name[at]) for char in alike.get(sound, []) if char != name[at]]:
        yield "sound", name[:at] + chance.choice(others) + name[at + 1 :]
    at = chance.randrange(len(name) - 1)
    if name[at] != name[at + 1]:
        yield "order", name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if len(name) > 2:
        at = chance.randrange(1, len(name) - 1)
        yield "dropped", name[:at] + name[at + 1 :]
        yield "doubled", name[:at] + name[at] + name[at:]


def make_slips(questions: Iterable[SetQuestion], library: Library, seed: int) -> Iterator[Slip]:
    """The slips of every question that has evidence."""
    chance = random.Random(seed)
    alike = common_by_sound()
    for question in questions:
        articles = [library.article(evidence.article) for evidence in question.evidence]
        texts = [simplify(evidence.quote) for evidence in question.evidence] + [article.title for article in articles]
        text = simplify(question.question.text)
        latin = [word for word in _LATIN_WORD.findall(text) if any(word in other for other in texts)]
        for name in filter(None, (shared_name(text, texts), *latin[:1])):
            for kind, wrong in slips_of(name, alike, chance):
                yield Slip(kind, question, text.replace(name, wrong, 1))


def common_by_sound(most: int = 3000) -> dict[str, list[str]]:
    """The most common characters by their sound: what an input method offers first."""
    from rag.words import general_words

    found: dict[str, list[str]] = {}
    for char in general_words().common_characters(most):
        for sound in sounds(char):
            found.setdefault(sound, []).append(char)
    return found


def rows_of(
    slips: list[Slip], hits: Callable[[SetQuestion, str], tuple[float, float]], correct: Callable[[str], str]
) -> Iterator[str]:
    """One line of figures for each kind of slip."""
    yield f"{'kind':<8} {'slips':>5}  right hit@5/@1  slip hit@5/@1  corrected hit@5/@1  changed  undone"
    for kind in [*dict.fromkeys(slip.kind for slip in slips), "all"]:
        own = [slip for slip in slips if kind in (slip.kind, "all")]
        corrected = [correct(slip.text) for slip in own]
        right = [simplify(slip.right.question.text) for slip in own]
        columns = [right, [slip.text for slip in own], corrected]
        shown = []
        for texts in columns:
            pairs = [hits(slip.right, text) for slip, text in zip(own, texts, strict=True)]
            shown.append("/".join(f"{statistics.fmean(values):.3f}" for values in zip(*pairs, strict=True)))
        changed = statistics.fmean(slip.text != text for slip, text in zip(own, corrected, strict=True))
        undone = statistics.fmean(text.lower() == whole.lower() for text, whole in zip(corrected, right, strict=True))
        yield f"{kind:<8} {len(own):>5}  {shown[0]:<14}  {shown[1]:<13}  {shown[2]:<18}  {changed:<7.3f}  {undone:.3f}"


def changed_line(texts: list[str], correct: Callable[[str], str]) -> str:
    """How many right questions a correction changes, and which."""
    changes = [(text, after) for text in texts if (after := correct(text)) != text]
    lines = [f"right questions {len(texts)}  changed {len(changes)} ({len(changes) / max(1, len(texts)):.4f})"]
    return "\n".join(lines + [f"  {before} → {after}" for before, after in changes])


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eval typing_errors",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--index", type=Path, metavar="DIR", help="folder of the index (default: YINJU_INDEX)")
    parser.add_argument("--set", type=Path, default=Path("eval/sets/corpus.jsonl"), help="question set (JSON Lines)")
    parser.add_argument("--tag", help="only the questions with this tag, such as tune or report")
    parser.add_argument("--questions", type=Path, metavar="FILE", help="only count which of these are changed")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    try:
        for line in measured_lines(options):
            print(line)
    except (RagError, SetError, OSError, ValueError, KeyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def measured_lines(options: argparse.Namespace) -> Iterator[str]:
    """The figures of the command's options."""
    from eval.scoring import retrieval_scores
    from rag.backend import open_backend
    from rag.embed import SentenceEmbedder
    from rag.index import IndexReader
    from rag.retrieve import HybridRetriever
    from rag.spelling import speller_of

    settings = load_settings(index=options.index)
    embedder = SentenceEmbedder(settings.embedding_model)
    generation = IndexReader(settings.index, embedder, open_backend(settings)).current()
    correct = speller_of(generation.library).corrected
    if options.questions:
        yield changed_line([simplify(row["question"]) for row in read_jsonl(options.questions)], correct)
        return
    questions = [q for q in load_set(options.set) if options.tag is None or options.tag in q.tags]
    yield changed_line([simplify(q.question.text) for q in questions if q.type != "typo"], correct)
    judged = [q for q in questions if q.evidence and q.type != "typo"]
    gold = dict(zip((q.id for q in judged), locate_all(judged, generation.library), strict=True))
    retriever = HybridRetriever.of(generation, embedder, settings)

    def hits(question: SetQuestion, text: str) -> tuple[float, float]:
        scores = retrieval_scores(question, retriever.retrieve(text), gold[question.id])
        return float(scores["evidence hit@5"] or 0), float(scores["evidence hit@1"] or 0)

    yield from rows_of(list(make_slips(judged, generation.library, options.seed)), hits, correct)
