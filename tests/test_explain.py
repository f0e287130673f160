import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from ingest.clean import find_removals
from ingest.explain import explain, explain_html, note
from ingest.pieces import KIND_NAMES, RuleCount, count_rules, pieces_of
from ingest.rule_sets import rule_sets
from rag.types import Article, Flag, Removal

RAW = "**面**香。\n（完）\n老面馆第7期\n汤<b>202591日</b>香。"
REMOVED = (
    Removal(0, 2, "markup", "markup/bold"),
    Removal(3, 5, "markup", "markup/bold"),
    Removal(8, 11, "navigation", "common/end-mark"),
    Removal(12, 18, "repeated line", "learned/repeated-line"),
)
TEXT = "面香。\n\n\n汤<b>202591日</b>香。"
ARTICLE = Article("面", "面.md", RAW, REMOVED, "面<馆>", flags=(Flag(10, 17, "broken date"),))
EVIDENCE = {"老面馆第0期": "同源 300 篇中 287 篇有此行"}


def printed(article: Article, **settings: bool) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False, **settings)  # type: ignore[arg-type]
    explain(article, console, EVIDENCE)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class Page(HTMLParser):
    """The text of the article as a reader sees it, and every attribute of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.kept = self.removed = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in ("input", "meta"):
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if "article" in self.stack and "small" not in self.stack:
            if "del" in self.stack:
                self.removed += data
            else:
                self.kept += data


def test_pieces_are_the_whole_file_in_order() -> None:
    assert ARTICLE.text == TEXT
    assert "".join(piece.text for piece in pieces_of(ARTICLE)) == RAW
    assert "".join(piece.text for piece in pieces_of(ARTICLE) if not piece.removal) == TEXT
    assert [piece.text for piece in pieces_of(ARTICLE) if piece.flags] == ["202591日"]


@given(
    st.text(alphabet="面汤。\n*#", max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), max_size=5)
)
def test_pieces_are_the_whole_file_whatever_is_flagged(raw: str, places: list[tuple[int, int]]) -> None:
    removals = find_removals(raw)
    length = len(Article("面", "面.md", raw, removals).text)
    spans = [(a, min(a + n, length)) for a, n in places if a < length]
    article = Article("面", "面.md", raw, removals, flags=tuple(Flag(a, b, "cut sentence") for a, b in spans))
    assert "".join(piece.text for piece in pieces_of(article)) == raw
    assert sum(len(piece.ends) for piece in pieces_of(article)) == len(spans)


def test_each_removal_is_followed_by_kind_rule_and_reason_but_mark_up_is_not() -> None:
    assert "（完）〔导航·common/end-mark：文章结束的标记〕\n" in printed(ARTICLE)
    assert "**面**香。\n" in printed(ARTICLE)


def test_a_learned_line_shows_its_evidence() -> None:
    reason = "同一来源的许多文章里都有这一行，只留一处；同源 300 篇中 287 篇有此行"
    expected = f"〔站点重复行·learned/repeated-line：{reason}〕"
    assert note(REMOVED[3], "老面馆第7期", EVIDENCE) == expected
    assert expected in printed(ARTICLE)
    assert expected in explain_html(ARTICLE, EVIDENCE)
    assert "287" not in explain_html(ARTICLE)


def test_a_rule_that_no_longer_exists_is_named_without_a_reason() -> None:
    assert note(Removal(0, 1, "odd kind", "gone/rule"), "x") == "〔odd kind·gone/rule〕"


def test_removed_text_is_struck_through_and_flagged_text_underlined() -> None:
    text = printed(ARTICLE, force_terminal=True)
    assert re.search(r"\x1b\[[\d;]*9[\d;]*m（完）", text)
    assert re.search(r"\x1b\[4[\d;]*m202591日", text)
    assert "〔疑似损伤：日期似有缺字〕" in text


def test_what_was_recognised_stands_first() -> None:
    known = {"title": "stated", "published": "inferred", "publisher": "stated"}
    article = Article(
        "面", "面.md", "面香。", title="面馆", published="2025-04-03", publisher="老面报", provenance=known
    )
    first = ["标题：面馆", "日期：2025-04-03（推断，不是文中写明的发布日期）", "作者：没有找到", "来源：老面报"]
    assert printed(article).splitlines()[:4] == first
    nothing = Article("面", "面.md", "面香。", title="面", provenance={"title": "inferred"})
    assert printed(nothing).splitlines()[:2] == ["标题：面（取自文件名）", "日期：没有找到"]


def test_the_table_counts_each_rule() -> None:
    assert count_rules(ARTICLE) == [
        RuleCount("repeated line", "learned/repeated-line", 1, 6),
        RuleCount("markup", "markup/bold", 2, 4),
        RuleCount("navigation", "common/end-mark", 1, 3),
    ]
    assert re.search(r"标记 *│ markup/bold *│ 加粗符号 *│ 2 *│ 4 ", printed(ARTICLE))
    assert "<td>标记</td><td>markup/bold</td><td>加粗符号</td><td>2</td><td>4</td>" in explain_html(ARTICLE)


def test_an_article_without_removals_says_so() -> None:
    bare = Article("面", "面.md", "面香。")
    assert "没有删去任何内容。" in printed(bare)
    assert "没有删去任何内容。" in explain_html(bare)


def test_the_page_shows_kept_and_removed_text_and_escapes_it() -> None:
    page = Page(explain_html(ARTICLE, EVIDENCE))
    assert page.kept == TEXT
    assert page.removed == "****（完）老面馆第7期"
    assert "面&lt;馆&gt;" in explain_html(ARTICLE)
    assert "b" not in page.tags


def test_the_page_says_what_was_recognised_too() -> None:
    page = explain_html(replace(ARTICLE, published="2025-04-03", provenance={"published": "inferred"}))
    told = "标题：面&lt;馆&gt;\n日期：2025-04-03（推断，不是文中写明的发布日期）\n作者：没有找到\n来源：没有找到"
    assert f'<p class="recognised">{told}</p>' in page


@given(st.text())
def test_the_page_is_well_formed_for_any_text(raw: str) -> None:
    raw = raw.replace("\r", "")
    page = Page(explain_html(Article("面", "面.md", raw, find_removals(raw), raw[:9])))
    assert page.stack == []
    assert [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")] == []
    assert page.tags.isdisjoint({"script", "link", "img", "iframe"})


def test_each_kind_has_a_checkbox_that_hides_it_and_mark_up_starts_hidden() -> None:
    page = explain_html(ARTICLE)
    assert '<input type="checkbox" id="k0"><label for="k0">标记 2</label>' in page
    assert '<input type="checkbox" id="k1" checked><label for="k1">导航 1</label>' in page
    assert "#k0:not(:checked) ~ main .k0, #k1:not(:checked) ~ main .k1" in page
    assert '<span class="k1"><del>（完）</del>' in page


def test_the_page_needs_no_network_and_is_readable_in_the_dark() -> None:
    page = explain_html(ARTICLE)
    assert "http" not in page.replace("http-equiv", "")
    assert "prefers-color-scheme: dark" in page


@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\u202e"])
def test_control_characters_of_an_article_do_not_reach_the_terminal(control: str) -> None:
    article = Article("面", "面.md", f"面{control}香。", title=f"面{control}")
    assert control[0] not in printed(article)
    assert control[0] not in explain_html(article)


def test_every_kind_of_every_rule_has_a_chinese_name() -> None:
    kinds = {rule.kind for rules in rule_sets() for rule in rules.rules} | {"repeated line", "page furniture"}
    assert kinds <= KIND_NAMES.keys()
