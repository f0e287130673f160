"""「评测」, run by Streamlit's own tester over run folders that one can check by hand."""

import sys
from pathlib import Path

import pytest
from run_folder import line, write_run
from streamlit.testing.v1 import AppTest

from views.messages import t


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what the tester leaves behind: it makes the page the process's main module."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def page_of(runs: str) -> None:
    from pathlib import Path

    from views.evaluation import evaluation_page

    evaluation_page(Path(runs))


def open_page(runs: Path) -> AppTest:
    return AppTest.from_function(page_of, args=(str(runs),), default_timeout=60).run()


def html_of(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def test_without_a_run_the_page_says_what_to_run(tmp_path: Path) -> None:
    page = open_page(tmp_path)
    assert [info.value for info in page.info] == [t("evaluation_none", folder=tmp_path)]
    assert [code.value for code in page.code] == [f"python -m eval run eval/sets/corpus.jsonl --out {tmp_path}/first"]


def test_the_chosen_run_is_shown_with_its_failed_questions_and_can_be_downloaded(tmp_path: Path) -> None:
    write_run(tmp_path / "good", line())
    write_run(tmp_path / "bad", line(), line("lost", question="狗怕什么？", scores={"joint accuracy": 0.0}))
    page = open_page(tmp_path)
    page.selectbox[0].set_value(tmp_path / "bad").run()
    assert not page.exception
    assert "狗怕什么？" in html_of(page) and "yr-failure" in html_of(page)
    assert "<html" not in html_of(page)
    assert len(page.get("download_button")) == 1
    page.selectbox[0].set_value(tmp_path / "good").run()
    assert "狗怕什么？" not in html_of(page)


def test_a_run_that_cannot_be_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", line())
    (folder / "settings.json").write_text("{")
    page = open_page(tmp_path)
    assert not page.exception
    assert [error.value for error in page.error] == [t("evaluation_broken", folder=folder)]
