from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.furniture import learned_of, line_number, line_numbers, repeated_lines, source_of
from ingest.run import ingest
from rag.index import read_manifest
from rag.library import IndexedFile, Library
from rag.types import Article

FOLLOW = "晚安各位朋友我们明天在这里再会"
BODIES = [
    "猫在屋顶上睡了一整个下午没有醒来",
    "狗在河边追着自己的尾巴跑了很久很久",
    "鱼在水里慢慢地游来游去不知疲倦地找吃的",
    "鸟在天上飞过了三座大山和一条大河",
]


def file(source: str, *lines: str) -> IndexedFile:
    return IndexedFile("digest", source, frozenset(line_numbers("\n".join(lines))))


def learned(files: list[IndexedFile], source: str = "a.cn") -> set[int]:
    return set(repeated_lines(files).get(source, {}))


def test_a_line_that_three_articles_of_a_source_share_is_furniture() -> None:
    files = [file("a.cn", body, FOLLOW) for body in BODIES]
    assert learned(files[:3]) == set(line_numbers(FOLLOW))
    assert learned(files[:2]) == set()
    assert repeated_lines(files)["a.cn"][line_number(FOLLOW)] == 4


def test_each_source_has_its_own_furniture() -> None:
    files = [file(f"{site}.cn", body, FOLLOW) for site, body in zip("abcd", BODIES, strict=True)]
    assert repeated_lines(files) == {f"{site}.cn": {} for site in "abcd"}


def test_the_counters_of_a_line_do_not_tell_it_apart() -> None:
    files = [file("a.cn", body, f"阅读 {n} 次 评论 {n} 条 收藏一下吧") for n, body in enumerate(BODIES)]
    assert len(learned(files)) == 1


@pytest.mark.parametrize("line", ["售价：{}元", "2024年归属于上市公司股东的净利润：{}亿元", "第{}期工程总投资为3亿元"])
def test_lines_with_other_figures_are_other_lines(line: str) -> None:
    files = [file("a.cn", body, line.format(n)) for n, body in enumerate(BODIES, start=1299)]
    assert learned(files) == set()


def test_a_short_line_must_be_in_three_of_ten_articles() -> None:
    others = [file("a.cn", f"{'甲乙丙丁戊己庚辛壬癸'[n % 10]}{n // 10}" * 20) for n in range(12)]
    heading = [file("a.cn", body, "参考资料") for body in BODIES]
    assert learned(heading + others) == set()
    assert learned(heading + others[:8]) == set(line_numbers("参考资料"))


def test_the_text_of_an_article_that_was_saved_three_times_is_not_furniture() -> None:
    body = [
        f"{sentence}，这是第{'一二三四'[n]}件说得很长很长的事情，足足有三十个字以上"
        for n, sentence in enumerate(BODIES)
    ]
    copies = [file("a.cn", *body) for _ in range(4)]
    assert learned(copies) == set()
    assert learned([*copies, *(file("a.cn", other, FOLLOW) for other in BODIES)]) == set(line_numbers(FOLLOW))


@pytest.mark.parametrize(
    ("article", "source"),
    [
        (Article("文", "夹/文.md", "", url="https://www.woshipm.com/it/1.html", publisher="甲"), "woshipm.com"),
        (Article("文", "夹/文.md", "", publisher="甲"), "甲"),
        (Article("文", "夹/文.md", ""), "folder 夹"),
        (Article("文", "文.md", ""), "folder "),
    ],
)
def test_the_source_is_the_site_else_the_publisher_else_the_folder(article: Article, source: str) -> None:
    assert source_of(article) == source


def test_learned_lines_of_an_article_are_those_it_has() -> None:
    files = [file("a.cn", body, FOLLOW) for body in BODIES[:3]]
    assert learned_of(files[0], repeated_lines(files)) == set(line_numbers(FOLLOW))
    assert learned_of(file("a.cn", BODIES[3]), repeated_lines(files)) == set()
    assert learned_of(file("b.cn", FOLLOW), repeated_lines(files)) == set()


def test_an_article_of_nothing_but_repeated_lines_keeps_them() -> None:
    files = [file("a.cn", body, FOLLOW) for body in BODIES[:3]]
    assert learned_of(file("a.cn", FOLLOW), repeated_lines([*files, file("a.cn", FOLLOW)])) == set()


def texts(index: Path) -> dict[str, str]:
    library = Library.open(index / read_manifest(index).directory / "library.sqlite")
    found = {id_: library.article(id_).text for id_ in library.article_ids()}
    library.close()
    return found


def test_articles_indexed_before_lose_a_line_when_a_third_article_shows_it_is_furniture(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    for name, body in zip("甲乙", BODIES, strict=False):
        (corpus / f"{name}.txt").write_text(f"{body}。\n\n{FOLLOW}\n", encoding="utf-8")
    ingest(corpus, index, fake_embedder)
    assert FOLLOW in texts(index)["甲"]
    (corpus / "丙.txt").write_text(f"{BODIES[2]}。\n\n{FOLLOW}\n", encoding="utf-8")
    fake_embedder.embedded.clear()
    summary = ingest(corpus, index, fake_embedder)
    assert (summary.added, sorted(summary.changed), summary.unchanged) == (["丙"], ["乙", "甲"], 0)
    assert all(FOLLOW not in text for text in texts(index).values())
    assert fake_embedder.embedded == [f"丙\n{BODIES[2]}。"]
    assert ingest(corpus, index, fake_embedder).unchanged == 3
    (corpus / "丙.txt").unlink()
    assert sorted(ingest(corpus, index, fake_embedder).changed) == ["乙", "甲"]
    assert FOLLOW in texts(index)["甲"]
