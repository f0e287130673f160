from pathlib import Path

import pytest
from conftest import as_nobody

from ingest.sidecar import is_sidecar, read_sidecar, sidecar_bytes, sidecar_of
from rag.errors import CorpusError


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "文.md"
    path.write_text("正文。")
    return path


def write(article: Path, text: str, name: str = "文.meta.toml") -> None:
    (article.parent / name).write_text(text)


@pytest.mark.parametrize("name", ["文.meta.toml", "文.md.meta.toml"])
def test_a_sidecar_is_read_by_either_name(article: Path, name: str) -> None:
    write(article, 'title = "题"\npublished = 2025-04-03\ntags = ["甲 乙", "丙"]\nurl = "https://a.cn/1"', name)
    assert read_sidecar(article) == {
        "title": "题",
        "published": "2025-04-03",
        "tags": "甲 乙\n丙\n",
        "url": "https://a.cn/1",
    }
    assert sidecar_of(article) == article.with_name(name)
    assert is_sidecar(article.with_name(name))


def test_an_article_without_sidecar_has_none(article: Path) -> None:
    assert (read_sidecar(article), sidecar_of(article), is_sidecar(article)) == ({}, None, False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('auther = "张三"', r"文\.meta\.toml: unknown key 'auther': use title, author,"),
        ("author = 3", r"文\.meta\.toml: author is 3: write it as a text in quotes"),
        ("tags = [1]", r"文\.meta\.toml: tags is \[1\]"),
        ("author = ", r"文\.meta\.toml is not readable TOML"),
        ("[author]", r"文\.meta\.toml: author is \{\}"),
        ('published = "2025-13-40"', r"文\.meta\.toml: published is '2025-13-40', no possible date"),
        ("published = 2999-01-01", r"文\.meta\.toml: published is '2999-01-01', no possible date"),
        ("published = 08:00:00", r"文\.meta\.toml: published is datetime\.time"),
        ('url = "javascript:alert(1)"', r"文\.meta\.toml: url is 'javascript:alert\(1\)': write an address"),
    ],
)
def test_a_bad_sidecar_is_refused_by_name(article: Path, content: str, message: str) -> None:
    write(article, content)
    with pytest.raises(CorpusError, match=message) as caught:
        read_sidecar(article)
    assert "文.meta.toml" in caught.value.chinese
    assert caught.value.chinese.endswith("。")


def test_a_sidecar_that_is_no_text_is_refused_by_name(article: Path) -> None:
    article.with_name("文.meta.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CorpusError, match=r"文\.meta\.toml is not readable TOML"):
        read_sidecar(article)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('title = "题"\n标题 = "x"\n'.encode(), "第 2 行第 1 列写法不对；每行应像 title = "),
        (b"author = ", "写法不对"),
        ('title = "题"'.encode("gbk"), "编码不是 UTF-8，请另存为 UTF-8"),
    ],
)
def test_the_reason_why_a_sidecar_cannot_be_read_is_said_in_chinese(article: Path, content: bytes, reason: str) -> None:
    article.with_name("文.meta.toml").write_bytes(content)
    with pytest.raises(CorpusError) as caught:
        read_sidecar(article)
    assert reason in caught.value.chinese


def test_a_sidecar_that_may_not_be_read_is_refused_by_name(article: Path, tmp_path: Path) -> None:
    write(article, 'title = "题"')
    with as_nobody(tmp_path):
        article.with_name("文.meta.toml").chmod(0)
        for read in (read_sidecar, sidecar_bytes):
            with pytest.raises(
                CorpusError, match=r"文\.meta\.toml cannot be read \(Permission denied\): check its"
            ) as caught:
                read(article)
    assert caught.value.chinese == "文.meta.toml 读不了（Permission denied）：请检查权限"


def test_an_article_whose_name_leaves_no_room_for_a_sidecar_has_none(tmp_path: Path) -> None:
    article = tmp_path / f"{'长' * 82}.md"
    article.write_text("正文。")
    assert (sidecar_of(article), sidecar_bytes(article), read_sidecar(article)) == (None, None, {})


def test_two_sidecars_of_one_article_are_refused(article: Path) -> None:
    write(article, "")
    write(article, "", "文.md.meta.toml")
    with pytest.raises(CorpusError, match=r"文\.meta\.toml and 文\.md\.meta\.toml describe the same article"):
        read_sidecar(article)
