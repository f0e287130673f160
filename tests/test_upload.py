from pathlib import Path

import pytest

from ingest.load import load_article
from ingest.trash import trashed
from ingest.upload import Uploaded, put_in_place, take_back, upload
from rag.errors import CorpusError

TEXT = "# 题\n\n猫吃鱼。\n".encode()


def test_a_file_is_added_and_told_by_its_title(tmp_path: Path) -> None:
    assert upload("甲.md", TEXT, tmp_path) == Uploaded("甲.md", "added", "甲.md", "题", 7)
    assert (tmp_path / "甲.md").read_bytes() == TEXT
    assert upload("甲.md", TEXT, tmp_path).outcome == "already there"


def test_another_file_of_a_name_gets_a_name_of_its_own(tmp_path: Path) -> None:
    upload("甲.md", TEXT, tmp_path)
    assert upload("甲.md", "狗追猫。".encode(), tmp_path).name == "甲-2.md"
    assert (tmp_path / "甲.md").read_bytes() == TEXT


@pytest.mark.parametrize("sidecar", ['title = "别人的题目"', "title ="])
def test_a_sidecar_in_the_working_directory_says_nothing_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sidecar: str
) -> None:
    (tmp_path / "甲.meta.toml").write_text(sidecar)
    monkeypatch.chdir(tmp_path)
    assert upload("甲.md", TEXT, tmp_path / "corpus").title == "题"


def test_an_article_of_the_same_name_with_another_text_is_told_and_can_be_replaced(tmp_path: Path) -> None:
    assert upload("甲.md", TEXT, tmp_path).older == ""
    (tmp_path / "甲.meta.toml").write_text('author = "张三"\n')
    assert upload("甲.md", TEXT, tmp_path).older == ""
    newer = upload("甲.txt", "狗追猫。".encode(), tmp_path)
    assert (newer.name, newer.older) == ("甲-2.txt", "甲.md")
    replaced = put_in_place(newer, tmp_path)
    assert (replaced.name, replaced.older) == ("甲.txt", "")
    assert [path.name for path in tmp_path.iterdir() if path.suffix in (".md", ".txt")] == ["甲.txt"]
    assert load_article(tmp_path / "甲.txt", tmp_path, (tmp_path / "甲.txt").read_bytes()).author == "张三"
    assert trashed(tmp_path) == [replaced.replaced]
    take_back(replaced, tmp_path)
    assert (tmp_path / "甲.md").read_bytes() == TEXT and (tmp_path / "甲.meta.toml").exists()
    assert [one.name for one in trashed(tmp_path)] == ["甲.txt"]


def test_what_is_gone_replaces_nothing(tmp_path: Path) -> None:
    upload("甲.md", TEXT, tmp_path)
    newer = upload("甲.md", "狗追猫。".encode(), tmp_path)
    (tmp_path / newer.name).unlink()
    with pytest.raises(CorpusError, match="gone already"):
        put_in_place(newer, tmp_path)
    assert (tmp_path / "甲.md").read_bytes() == TEXT


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("../../外.md", "外.md"),
        ("C:\\文\\甲.md", "甲.md"),
        (".甲.md", "甲.md"),
        ("甲\u202e\n?.md", "甲.md"),
        ("?.md", "文章.md"),
        ("😀" * 70 + ".md", "😀" * 60 + ".md"),
        ("长" * 90 + ".md", "长" * 80 + ".md"),
    ],
)
def test_a_name_leads_nowhere_but_into_the_corpus(tmp_path: Path, file: str, name: str) -> None:
    corpus = tmp_path / "a" / "corpus"
    assert upload(file, TEXT, corpus).name == name
    assert [path.name for path in tmp_path.rglob("*.md")] == [name]


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("甲.exe", b"MZ", "不支持"),
        ("甲", b"x", "不支持没有后缀的文件"),
        ("空.md", b"", "空"),
        ("乱.txt", "浣犲ソ锛屼笘鐣岋紒杩欐槸涓�鏉℃秷鎭€�".encode(), "乱码"),
        ("坏.pdf", b"%PDF-1.4 nothing", "坏.pdf"),
        ("README.md", TEXT, "请改名"),
    ],
)
def test_what_could_not_be_indexed_is_refused_with_a_reason_and_not_kept(
    tmp_path: Path, file: str, content: bytes, reason: str
) -> None:
    given = upload(file, content, tmp_path)
    assert given.outcome == "refused" and reason in given.chinese and given.reason
    assert list(tmp_path.iterdir()) == []
