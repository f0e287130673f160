import json
from pathlib import Path

import pytest

from eval.unsupported import flagged_by_kind, main

ROW = {
    "headLine": "新店开张",
    "newsBeginning": "甲公司在北京开了新店。",
    "newsRemainder": "新店有30名员工。店长是王明。",
    "realContinuation": "新店有30名员工。",
    "hallucinatedContinuation": "新店有50名员工。",
    "annotations": ["新店<sep>合理", "50名员工<sep>不合理，应为30名"],
}
OTHER = {**ROW, "hallucinatedContinuation": "顾客都很满意这里的咖啡。", "annotations": ["咖啡<sep>不合理"]}


def test_continuations_are_counted_by_what_is_wrong_with_them() -> None:
    assert flagged_by_kind([ROW, OTHER]) == {
        "true": [False, False],
        "invented figure": [True],
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
        "true: 0 of 1 flagged (0.000)",
        "invented figure: 1 of 1 flagged (1.000)",
        "invented otherwise: 0 of 0 flagged",
    ]
    path.write_text("{}\n", encoding="utf-8")
    assert main([str(path)]) == 1
    assert "claims.jsonl cannot be read as claims of UHGEval" in capsys.readouterr().err
