from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.furniture import Repeated, learned_of, line_number, line_numbers, repeated_lines, source_of
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


def repeated(files: list[IndexedFile]) -> dict[str, dict[int, Repeated]]:
    """What the files repeat, whose articles are 文0, 文1, …"""
    return repeated_lines({f"文{n}": file for n, file in enumerate(files)})


def learned(files: list[IndexedFile], source: str = "a.cn") -> set[int]:
    return set(repeated(files).get(source, {}))


def test_a_line_that_three_articles_of_a_source_share_is_furniture() -> None:
    files = [file("a.cn", body, FOLLOW) for body in BODIES]
    assert learned(files[:3]) == set(line_numbers(FOLLOW))
    assert learned(files[:2]) == set()
    assert repeated(files)["a.cn"][line_number(FOLLOW)] == Repeated(4, "文0")


def test_each_source_has_its_own_furniture() -> None:
    files = [file(f"{site}.cn", body, FOLLOW) for site, body in zip("abcd", BODIES, strict=True)]
    assert repeated(files) == {f"{site}.cn": {} for site in "abcd"}


def test_files_of_no_site_have_no_furniture() -> None:
    assert repeated([file("", body, FOLLOW) for body in BODIES]) == {}


TERMS = [
    "保修期为自签收之日起十二个月，磕碰损坏不在保修范围内。",
    "签收七天内可以无理由退货。退货运费由买家承担",
    "（一）非质量问题的退货运费由买家承担；",
    "保修期：自签收之日起十二个月",
    "| 产地 | 澜州第一工业园区六号楼 |",
    "产品净重250克，适合两到三个人使用",
    "Returns are free of charge within a week.",
]


@pytest.mark.parametrize("line", TERMS)
def test_what_every_page_of_a_shop_states_is_no_furniture(line: str) -> None:
    assert learned([file("a.cn", body, line) for body in BODIES]) == set()


def test_of_a_repeated_line_that_may_be_a_term_one_article_keeps_a_copy() -> None:
    files = [file("a.cn", body, "支持到店自提和开具增值税发票") for body in BODIES]
    lines = repeated(files)
    kept = [n for n, one in enumerate(files) if not learned_of(f"文{n}", one, lines)]
    assert kept == [0]


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
        (Article("文", "夹/文.md", ""), ""),
    ],
)
def test_the_source_is_the_site_else_the_publisher(article: Article, source: str) -> None:
    assert source_of(article) == source


def test_learned_lines_of_an_article_are_those_it_has() -> None:
    files = [file("a.cn", body, FOLLOW) for body in BODIES[:3]]
    assert learned_of("文1", files[1], repeated(files)) == set(line_numbers(FOLLOW))
    assert learned_of("文3", file("a.cn", BODIES[3]), repeated(files)) == set()
    assert learned_of("文3", file("b.cn", FOLLOW), repeated(files)) == set()


def test_an_article_of_nothing_but_repeated_lines_keeps_them() -> None:
    files = [file("a.cn", body, FOLLOW) for body in BODIES[:3]]
    assert learned_of("文3", file("a.cn", FOLLOW), repeated([*files, file("a.cn", FOLLOW)])) == set()


def texts(index: Path) -> dict[str, str]:
    library = Library.open(index / read_manifest(index).directory / "library.sqlite")
    found = {id_: library.article(id_).text for id_ in library.article_ids()}
    library.close()
    return found


def write(corpus: Path, name: str, *lines: str) -> None:
    """Write an article of 老面馆."""
    text = "\n\n".join(lines)
    (corpus / f"{name}.md").write_text(f"---\npublisher: 老面馆\n---\n{text}\n", encoding="utf-8")


def test_articles_indexed_before_lose_a_line_when_a_third_article_shows_it_is_furniture(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    for name, body in zip("甲乙", BODIES, strict=False):
        write(corpus, name, f"{body}。", FOLLOW)
    ingest(corpus, index, fake_embedder)
    assert FOLLOW in texts(index)["甲"]
    write(corpus, "丙", f"{BODIES[2]}。", FOLLOW)
    fake_embedder.embedded.clear()
    summary = ingest(corpus, index, fake_embedder)
    assert (summary.added, sorted(summary.changed), summary.unchanged) == (["丙"], ["乙", "甲"], 0)
    assert [name for name, text in texts(index).items() if FOLLOW in text] == ["丙"]
    assert fake_embedder.embedded == [f"丙\n{BODIES[2]}。", f"丙\n{FOLLOW}"]
    assert ingest(corpus, index, fake_embedder).unchanged == 3
    (corpus / "丙.md").unlink()
    assert sorted(ingest(corpus, index, fake_embedder).changed) == ["乙", "甲"]
    assert FOLLOW in texts(index)["甲"]


def test_terms_that_three_pages_of_a_shop_share_are_in_the_index_of_each(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    for name, body in zip("甲乙丙", BODIES, strict=False):
        write(corpus, name, f"{body}。", *TERMS[:2])
        summary = ingest(corpus, index, fake_embedder)
        assert summary.changed == []
    assert all(term in text for text in texts(index).values() for term in TERMS[:2])
