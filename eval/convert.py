"""python -m eval convert FOLDER OUT: a public reading-comprehension set as a corpus and a question set.

FOLDER holds passages.jsonl (id, title, text) and questions.jsonl (id, question, passage, answers, answerable,
and where known starts or evidence); or articles/*.txt and questions.jsonl (id, type, question, answers, answerable,
evidence as [{doc, quote}]). OUT gets corpus/ID.txt, one passage an article, and set.jsonl; a quote that its article
does not hold is left out. Every question is tagged tune or report, all those on one article alike.
With --keep only a share of the passages becomes articles; the questions on the others are then
unanswerable, of type absent-topic.
"""

import argparse
import hashlib
import json
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.text import sentence_spans

EPILOG = """exit codes: 0 corpus and set are written; 1 FOLDER holds no such set, or OUT cannot be written;
2 wrong arguments"""
TYPES = {"fact_based": "fact"}  # of sets that name their types; others keep their name, with - for _


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


@dataclass(frozen=True)
class Converted:
    """Numbers of articles and questions, and the questions that lost a quote which their article does not hold."""

    articles: int
    questions: int
    lost: tuple[str, ...] = ()


def to_question(row: dict[str, Any], text: str, *, kept: bool = True) -> dict[str, Any]:
    """A row of questions.jsonl as a question of a question set; the evidence is the sentence of the answer."""
    answerable = row["answerable"] and kept
    answers = list(dict.fromkeys(row["answers"])) if answerable else []
    quotes = row.get("evidence") or [sentence_of(text, answer, start) for answer, start in located(row, text)]
    evidence = [quote for quote in dict.fromkeys(quotes) if quote in text] if answerable else []
    return {
        "id": row["id"],
        "type": "fact" if answerable else "unanswerable" if kept else "absent-topic",
        "question": row["question"],
        "history": [],
        "answerable": answerable,
        "gold": [answers] if answers else [],
        "forbid": [],
        "evidence": [{"article": row["passage"], "quote": quote} for quote in evidence],
        "tags": [half_of(row["passage"])],
    }


def about(row: dict[str, Any], texts: dict[str, str]) -> str:
    """The article that a row with a type is about: that of its evidence, else the one that its id begins with."""
    if row["evidence"]:
        return Path(row["evidence"][0]["doc"]).stem
    return next((id_ for id_ in texts if row["id"].startswith(f"{id_}-")), row["id"])


def to_typed_question(row: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    """A row that names its type and its evidence; `texts` are those of the articles, by id."""
    quotes = [(Path(e["doc"]).stem, e["quote"]) for e in row["evidence"]]
    evidence = [(article, quote) for article, quote in dict.fromkeys(quotes) if quote in texts[article]]
    return {
        "id": row["id"],
        "type": TYPES.get(row["type"], row["type"].replace("_", "-")),
        "question": row["question"],
        "history": [],
        "answerable": row["answerable"],
        "gold": [row["answers"]] if row["answerable"] else [],
        "forbid": [],
        "evidence": [{"article": article, "quote": quote} for article, quote in evidence],
        "tags": [half_of(about(row, texts))],
    }


def half_of(text: str) -> str:
    """The half that questions belong to, by their article's id or their conversation's opening: it never changes."""
    return ("tune", "report")[hashlib.sha256(text.encode()).digest()[0] % 2]


def located(row: dict[str, Any], text: str) -> list[tuple[str, int]]:
    """Every answer with the offsets where it stands; one that cannot be found is left out.

    The known starts are tried for every answer, since sets list equal answers once but all of their starts.
    """
    found = []
    for answer in row["answers"]:
        starts = [start for start in dict.fromkeys(row.get("starts", [])) if text.startswith(answer, start)]
        found += [(answer, start) for start in starts or [text.find(answer)] if start >= 0]
    return found


def sentence_of(text: str, answer: str, start: int) -> str:
    """The sentence that an answer begins in."""
    return next((text[a:b] for a, b in sentence_spans(text) if a <= start < b), answer)


def convert(
    folder: Path,
    out: Path,
    *,
    keep: float = 1.0,
    questions: int | None = None,
    first: int | None = None,
    seed: int = 7,
    given: bool = False,
) -> Converted:
    """Write the corpus and the set; with `first` of so many questions, and of their passages only.

    With `given` the scope of each question is the article that it is about.
    Raises ValueError where OUT/corpus holds anything else: it would be indexed, and absent topics would be there.
    """
    chance = random.Random(seed)
    if (folder / "articles").is_dir():
        if keep < 1 or first is not None:
            raise ValueError("--keep and --first are for passages.jsonl: here questions may be about several articles")
        return _convert_articles(folder, out, chance, questions, given=given)
    asked = list(read_jsonl(folder / "questions.jsonl"))[:first]
    about = {row["passage"] for row in asked}
    passages = {r["id"]: r for r in read_jsonl(folder / "passages.jsonl") if first is None or r["id"] in about}
    kept = set(chance.sample(sorted(passages), round(keep * len(passages))))
    corpus = _empty_corpus(out, kept)
    for id_ in sorted(kept):
        row = passages[id_]
        (corpus / f"{id_}.txt").write_text(f"{row['title']}\n\n{row['text']}\n", encoding="utf-8")
    rows = _sample(asked, questions, chance)
    converted = [to_question(r, passages[r["passage"]]["text"], kept=r["passage"] in kept) for r in rows]
    if given:
        converted = [within(row["passage"], question) for row, question in zip(rows, converted, strict=True)]
    _write_set(out, converted)
    return Converted(len(kept), len(rows))


def within(article: str, question: dict[str, Any]) -> dict[str, Any]:
    """A question that only one article may answer."""
    return {**question, "scope": {"articles": [article]}}


def _convert_articles(
    folder: Path, out: Path, chance: random.Random, questions: int | None, *, given: bool
) -> Converted:
    paths = sorted((folder / "articles").glob("*.txt"))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    corpus = _empty_corpus(out, set(texts))
    for path in paths:
        shutil.copyfile(path, corpus / path.name)
    rows = _sample(list(read_jsonl(folder / "questions.jsonl")), questions, chance)
    converted = [to_typed_question(row, texts) for row in rows]
    if given:
        converted = [within(about(row, texts), question) for row, question in zip(rows, converted, strict=True)]
    _write_set(out, converted)
    before = [len({(e["doc"], e["quote"]) for e in row["evidence"]}) for row in rows]
    lost = [q["id"] for q, count in zip(converted, before, strict=True) if len(q["evidence"]) < count]
    return Converted(len(paths), len(rows), tuple(lost))


def _empty_corpus(out: Path, ids: set[str]) -> Path:
    """The folder of the articles; nothing is in it but files of these ids. Raises ValueError otherwise."""
    corpus = out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    if others := sorted(path.name for path in corpus.iterdir() if path.name not in {f"{id_}.txt" for id_ in ids}):
        raise ValueError(f"{corpus} holds other files, such as {others[0]}: give an empty folder")
    return corpus


def _sample(rows: list[dict[str, Any]], count: int | None, chance: random.Random) -> list[dict[str, Any]]:
    return rows if count is None or count >= len(rows) else chance.sample(rows, count)


def _write_set(out: Path, questions: list[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
    (out / "set.jsonl").write_text(lines, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval convert", description=__doc__, epilog=EPILOG)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--keep", type=float, default=1.0, help="share of the passages that become articles")
    parser.add_argument("--questions", type=int, help="a random sample of this size")
    parser.add_argument("--first", type=int, help="the first questions only, with only the passages they are about")
    parser.add_argument("--given", action="store_true", help="the article of each question is its scope")
    parser.add_argument("--seed", type=int, default=7, help="seed of the samples")
    options = parser.parse_args(arguments)
    try:
        sampled = {"keep": options.keep, "questions": options.questions, "first": options.first, "seed": options.seed}
        made = convert(options.folder, options.out, **sampled, given=options.given)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, AttributeError) as error:
        print(f"error: {options.folder} holds no such rows as --help tells: {error!r}", file=sys.stderr)
        return 1
    print(f"{made.articles} articles, {made.questions} questions in {options.out}")
    if made.lost:
        print(f"{len(made.lost)} questions lost quotes that their article does not hold: {', '.join(made.lost)}")
    return 0
