import os
import threading
import tomllib
from pathlib import Path

import pytest
from conftest import as_nobody
from web_server import PAGE, TEXT, Server, page, redirect

import ingest.add
from ingest.add import Added, add, page_name
from ingest.fetch import Fetched, fetch


def outcomes(added: list[Added], corpus: Path) -> list[tuple[str, str]]:
    return [(one.outcome, one.path.relative_to(corpus).as_posix() if one.path else one.reason) for one in added]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return tmp_path / "corpus"


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "desk").mkdir()
    return tmp_path / "desk"


# ---- files and folders ----


def test_a_file_is_copied_byte_for_byte_into_a_corpus_that_is_made(desk: Path, corpus: Path) -> None:
    content = TEXT.encode("gb18030")
    (desk / "文.txt").write_bytes(content)
    assert outcomes(add([str(desk / "文.txt")], corpus, allow_urls=False), corpus) == [("added", "文.txt")]
    assert (corpus / "文.txt").read_bytes() == content
    assert list(corpus.iterdir()) == [corpus / "文.txt"]


def test_the_same_bytes_are_added_once_and_other_bytes_get_a_numbered_name(desk: Path, corpus: Path) -> None:
    file = desk / "文.txt"
    results = []
    for text in ("一", "一", "二", "二", "一", "三"):
        file.write_text(text)
        results += outcomes(add([str(file)], corpus, allow_urls=False), corpus)
    assert results == [
        ("added", "文.txt"),
        ("already there", "文.txt"),
        ("added", "文-2.txt"),
        ("already there", "文-2.txt"),
        ("already there", "文.txt"),
        ("added", "文-3.txt"),
    ]
    assert (corpus / "文.txt").read_text() == "一"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("README.md", "README.md 不能作文章名：请改名"),
        ("Sources.md", "Sources.md 不能作文章名：请改名"),
        (".草稿.md", ".草稿.md 是隐藏文件，不会被读取：请改名"),
        (os.fsdecode(b"\xff.md"), "?.md：名称不是 UTF-8，请改名"),
    ],
)
def test_a_file_whose_name_is_never_indexed_is_refused(desk: Path, corpus: Path, name: str, reason: str) -> None:
    (desk / name).write_text(TEXT)
    (added,) = add([str(desk / name)], corpus, allow_urls=False)
    assert (added.outcome, added.reason) == ("refused", reason)
    assert added.message.encode()
    assert not corpus.exists()


def test_two_forms_of_one_name_do_not_become_the_same_article(desk: Path, corpus: Path) -> None:
    for name in ("文.md", "文.html"):
        (desk / name).write_text(TEXT)
    added = add([str(desk / "文.md"), str(desk / "文.html")], corpus, allow_urls=False)
    assert outcomes(added, corpus) == [("added", "文.md"), ("added", "文-2.html")]


def test_a_suffix_in_capitals_is_one_too(desk: Path, corpus: Path) -> None:
    for name in ("文.TXT", "文.md"):
        (desk / name).write_text(TEXT)
    added = add([str(desk / "文.TXT"), str(desk / "文.md")], corpus, allow_urls=False)
    assert outcomes(added, corpus) == [("added", "文.TXT"), ("added", "文-2.md")]


def test_a_folder_keeps_its_folders_and_leaves_out_notes_and_hidden_files(desk: Path, corpus: Path) -> None:
    for name in ("甲.md", "子/乙.txt", "子/甲.md", "README.md", ".藏.md", ".git/丙.md", "图.png"):
        (desk / name).parent.mkdir(exist_ok=True)
        (desk / name).write_text(name)
    added = add([str(desk)], corpus, allow_urls=False)
    assert [one for one in outcomes(added, corpus) if one[0] == "added"] == [
        ("added", "desk/子/乙.txt"),
        ("added", "desk/子/甲.md"),
        ("added", "desk/甲.md"),
    ]
    assert [(one.source, one.reason) for one in added if one.failed] == [
        (str(desk / "图.png"), "图.png：不支持 .png 文件，请另存为 .docx、.md 或 .txt")
    ]


def test_a_sidecar_comes_along_and_follows_a_numbered_name(desk: Path, corpus: Path) -> None:
    corpus.mkdir()
    (corpus / "文.md").write_text("别的")
    (desk / "文.md").write_text(TEXT)
    (desk / "文.meta.toml").write_text('author = "张三"\n')
    add([str(desk)], corpus, allow_urls=False)
    add([str(desk / "文.md")], corpus, allow_urls=False)
    assert (corpus / "desk/文.meta.toml").read_text() == 'author = "张三"\n'
    assert (corpus / "文-2.meta.toml").read_text() == 'author = "张三"\n'
    assert not (corpus / "文.meta.toml").exists()


def test_what_cannot_be_added_is_refused_with_a_reason_and_the_rest_is_added(desk: Path, corpus: Path) -> None:
    (desk / "好.md").write_text(TEXT)
    (desk / "表.xlsx").write_text("x")
    (desk / "空").mkdir()
    (desk / "大.txt").touch()
    os.truncate(desk / "大.txt", 65 * 2**20)
    os.mkfifo(desk / "管.md")
    names = ["没有.md", "表.xlsx", "空", "大.txt", "管.md", "好.md"]
    added = add([str(desk / name) for name in names], corpus, allow_urls=False)
    assert outcomes(added, corpus) == [
        ("refused", "没有.md 不存在：请检查文件名"),
        ("refused", "表.xlsx：不支持 .xlsx 文件，请另存为 .docx、.md 或 .txt"),
        ("refused", "这个文件夹里没有文章（可用的有 .docx、.htm、.html、.markdown、.md、.pdf、.txt）"),
        ("refused", "大.txt 太大（65 MB，最多 64 MB）：请拆成几个文件"),
        ("refused", "管.md 不是普通文件"),
        ("added", "好.md"),
    ]


def test_a_folder_that_cannot_be_listed_is_refused_and_the_rest_is_added(
    desk: Path, corpus: Path, tmp_path: Path
) -> None:
    (desk / "内").mkdir()
    (desk / "好.md").write_text(TEXT)
    corpus.mkdir()
    with as_nobody(tmp_path):
        (desk / "内").chmod(0)
        added = add([str(desk / "内"), str(desk)], corpus, allow_urls=False)
    assert outcomes(added, corpus) == [
        ("refused", f"文件夹 {desk / '内'} 打不开：请检查权限"),
        ("refused", "内 是打不开的文件夹：请检查权限"),
        ("added", "desk/好.md"),
    ]


def test_a_corpus_that_has_as_many_articles_as_it_takes_takes_no_more(desk: Path, corpus: Path) -> None:
    for name in ("一.md", "二.md", "三.md"):
        (desk / name).write_text(f"猫吃鱼{name}。", encoding="utf-8")
    outcomes = [add([str(desk / name)], corpus, allow_urls=False, most=2)[0] for name in ("一.md", "二.md", "三.md")]
    assert [outcome.outcome for outcome in outcomes] == ["added", "added", "refused"]
    assert "已有 2 篇文章" in outcomes[2].reason
    assert sorted(path.name for path in corpus.iterdir()) == ["一.md", "二.md"]


def test_the_corpus_is_not_added_to_itself(corpus: Path) -> None:
    corpus.mkdir()
    (corpus / "文.md").write_text(TEXT)
    added = add([str(corpus), str(corpus.parent), str(corpus / "文.md")], corpus, allow_urls=False)
    assert [one.outcome for one in added] == ["refused", "refused", "already there"]
    assert list(corpus.iterdir()) == [corpus / "文.md"]


def test_a_copy_that_fails_leaves_nothing_behind(desk: Path, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (desk / "文.md").write_text(TEXT)
    monkeypatch.setattr(os, "fsync", full)
    (one,) = add([str(desk / "文.md")], corpus, allow_urls=False)
    assert one.reason == "读写失败（No space left on device），请检查文件名和磁盘空间"
    assert list(corpus.iterdir()) == []


def test_several_adds_at_once_lose_nothing(tmp_path: Path, corpus: Path) -> None:
    for number in range(8):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "文.md").write_text(f"第 {number} 篇")
    threads = [
        threading.Thread(
            target=add, args=([str(tmp_path / str(number) / "文.md")], corpus), kwargs={"allow_urls": False}
        )
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.read_text() for path in corpus.iterdir()) == [f"第 {number} 篇" for number in range(8)]


def test_an_outcome_is_one_chinese_line_and_json(corpus: Path) -> None:
    one = Added("a.md", "added", corpus / "a.md")
    assert one.message == f"已加入 {corpus}/a.md（来自 a.md）"
    assert one.to_json() == {"source": "a.md", "outcome": "added", "path": f"{corpus}/a.md", "reason": ""}
    assert Added("b", "refused", reason="不存在").message == "没有加入 b：不存在"


# ---- pages in the corpus ----


@pytest.fixture
def reachable(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, which `add` may reach: only the limits differ from those in use."""
    monkeypatch.setattr(ingest.add, "fetch", lambda url: fetch(url, server.limits()))
    return server


def test_urls_are_refused_unless_they_are_allowed(reachable: Server, corpus: Path) -> None:
    (one,) = add([reachable.url("/")], corpus, allow_urls=False)
    assert one.reason == "默认不联网抓取。确实要抓，请先设置 YINJU_ALLOW_URLS=1"
    assert reachable.requests == []


def test_a_page_is_saved_under_its_title_with_its_address_beside_it(reachable: Server, corpus: Path) -> None:
    reachable.answers["/a"] = redirect("/b?c=出")
    reachable.answers["/b"] = page(PAGE)
    url = reachable.url("/a")
    assert outcomes(add([url], corpus, allow_urls=True), corpus) == [("added", "小红书：出海 2025.html")]
    assert (corpus / "小红书：出海 2025.html").read_bytes() == PAGE
    sidecar = tomllib.loads((corpus / "小红书：出海 2025.meta.toml").read_text())
    assert sidecar == {"url": reachable.url("/b?c=%E5%87%BA")}
    assert outcomes(add([url], corpus, allow_urls=True), corpus) == [("already there", "小红书：出海 2025.html")]
    assert len(list(corpus.iterdir())) == 2


def test_a_page_that_holds_no_readable_text_is_not_saved(reachable: Server, corpus: Path) -> None:
    reachable.answers["/a"] = page(b"<html><body><script>x</script></body></html>")
    reachable.answers["/b"] = page(TEXT.encode().decode("gbk", "replace").encode())
    reachable.answers["/c"] = page(b"%PDF-1.7", "application/pdf")
    added = add([reachable.url(path) for path in ("/a", "/b", "/c")], corpus, allow_urls=True)
    assert [one.outcome for one in added] == ["refused"] * 3
    assert not corpus.exists()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://127.0.0.1/", "http://169.254.169.254/"])
def test_the_real_limits_hold_for_added_urls(url: str, corpus: Path) -> None:
    (one,) = add([url], corpus, allow_urls=True)
    assert one.failed
    assert not corpus.exists()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("小红书/出海：如何？", "小红书 出海：如何？.html"),
        ("../../etc/passwd", "etc passwd.html"),
        ("..", "part.html"),
        ("", "part.html"),
        (None, "part.html"),
        ("a\x00b\n\u202ec", "a b c.html"),
        ("长" * 500, "长" * 60 + ".html"),
        ("README", "part.html"),
        (".hidden", "hidden.html"),
    ],
)
def test_a_title_becomes_a_harmless_file_name(title: str | None, name: str) -> None:
    assert page_name(Fetched(b"", ".html", "http://a.example/part", "part"), title) == name
