import json
from pathlib import Path

import pytest

from eval.unsupported import flagged_by_kind, flagged_reworded, main

ROW = {
    "headLine": "新店开张",
    "newsBeginning": "甲公司在北京开了新店。",
    "newsRemainder": "新店有30名员工。店长是王明。",
    "realContinuation": "新店有30名员工。",
    "hallucinatedContinuation": "新店有50名员工。",
    "annotations": ["新店<sep>合理", "50名员工<sep>不合理，应为30名"],
}
OTHER = {**ROW, "hallucinatedContinuation": "顾客都很满意这里的咖啡。", "annotations": ["咖啡<sep>不合理"]}
NAME = {**ROW, "hallucinatedContinuation": "新店在上海。", "annotations": ["上海<sep>不合理"]}


def test_continuations_are_counted_by_what_is_wrong_with_them() -> None:
    assert flagged_by_kind([ROW, NAME, OTHER]) == {
        "true": [False, False, False],
        "invented figure": [True],
        "invented name": [True],
        "invented figure or name": [True, True],
        "invented otherwise": [True],
    }


def test_an_invented_continuation_without_a_wrong_word_is_not_counted() -> None:
    assert flagged_by_kind([{**ROW, "annotations": ["新店<sep>合理"]}])["invented otherwise"] == []


def test_the_command_prints_the_shares_and_names_a_file_that_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "claims.jsonl"
    path.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    assert main([str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "true: 0 of 1 flagged, 0.000 (0.000-0.793, 1)",
        "invented figure: 1 of 1 flagged, 1.000 (0.207-1.000, 1)",
        "invented name: 0 of 0 flagged",
        "invented figure or name: 1 of 1 flagged, 1.000 (0.207-1.000, 1)",
        "invented otherwise: 0 of 0 flagged",
    ]
    path.write_text("{}\n", encoding="utf-8")
    assert main([str(path)]) == 1
    assert "claims.jsonl cannot be read as claims of UHGEval" in capsys.readouterr().err


def test_statements_of_true_answers_in_other_words_are_judged_against_their_reports(tmp_path: Path) -> None:
    (tmp_path / "甲.txt").write_text("甲公司2020年在北京开了30家新店。甲公司的店长是王明。", encoding="utf-8")
    row = {
        "type": "fact",
        "question": "甲公司开了多少家店？",
        "answerable": True,
        "answers": ["2020年，甲公司新开了30家店。甲公司新开了31家店。"],
        "evidence": [{"doc": "甲.txt", "quote": "甲公司"}],
    }
    assert flagged_reworded([row, {**row, "answerable": False}], tmp_path) == {"fact": [False, True]}
