import hashlib
import json
from pathlib import Path

import pytest

from bench.cleaning import (
    LABELS,
    Label,
    Score,
    add,
    failures,
    main,
    plain,
    read_labels,
    score,
    stated,
    wrong_fields,
)
from ingest.clean import find_removals
from rag.types import Article, Removal

RAW = "# 面馆\n\n> 导读：面香。\n\n**面**香，[汤](http://a.cn)也香。人多。\n\n（完）"
LABEL = Label("面.md", "", "tune", frozenset({1, 7}), {3: [(2, 5)]})


def cleaned(*removed: Removal) -> Article:
    return Article("面", "面.md", RAW, removed)


def removal(words: str, kind: str = "advert", rule: str = "some/rule") -> Removal:
    return Removal(RAW.index(words), RAW.index(words) + len(words), kind, rule)


def test_what_is_labelled_and_removed_counts_as_right() -> None:
    result = score(cleaned(removal("# 面馆"), removal("导读："), removal("（完）")), LABEL)
    assert (result.sentences, result.sentences_kept, result.lost) == (3, 3, [])
    assert (result.lines, result.lines_removed, result.left) == (3, 3, [])
    assert (result.characters, result.characters_removed) == (9, 9)


def test_a_body_sentence_that_lost_a_word_is_named_with_line_and_rule() -> None:
    result = score(cleaned(removal("也香")), LABEL)
    assert (result.sentences, result.sentences_kept) == (3, 2)
    assert result.lost == ["面.md:5  some/rule"]


def test_a_body_sentence_without_its_mark_up_is_whole() -> None:
    article = Article("面", "面.md", RAW, find_removals(RAW))
    assert score(article, LABEL).lost == []


def test_furniture_that_is_left_is_named_with_its_line() -> None:
    result = score(cleaned(removal("（完")), LABEL)
    assert result.left == ["面.md:1  # 面馆", "面.md:3  > 导读：面香。", "面.md:7  ）"]
    assert (result.lines_removed, result.characters_removed) == (0, 2)


def test_scores_add_up_and_a_share_of_nothing_is_none() -> None:
    total = add([Score(sentences=2, sentences_kept=1, lost=["a"]), Score(sentences=2, sentences_kept=2)])
    assert (total.shares["sentences"], total.lost) == (0.75, ["a"])
    assert Score().shares == {"sentences": None, "lines": None, "characters": None}


def test_the_second_opinion_on_mark_up_keeps_the_words() -> None:
    assert plain(r"> - **面** [汤](http://a.cn)![图](b.png) 1\. `人`") == "面汤1.人"


HINTED = """# 一家面馆
{% hint style="info" %}
**Category:** It
**Author:** [老\\_面](https://www.woshipm.com/u/7)
**Published:** 2024-01-02\x20\x20
**Original:** [View on woshipm.com](https://www.woshipm.com/it/7.html)
{% endhint %}
面香。
"""


def test_the_hint_block_is_read_without_the_cleaner() -> None:
    url = "https://www.woshipm.com/it/7.html"
    expected = {"title": "一家面馆", "author": "老_面", "published": "2024-01-02", "url": url}
    assert stated(HINTED) == expected
    assert stated("面香。") is None
    right = Article("面", "面.md", HINTED, (), "一家面馆", "老_面", None, "2024-01-02", url)
    assert wrong_fields(right, expected) == []
    wrong = Article("面", "面.md", HINTED, (), "一家面馆", "老面", None, "2024-01-02", url)
    assert wrong_fields(wrong, expected) == ["author '老面'"]


def test_figures_below_a_floor_or_without_anything_to_judge_fail() -> None:
    good = {"shares": {"sentences": 1.0, "lines": 1.0, "characters": 1.0}}
    bad = {"shares": {"sentences": 0.99, "lines": None, "characters": 1.0}}
    metadata = {"articles": 300, "right": 300}
    assert list(failures({"tune": good, "report": good, "metadata": metadata, "mistakes": []})) == []
    assert list(failures({"tune": good, "report": bad, "metadata": metadata, "mistakes": ["x"]})) == [
        "report: sentences 0.99 is below 0.995",
        "report: lines None is below 0.99",
        "1 mistakes in metadata or on cleaning twice",
    ]


def test_the_labels_hold_no_text_and_half_of_them_are_for_the_report() -> None:
    labels = read_labels()
    assert [sum(label.split == split for label in labels) for split in ("tune", "report")] == [15, 15]
    assert len({label.file for label in labels}) == 30
    text = LABELS.read_text(encoding="utf-8")
    assert text.isascii()
    for line in text.splitlines():
        assert json.loads(line).keys() == {"file", "sha256", "split", "furniture", "partly"}


def test_an_absent_or_changed_file_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    label = read_labels()[0]
    assert main([str(tmp_path)]) == 2
    assert f"{label.file} is absent" in capsys.readouterr().err
    (tmp_path / label.file).write_text("面香。", encoding="utf-8")
    assert main([str(tmp_path)]) == 2
    assert f"{label.file} is not the file that was labelled" in capsys.readouterr().err


def test_the_command_gives_its_figures_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    for split in ("tune", "report"):
        path = tmp_path / f"{split}.md"
        path.write_text(HINTED, encoding="utf-8")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        furniture = list(range(1, 8))
        lines.append(
            json.dumps({"file": path.name, "sha256": digest, "split": split, "furniture": furniture, "partly": {}})
        )
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\n".join(lines), encoding="utf-8")
    arguments = [str(tmp_path), "--labels", str(labels)]
    assert main([*arguments, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["report"]["shares"] == {"sentences": 1.0, "lines": 1.0, "characters": 1.0}
    assert (figures["metadata"], figures["failures"]) == ({"articles": 2, "right": 2}, [])
    assert main(arguments) == 0
    assert "2 of 2" in capsys.readouterr().out
