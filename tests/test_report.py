"""The report of a run: why questions failed, what is counted, and a page that opens from disk and runs nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from run_folder import TEXT, answer, line, write_run

from eval import reasons
from eval.gates import BASELINE, Verdict
from eval.highlight import quote_spans, spans_of, stretches
from eval.intervals import Estimate, estimate
from eval.records import RunError
from eval.report import figure, main, passage_pieces, render, words
from eval.report_data import Bin, bins, read_report, run_folders
from rag.text import visible

UNJUDGED = {"outcome": None}

# why a question failed


def test_a_right_answer_has_no_reason() -> None:
    assert reasons.failure_reasons(line()) == ()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"error": "KeyError: x", "answer": None}, ("crashed",)),
        ({"error": "stale label: 甲 does not say '鱼'", "answer": None}, ("stale label",)),
        ({"outcome": "not among the candidates", "scores": {"joint accuracy": 0.0}}, ("not retrieved",)),
        (
            {"outcome": "ranked low", "answer": answer(refused=True), "scores": {"joint accuracy": 0.0}},
            ("ranked low", "refused wrongly"),
        ),
        ({"outcome": "retrieved, not cited", "scores": {"joint accuracy": 0.0}}, ("not selected",)),
        ({"answer": answer(refused=True), "scores": {"joint accuracy": 0.0}}, ("refused wrongly",)),
        (
            {
                "answerable": False,
                "gold": [],
                "evidence": [],
                "outcome": None,
                "scores": {"joint accuracy": 0.0},
            },
            ("answered though not stated",),
        ),
        (
            {"answer": answer("猫有 3 只。"), "scores": {"joint accuracy": 0.0, "gold figures": 0.0}},
            ("wrong figure",),
        ),
        ({"answer": answer("猫很多。"), "scores": {"joint accuracy": 0.0, "gold figures": 0.0}}, ("gold missing",)),
        ({"scores": {"forbidden": 1.0}}, ("says what only wrong answers say",)),
        ({"scores": {"unsupported figures": 0.5}}, ("unsupported",)),
        ({"scores": {"citations exact": 0.5}}, ("unsupported",)),
        ({"scores": {"joint accuracy": 0.0, "gold containment": 0.5}}, ("gold missing",)),
        ({"answer": None, "outcome": "ranked low"}, ("ranked low",)),
        ({"answer": None, "outcome": "retrieved"}, ()),
    ],
)
def test_a_failure_is_told_by_the_stages_that_went_wrong(more: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert reasons.failure_reasons(line(**more)) == expected


def test_every_reason_and_sentence_has_words_in_both_languages() -> None:
    chinese, english = words("zh"), words("en")
    assert set(chinese["reasons"]) == set(english["reasons"]) == set(reasons.ORDER)
    assert chinese.keys() == english.keys()
    assert chinese["metrics"].keys() == english["metrics"].keys()
    slots = {key: re.findall(r"\{\w+\}", text) for key, text in chinese.items() if isinstance(text, str)}
    assert slots == {key: re.findall(r"\{\w+\}", text) for key, text in english.items() if isinstance(text, str)}


# what is highlighted


def test_a_text_is_cut_where_spans_begin_and_end() -> None:
    assert stretches("甲乙丙丁", gold=[(1, 3)], cited=[(2, 4)]) == [
        ("甲", ""),
        ("乙", "gold"),
        ("丙", "gold cited"),
        ("丁", "cited"),
    ]
    assert stretches("", gold=[(0, 1)]) == []
    assert spans_of("鱼和鱼", ["鱼", ""]) == [(0, 1), (2, 3)]


def test_a_quote_that_the_passage_cuts_off_is_marked_as_far_as_it_goes() -> None:
    assert quote_spans("吃鱼。猫", ["猫吃鱼。"]) == [(0, 3)]
    assert quote_spans("狗。猫吃", ["猫吃鱼。"]) == [(2, 4)]
    assert quote_spans("狗。猫", ["猫吃鱼。"]) == []


def test_in_a_passage_the_evidence_and_what_is_cited_are_marked() -> None:
    of = line(answer=answer("猫怕狗。"))
    assert passage_pieces(of, of["answer"]["passages"][0]) == [("猫吃鱼。", "gold"), ("猫怕狗。", "cited")]
    other = {"article": "乙", "rank": 2, "start": 0, "end": 8, "text": TEXT}
    assert passage_pieces(of, other) == [(TEXT, "")]


# what is counted


def test_times_are_counted_in_steps_of_equal_ratio_without_empty_ends() -> None:
    counted = bins([10.0, 11.0, 100.0])
    assert [found.count for found in counted] == [2, 0, 0, 0, 0, 0, 1]
    assert (round(counted[0].low, 6), round(counted[-1].low, 6)) == (10.0, 100.0)
    assert bins([]) == []
    assert bins([0.2]) == [Bin(1.0, 10 ** (1 / 6), 1)]


def test_answers_and_refusals_are_counted_against_what_was_right(tmp_path: Path) -> None:
    no = {"answerable": False, "gold": [], "evidence": [], "outcome": None}
    report = read_report(
        write_run(
            tmp_path,
            line("a"),
            line("b", answer=answer(refused=True), scores={"joint accuracy": 0.0, "gold share": None}),
            line("c", type="near", **no, scores={"joint accuracy": 0.0, "evidence recall@10": None}),
            line("d", type="off", **no, answer=answer(refused=True), scores={"evidence recall@10": None}),
            line("e", error="KeyError: x", answer=None, scores={"milliseconds": None}),
        )
    )
    half, none, all_ = estimate([0.0, 1.0]), estimate([0.0]), estimate([1.0])
    assert report.confusion == dict.fromkeys(product((True, False), repeat=2), half)
    assert report.refusals == [("near", none), ("off", all_)]
    assert [(point.id, point.retrieval, point.answer, point.failed) for point in report.points] == [
        ("a", 1.0, 1.0, False),
        ("b", 1.0, 0.0, True),
    ]
    assert report.percentiles == dict.fromkeys((50, 95), Estimate(20.0, 20.0, 20.0, 4))
    assert [(reason, [place for place, _, _ in listed]) for reason, listed in report.failures] == [
        ("crashed", [4]),
        ("refused wrongly", [1]),
        ("answered though not stated", [2]),
    ]


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("joint accuracy", 0.687, "68.7%"),
        ("p50 ms", 24.0, "24 ms"),
        ("milliseconds", 1800.0, "1.8 s"),
        ("brevity", 14.66, "14.7×"),
        ("prompt tokens", 2150.0, "2,150"),
        ("reply tokens", 90.4, "90"),
    ],
)
def test_a_figure_is_read_in_its_unit(name: str, value: float, read: str) -> None:
    assert figure(value, name) == read


def test_what_is_no_share_has_no_bar_and_less_of_it_is_better(tmp_path: Path) -> None:
    told = {"prompt tokens": 2150.0, "fell back": 0.0}
    html = render(read_report(write_run(tmp_path, line(scores=dict(told)))), language="en")
    rows = {name: html.split(f'<th scope="row">{name}')[1].split("</tr>")[0] for name in told}
    assert "2,150" in rows["prompt tokens"] and "yr-strip" not in rows["prompt tokens"]
    assert all("lower is better" in rows[name] for name in ("prompt tokens", "fell back"))
    assert "yr-strip" in rows["fell back"]


# the page

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&"


class Tags(HTMLParser):
    """Every tag of a page, and every attribute that names an address or a script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {str(value) for name, value in attrs if name in ("src", "href") or name.startswith("on")}


def test_no_word_of_a_run_becomes_a_tag(tmp_path: Path) -> None:
    evil = line(
        EVIL,
        type=EVIL,
        question=f"{EVIL}\x00\x1b\u202e",
        history=[{"role": "user", "content": EVIL}],
        gold=[[EVIL]],
        forbid=[EVIL],
        evidence=[{"article": EVIL, "quote": EVIL}],
        answer=answer(
            EVIL,
            notice=EVIL,
            passages=[{"article": EVIL, "rank": 1, "start": 0, "end": len(EVIL), "text": EVIL}],
        ),
        scores={"joint accuracy": 0.0},
    )
    report = read_report(write_run(tmp_path, evil, line("e", error=EVIL, answer=None, scores={})))
    held = Verdict(EVIL, EVIL, False, EVIL, (EVIL,)), Verdict(EVIL, BASELINE, True, EVIL)
    html = render(replace(report, verdicts=held))
    found = Tags(html)
    assert not found.tags & {"script", "img", "link", "iframe"}
    assert all(re.fullmatch(r"#yr-\d+", link) for link in found.links)
    assert html.count("alert(1)&lt;/script&gt;") > 8
    assert (
        "&amp;\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" in html
        and visible(html) == html
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_tells_each_failed_question_with_its_reason_and_gold_highlighted(
    tmp_path: Path, language: str
) -> None:
    lost = line(
        "lost",
        answer=answer("猫怕狗。"),
        outcome="retrieved, not cited",
        scores={"joint accuracy": 0.0},
    )
    html = render(read_report(write_run(tmp_path, line(), lost)), language=language)
    t = words(language)
    assert t["reasons"]["not selected"] in html and html.count('class="yr-failure"') == 1
    assert '<mark class="gold">猫吃鱼。</mark><mark class="cited">猫怕狗。</mark>' in html
    assert "50.0%" in html and "9.5% – 90.5%" in html  # Wilson, 1 of 2
    assert 'href="#yr-1"' in html and 'id="yr-1"' in html


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_tells_the_gates_that_fail_and_links_their_questions(tmp_path: Path, language: str) -> None:
    lost = line("lost", answer=answer(refused=True), scores={"joint accuracy": 0.0})
    report = read_report(write_run(tmp_path, line("kept"), lost))
    held = Verdict("cats", "always exact", True, "it holds")
    failing = Verdict("cats", "least joint accuracy", False, "0.5, the least is 0.6", ("lost", "kept"))
    t = words(language)
    assert t["gates"] not in render(report, language=language).split("</style>")[1]
    html = render(replace(report, verdicts=(held, failing)), language=language)
    assert "<h3>cats · least joint accuracy</h3>" in html and failing.told in html and held.told in html
    assert '<code><a href="#yr-1">lost</a></code> <code>kept</code>' in html
    assert t["gates_failed"].format(n=1, all=2) in html
    assert t["gates_hold"].format(n=1) in render(replace(report, verdicts=(held,)), language=language)


def test_the_command_holds_the_run_to_gates_and_names_a_file_that_is_none(tmp_path: Path, capsys) -> None:
    folder = write_run(tmp_path / "run", line())
    gates = tmp_path / "gates.toml"
    gates.write_text(
        '[cats]\nbaseline = "none"\nleast = {"joint accuracy" = 0.5}\nloss = {"joint accuracy" = 0.1}\n'
        '[others]\nbaseline = "none"\nleast = {"joint accuracy" = 0.5}\nloss = {"joint accuracy" = 0.1}\n',
        encoding="utf-8",
    )
    assert main([str(folder), "--gates", str(gates)]) == 0
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "<h3>cats · baseline</h3>" in html and "others" not in html
    assert main([str(folder), "--gates", str(tmp_path / "none.toml")]) == 1
    assert "none.toml cannot be read as gates" in capsys.readouterr().err


def test_a_run_without_answers_and_without_failures_is_a_page_too(tmp_path: Path) -> None:
    html = render(read_report(write_run(tmp_path, line(answer=None, passages=[], outcome="retrieved"))))
    assert words("zh")["none_failed"] in html and "yr-confusion" not in html.split("</style>")[1]


def test_the_command_writes_the_page_into_the_folder(tmp_path: Path, capsys) -> None:
    folder = write_run(
        tmp_path / "run", line(), line("b", **UNJUDGED, answer=answer(refused=True), scores={"joint accuracy": 0.0})
    )
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out == f"{folder / 'report.html'}: 2 questions, 1 failed\n"
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_run_that_was_broken_off_says_how_much_is_left(tmp_path: Path, capsys) -> None:
    run = write_run(tmp_path / "run", line(), line("b"), line("c"))
    assert main([str(run)]) == 0
    assert "没有问" not in (run / "report.html").read_text(encoding="utf-8")
    lines = (run / "lines.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "lines.jsonl").write_text(lines[0], encoding="utf-8")
    assert main([str(run)]) == 0
    assert "还有 2 题没有问" in (run / "report.html").read_text(encoding="utf-8")
    assert capsys.readouterr().out.endswith("1 questions, 0 failed, 2 not asked yet\n")


def test_a_folder_that_is_no_run_is_named_with_exit_code_1(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path)]) == 1
    assert "settings.json cannot be read" in capsys.readouterr().err
    baseline = {name: value for name, value in line().items() if name != "gold"}
    with pytest.raises(RunError, match="cat has no gold: give a folder that python -m eval run wrote"):
        read_report(write_run(tmp_path / "run", baseline))
    with pytest.raises(RunError, match="cat has no citations, notice, passages, refused, statements: give"):
        read_report(write_run(tmp_path / "run", line(answer={})))


def test_runs_are_listed_the_newest_first(tmp_path: Path) -> None:
    import os

    old, new = write_run(tmp_path / "b", line()), write_run(tmp_path / "a", line())
    os.utime(old / "lines.jsonl", (1, 1))
    (tmp_path / "other").mkdir()
    assert run_folders(tmp_path) == [new, old]
    assert run_folders(tmp_path / "none") == []
