"""The library page over a tiny corpus, run by Streamlit's own tester; its ingest runs in place with a fake model."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from streamlit.testing.v1 import AppTest

from ingest.background import RunState
from ingest.compare import READING
from ingest.run import EMBEDDING, ingest
from ingest.trash import trashed
from rag.errors import RagError
from rag.index import IndexReader
from views.messages import t
from views.picture import map_points, time_chart
from views.reader import passage_name, passage_page
from views.runs import progress_text, share_done, summary_text
from views.sessions import SESSIONS, TOKEN
from views.shelf import Shelf


@dataclass
class Indexing:
    """Ingests when it is asked to, before it returns."""

    corpus: Path
    index: Path
    state: RunState = field(default_factory=RunState)

    def request(self) -> None:
        try:
            summary = ingest(self.corpus, self.index, FakeEmbedder())
            self.state = RunState(summary=json.loads(json.dumps(summary.to_json())))
        except RagError as error:
            self.state = RunState(error=(str(error), error.chinese))

    def stop(self) -> None:
        self.state = RunState(stopped=True)


def library(open_shelf):  # type: ignore[no-untyped-def]  # its text alone is run: no name of this file is known there
    from views.library import library_page

    library_page(open_shelf())


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def indexing(tiny_corpus: Path, tiny_index: Path) -> Indexing:
    return Indexing(tiny_corpus, tiny_index)


@pytest.fixture
def page(tiny_corpus: Path, indexing: Indexing) -> AppTest:
    reader = IndexReader(indexing.index, FakeEmbedder())

    def open_shelf() -> Shelf:
        return Shelf(tiny_corpus, indexing.index, reader.current(), indexing)  # type: ignore[arg-type]

    return AppTest.from_function(library, args=(open_shelf,), default_timeout=30).run()


def rows(page: AppTest) -> dict[str, str]:
    """The status of every article in the table, by its title, in order."""
    table = page.dataframe[0].value
    return dict(zip(table[t("column_title")], table[t("column_status")], strict=True))


def texts(page: AppTest) -> list[str]:
    return [text.value for text in page.text]


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def show(page: AppTest, view: str) -> AppTest:
    page.button_group(key="library-view").set_value(view)
    return page.run()


def select(page: AppTest, *rows: int) -> AppTest:
    page.session_state[page.dataframe[0].key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return page.run()


def test_the_table_has_every_article_with_what_is_known_of_it(page: AppTest) -> None:
    assert not page.exception
    assert list(rows(page).items()) == [("乙", "已索引"), ("丙", "已索引"), ("甲", "已索引")]
    assert page.dataframe[0].value[t("column_length")].tolist() == [14, 7, 11]
    assert page.markdown[0].value == "3 篇文章 · 3 个文本块"


def test_search_filters_and_order_choose_the_rows(page: AppTest, tiny_corpus: Path, indexing: Indexing) -> None:
    (tiny_corpus / "甲.meta.toml").write_text('author = "张三"\ntags = "猫"\npublished = "2025-01-01"\n')
    indexing.request()
    assert list(rows(page.run())) == ["甲", "乙", "丙"]
    page.selectbox(key="library-order").set_value("order_longest")
    assert list(rows(page.run())) == ["乙", "甲", "丙"]
    page.text_input(key="library-find").set_value("张三")
    assert list(rows(page.run())) == ["甲"]
    page.text_input(key="library-find").set_value("没有")
    assert [info.value for info in page.run().info] == [t("none_match")]
    page.text_input(key="library-find").set_value("").run()
    page.multiselect(key="library-tags").set_value(["猫"])
    assert list(rows(page.run())) == ["甲"]


def test_uploaded_files_are_added_indexed_and_told_one_by_one_and_taken_back(page: AppTest, tiny_corpus: Path) -> None:
    files = [("丁.md", "# 鱼的书\n\n鱼会游。\n".encode(), "text/markdown"), ("戊.exe", b"MZ", "application/x")]
    page.file_uploader[0].set_value(files)
    page.run()
    assert not page.exception
    assert rows(page)["鱼的书"] == "已索引"
    assert texts(page) == [
        "✕ 没有加入 戊.exe：不支持 .exe 文件，请另存为 .docx、.md 或 .txt",
        "✓ 已加入《鱼的书》，7 字（丁.md）",
    ]
    assert page.caption[0].value.startswith("✓ 更新完成，第 2 代索引：新增 1，更新 0，移除 0，失败 0")
    press(page, t("undo"))
    assert "鱼的书" not in rows(page) and not (tiny_corpus / "丁.md").exists()
    assert [one.name for one in trashed(tiny_corpus)] == ["丁.md"]


def test_a_file_that_is_no_text_is_refused_in_a_whole_sentence(page: AppTest) -> None:
    page.file_uploader[0].set_value([("图.txt", bytes(range(128, 256)) * 9, "text/plain")])
    (told,) = texts(page.run())
    assert told.startswith("✕ 没有加入：图.txt 的编码认不出来")


def test_another_text_of_a_name_is_told_and_replaces_the_older_one_until_that_is_undone(page: AppTest) -> None:
    page.file_uploader[0].set_value([("甲.md", "# 甲二\n\n猫吃鸟。\n".encode(), "text/markdown")])
    assert set(rows(page.run())) == {"甲", "乙", "丙", "甲二"}
    (told,) = texts(page)
    assert told.startswith("✓ 已加入《甲二》，7 字（甲-2.md）。文章库里还有内容不同的 甲.md，")
    press(page, t("replace"))
    assert not page.exception
    assert set(rows(page)) == {"乙", "丙", "甲二"}
    assert texts(page) == ["✓ 已加入《甲二》，7 字（甲.md），旧的一篇已移到回收站"]
    press(page, t("undo"))
    assert set(rows(page)) == {"甲", "乙", "丙"} and texts(page) == []


def test_a_removal_is_asked_for_and_can_be_undone(page: AppTest, tiny_corpus: Path) -> None:
    select(page, 2)
    press(page, t("remove", count=1))
    assert (tiny_corpus / "甲.md").exists()
    press(page, t("remove_confirm"))
    assert not page.exception
    assert list(rows(page)) == ["乙", "丙"] and texts(page) == ["− 已删除 甲.md"]
    assert t("remove_none") in [button.label for button in page.button]  # no other article is chosen now
    press(page, t("undo"))
    assert list(rows(page)) == ["乙", "丙", "甲"] and texts(page) == []


def test_what_was_removed_waits_in_the_trash(page: AppTest, tiny_corpus: Path) -> None:
    select(page, 2)
    press(page, t("remove", count=1))
    press(page, t("remove_confirm"))
    show(page, "view_trash")
    press(page, t("put_back"))
    assert (tiny_corpus / "甲.md").exists()
    assert page.caption[-1].value == t("trash_empty")


def test_more_than_half_may_go_when_they_were_removed_from_the_page_only(
    page: AppTest, tiny_corpus: Path, indexing: Indexing
) -> None:
    (tiny_corpus / "甲.md").unlink()
    (tiny_corpus / "乙.txt").unlink()
    assert rows(page.run()) == {"丙": "已索引", "乙": "待移除", "甲": "待移除"}
    press(page, t("run_start"))
    assert "有 2 篇不在" in page.error[0].value
    for name, text in (("甲.md", "# 甲\n\n猫吃鱼。猫怕狗。\n"), ("乙.txt", "乙\n\n狗追猫，共3.5亿次。\n")):
        (tiny_corpus / name).write_text(text, encoding="utf-8")
    select(page.run(), 0, 2)
    press(page, t("remove", count=2))
    press(page, t("remove_confirm"))
    assert rows(page) == {"丙": "已索引"} and not page.error


def test_the_last_articles_are_removed_and_the_library_says_that_it_is_empty(page: AppTest, tiny_corpus: Path) -> None:
    select(page, 0, 1, 2)
    press(page, t("remove", count=3))
    press(page, t("remove_confirm"))
    assert not page.error and not page.dataframe
    assert page.markdown[0].value == f"{t('count_articles', count=0)} · {t('count_chunks', count=0)}"
    assert [info.value for info in page.info] == [t("empty_corpus", corpus=tiny_corpus)]
    for view in ("view_picture", "view_map"):
        assert [info.value for info in show(page, view).info] == [t("picture_none")] and not page.exception
    press(page, t("run_start"))
    assert not page.error
    show(page, "view_articles")
    press(page, t("undo"))
    assert len(rows(page)) == 1 and not page.error


def test_an_empty_corpus_says_what_to_do(page: AppTest, tiny_corpus: Path) -> None:
    for name in ("甲.md", "乙.txt", "子/丙.txt"):
        (tiny_corpus / name).unlink()
    assert rows(page.run()) == dict.fromkeys(["丙", "乙", "甲"], "待移除")
    press(page, t("run_start"))
    assert "里没有文章：请把文章放进去" in page.error[0].value


def test_the_last_run_and_the_failed_files_are_told(page: AppTest, tiny_corpus: Path) -> None:
    (tiny_corpus / "空.md").write_text("")
    (tiny_corpus / "丁.md").write_text("鱼。", encoding="utf-8")
    press(page, t("run_start"))
    assert rows(page)["空"] == "失败" and "1 个文件失败" in page.markdown[0].value
    show(page, "view_runs")
    assert not page.exception
    assert texts(page)[0] == "空.md" and "空.md" in texts(page)[1]
    assert "新增\n丁" in texts(page)
    assert any("第 2 代：新增 1，更新 0，移除 0，未变 3，失败 1" in markdown.value for markdown in page.markdown)


def test_a_stopped_run_says_that_nothing_changed(page: AppTest, indexing: Indexing) -> None:
    indexing.state = RunState(running=True, stage=EMBEDDING, done=1, total=4)
    page.run()
    assert next(button for button in page.button if button.label == t("run_start")).disabled
    press(page, t("run_stop"))
    assert [info.value for info in page.info] == [t("run_stopped")]


def test_progress_is_told_stage_by_stage() -> None:
    state = RunState(running=True)
    assert (progress_text(state), share_done(state)) == (t("run_starting"), 0)
    assert progress_text(replace(state, stage=READING, done=3, total=5)) == "读取文章：3 / 5"
    embedding = replace(state, stage=EMBEDDING, done=1000, total=4000)
    assert (progress_text(embedding), share_done(embedding)) == ("计算向量：1,000 / 4,000 字", 0.25)
    assert progress_text(replace(embedding, done=4000)) == t("run_publishing")
    nothing = {"added": 0, "changed": 0, "removed": 0, "failed": 0, "generation": 7}
    assert summary_text(nothing) == "没有变化，仍是第 7 代索引"


def test_articles_are_counted_by_month_without_gaps_or_by_year_and_undated_apart(page: AppTest) -> None:
    shelf_articles = {"a": "2025-01-03", "b": "2025-03-01", "c": "2025-03-31", "d": None}
    from rag.types import Metadata

    def counted(days: dict[str, str | None]) -> list[tuple[str, int]]:
        data = time_chart({id_: Metadata(id_, published=day) for id_, day in days.items()}).data
        return list(zip(data["when"], data["count"], strict=True))

    months = [("2025-01", 1), ("2025-02", 0), ("2025-03", 2), (t("no_date"), 1)]
    assert counted(shelf_articles) == months
    years = {"a": "2021-01-03", "b": "2022-03-01", "c": "2023-03-31", "d": "2025-01-01"}
    assert counted(years) == [("2021", 1), ("2022", 1), ("2023", 1), ("2024", 0), ("2025", 1)]


def test_the_bar_of_the_undated_is_always_labelled(page: AppTest) -> None:
    from rag.types import Metadata

    def labels(*days: str | None) -> list[str]:
        chart = time_chart({str(n): Metadata(str(n), published=day) for n, day in enumerate(days)}).to_dict()
        assert chart["encoding"]["x"]["axis"]["labelOverlap"] is False
        return chart["encoding"]["x"]["axis"]["values"]

    assert labels("2025-01-03", "2025-03-01", None) == ["2025-01", "2025-02", "2025-03", t("no_date")]
    assert labels("2024-01-03", "2025-01-01", None) == [
        *("2024-02", "2024-04", "2024-06", "2024-08", "2024-10", "2024-12"),
        t("no_date"),
    ]
    assert labels(None) == [t("no_date")]


def test_the_map_has_a_point_for_each_passage_that_opens_in_its_article(indexing: Indexing) -> None:
    (indexing.corpus / "甲.md").write_text(f"# 甲-1\n\n猫吃鱼。\n\n{'鸟会飞。' * 300}\n", encoding="utf-8")
    indexing.request()
    generation = IndexReader(indexing.index, FakeEmbedder()).current()
    points = map_points(generation, generation.folder.name)
    assert set(points["title"]) == {"甲-1", "丙", "乙"}
    assert points[["x", "y"]].abs().max().tolist() == [1, 1]
    passages = generation.library.chunk_ids_of("甲")
    assert [passage_name(generation, chunk) for chunk in passages] == [f"甲-{n + 1}" for n in range(len(passages))]
    assert len(passages) > 1
    page = passage_page(generation, "甲-2")
    assert page is not None
    marked = "".join(words["text"] for line in page["lines"] for words in line["words"] if words["marks"] == (2,))
    assert page["quote"] == marked == generation.library.chunk(passages[1]).text.strip()
    assert (page["title"], page["source"]) == ("甲-1", "作者未注明 · 日期未注明")
    assert page["place"] == f"段落 2 / {len(passages)}"
    for named in ("", "甲", "甲-0", f"甲-{len(passages) + 1}", "丁-1", "甲-x"):
        assert passage_page(generation, named) is None


def test_the_views_of_the_whole_are_drawn_and_read_aloud_as_a_sentence_each(page: AppTest) -> None:
    aloud = []
    for view in ("view_picture", "view_map"):
        assert not show(page, view).exception
        charts = [chart.proto for chart in page.get("vega_lite_chart")]
        assert all(json.loads(chart.spec)["config"]["aria"] is False for chart in charts)
        aloud.append([chart.alt for chart in charts])
    assert aloud == [["发表时间，篇数：日期未注明 3", "来源，篇数：作者未注明 3"], ["段落地图"]]


EDITING = ("run_start", "remove_none")


def test_a_reader_sees_the_articles_and_nothing_that_changes_them(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = {button.label for button in page.button}
    assert {t(key) for key in EDITING} <= everybody and page.get("file_uploader")
    passwords = {role: f"{role}-password" for role in ("reader", "editor")}
    for role, password in passwords.items():
        monkeypatch.setenv(f"YINJU_{role.upper()}_PASSWORD", password)
    page.session_state[TOKEN] = SESSIONS.open(passwords["reader"], time.time())
    page.run()
    assert not page.exception
    assert len(rows(page)) == 3
    assert not {t(key) for key in EDITING} & {button.label for button in page.button}
    assert not page.get("file_uploader")
    assert t("view_trash") not in page.button_group[0].options
    page.session_state[TOKEN] = SESSIONS.open(passwords["editor"], time.time())
    assert page.run().get("file_uploader")


@pytest.mark.mount
def test_where_the_folder_is_read_only_the_page_says_so_instead_of_taking_files(
    page: AppTest, tiny_corpus: Path
) -> None:
    def told() -> bool:
        page.run()
        return not page.get("file_uploader") and t("upload_nowhere") in [one.value for one in page.info]

    assert not told()
    with ExitStack() as mounted:
        subprocess.run(["mount", "--bind", str(tiny_corpus), str(tiny_corpus)], check=True)
        mounted.callback(subprocess.run, ["umount", "--lazy", str(tiny_corpus)], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", str(tiny_corpus)], check=True)
        assert told()
    assert not told()
