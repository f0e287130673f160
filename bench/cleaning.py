"""python -m bench.cleaning FOLDER: how well the cleaner does on real articles, against labels made by hand.

bench/labels/cleaning.jsonl holds no text: of each article the digest of its file, its split, the numbers of its
furniture lines (from 1), and the furniture spans inside lines that are body otherwise. The rules were made with the
split "tune"; "report" was labelled before the cleaner was seen on it, and not looked at while the rules were made.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ingest.clean import find_removals
from ingest.load import load_article
from rag.text import sentence_spans
from rag.types import Article, Span

LABELS = Path(__file__).with_name("labels") / "cleaning.jsonl"
FLOORS = {"sentences": 0.995, "lines": 0.99, "characters": 0.99}
FIELDS = ("title", "author", "published", "url")
SPLITS = ("tune", "report")


class WrongFolder(ValueError):
    """The folder lacks a labelled article, or holds another version of it."""


@dataclass(frozen=True)
class Label:
    """What of an article is furniture: whole lines, and spans inside other lines."""

    file: str
    sha256: str
    split: str
    furniture: frozenset[int]
    partly: dict[int, list[Span]]


@dataclass
class Score:
    """Counts of one split, and where the cleaner was wrong."""

    articles: int = 0
    sentences: int = 0
    sentences_kept: int = 0
    lines: int = 0
    lines_removed: int = 0
    characters: int = 0
    characters_removed: int = 0
    lost: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def shares(self) -> dict[str, float | None]:
        """Body sentences kept whole, furniture lines and characters removed; None where there are none."""
        counts = {
            "sentences": (self.sentences_kept, self.sentences),
            "lines": (self.lines_removed, self.lines),
            "characters": (self.characters_removed, self.characters),
        }
        return {name: good / all_ if all_ else None for name, (good, all_) in counts.items()}


def read_labels(path: Path = LABELS) -> list[Label]:
    """The labels of all labelled articles."""
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Label(
            entry["file"],
            entry["sha256"],
            entry["split"],
            frozenset(entry["furniture"]),
            {int(line): [(a, b) for a, b in spans] for line, spans in entry["partly"].items()},
        )
        for entry in entries
    ]


def read_article(folder: Path, label: Label) -> Article:
    """A labelled article, cleaned. Raises WrongFolder where the labels are not of this file."""
    path = folder / label.file
    if not path.is_file():
        raise WrongFolder(f"{path} is absent: give the folder of the labelled articles")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != label.sha256:
        raise WrongFolder(f"{path} is not the file that was labelled: its digest differs")
    return load_article(path, folder, content)


def plain(line: str) -> str:
    """The words of a line of Markdown, without white space: a second opinion, apart from the cleaner's rules."""
    words = re.sub(r"!\[.*?\]\(\S*?\)", "", line)
    words = re.sub(r"\[(.*?)\]\(\S*?\)", r"\1", words)
    words = re.sub(r"^\s*(?:(?:#{1,6}|[-*+>])(?:\s+|$))+", "", words)
    return re.sub(r"[\s\u200b-\u200d\u2060\ufeff]|\*\*|__|`|\\(?=[^\w\s])", "", words)


def score(article: Article, label: Label) -> Score:
    """Counts of one article."""
    result = Score(articles=1)
    kept = bytearray(b"\1") * len(article.raw)
    for removal in article.removed:
        kept[removal.start : removal.end] = bytes(removal.end - removal.start)
    start = 0
    for number, line in enumerate(article.raw.split("\n"), 1):
        visible = "".join(char for at, char in enumerate(line, start) if kept[at])
        furniture = [(0, len(line))] if number in label.furniture else label.partly.get(number, [])
        where = f"{label.file}:{number}"
        for a, b in furniture:
            characters = [start + at for at in range(a, b) if not line[at].isspace()]
            left = [at for at in characters if kept[at]]
            result.lines += 1
            result.lines_removed += not left
            result.characters += len(characters)
            result.characters_removed += len(characters) - len(left)
            if left:
                result.left.append(f"{where}  {visible.strip()[:40]}")
        body = _without(line, furniture)
        for a, b in sentence_spans(body):
            words = plain(body[a:b])
            result.sentences += bool(words)
            if not words or words in plain(visible):
                result.sentences_kept += bool(words)
            else:
                result.lost.append(f"{where}  {', '.join(_rules_between(article, start, start + len(line)))}")
        start += len(line) + 1
    return result


def _without(line: str, spans: Iterable[Span]) -> str:
    for a, b in sorted(spans, reverse=True):
        line = line[:a] + line[b:]
    return line


def _rules_between(article: Article, start: int, end: int) -> list[str]:
    return sorted({r.rule for r in article.removed if r.start < end and start < r.end})


def add(scores: Iterable[Score]) -> Score:
    """The sum of several scores."""
    total = Score()
    for part in scores:
        for name, value in vars(part).items():
            setattr(total, name, getattr(total, name) + value)
    return total


def stated(raw: str) -> dict[str, str] | None:
    """Title, author, date and URL of an article of the commonest form, read without the cleaner; None for others."""
    lines = raw.replace("\\", "").split("\n")
    if len(lines) < 3 or not lines[0].startswith("# ") or not lines[1].startswith("{% hint"):
        return None
    block = lines[2 : lines.index("{% endhint %}")]
    values = dict(line.strip().removeprefix("**").split(":** ", 1) for line in block)
    return {
        "title": lines[0].removeprefix("# ").strip(),
        "author": values["Author"].removeprefix("[").partition("](")[0],
        "published": values["Published"].strip(),
        "url": values["Original"].partition("](")[2].removesuffix(")"),
    }


def wrong_fields(article: Article, expected: dict[str, str]) -> list[str]:
    """Fields of an article that are not what its file states."""
    return [f"{name} {getattr(article, name)!r}" for name in FIELDS if getattr(article, name) != expected[name]]


def measure(folder: Path, labels: list[Label]) -> dict[str, Any]:
    """All figures. Raises WrongFolder where labelled articles are absent or differ."""
    splits = {
        split: add(score(read_article(folder, label), label) for label in labels if label.split == split)
        for split in SPLITS
    }
    forms = wrong = 0
    mistakes: list[str] = []
    for path in sorted(folder.glob("*.md")):
        article = load_article(path, folder, path.read_bytes())
        if expected := stated(article.raw):
            forms += 1
            fields = wrong_fields(article, expected)
            wrong += bool(fields)
            mistakes += [f"{path.name}  {name}" for name in fields]
        mistakes += [f"{path.name}  cleaned again: {r.rule}" for r in find_removals(article.text)]
    result = {split: {**vars(splits[split]), "shares": splits[split].shares} for split in SPLITS}
    return {**result, "metadata": {"articles": forms, "right": forms - wrong}, "mistakes": mistakes}


def failures(figures: dict[str, Any]) -> Iterator[str]:
    """What is below its floor; a share of nothing is."""
    for split in SPLITS:
        for name, floor in FLOORS.items():
            share = figures[split]["shares"][name]
            if share is None or share < floor:
                yield f"{split}: {name} {share} is below {floor}"
    if not figures["metadata"]["articles"]:
        yield "no article of the commonest form"
    if figures["mistakes"]:
        yield f"{len(figures['mistakes'])} mistakes in metadata or on cleaning twice"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; exit code 0, 1 below a floor, 2 where the folder is not that of the labels."""
    parser = argparse.ArgumentParser(prog="python -m bench.cleaning", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the labelled articles")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument("--labels", type=Path, default=LABELS, metavar="FILE", help="other labels than the committed")
    options = parser.parse_args(arguments)
    try:
        figures = measure(options.folder, read_labels(options.labels))
    except WrongFolder as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    below = list(failures(figures))
    if options.json:
        print(json.dumps({**figures, "failures": below}, ensure_ascii=False))
    else:
        print_figures(figures, below)
    return 1 if below else 0


def print_figures(figures: dict[str, Any], below: list[str]) -> None:
    """The table of shares, then every mistake."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table("split", "articles", "body sentences kept", "furniture lines removed", "furniture characters removed")
    for split in SPLITS:
        part = figures[split]
        counts = [(part["sentences_kept"], part["sentences"]), (part["lines_removed"], part["lines"])]
        counts.append((part["characters_removed"], part["characters"]))
        shares = [
            "-" if share is None else f"{share:.2%} ({good} of {all_})"
            for share, (good, all_) in zip(part["shares"].values(), counts, strict=True)
        ]
        table.add_row(split, str(part["articles"]), *shares)
    console.print(table)
    metadata = figures["metadata"]
    console.print(f"title, author, date and URL right: {metadata['right']} of {metadata['articles']}")
    for split in SPLITS:
        for kind, title in (("lost", "body removed"), ("left", "furniture left")):
            for mistake in figures[split][kind]:
                console.print(f"{split}: {title}: {mistake}")
    for line in [*figures["mistakes"], *below]:
        console.print(line)


if __name__ == "__main__":
    sys.exit(main())
