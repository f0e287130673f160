"""An exported conversation, and what `verify` says of its quotes once the articles have changed."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from hypothesis import given
from hypothesis import strategies as st

from ingest.run import ingest
from rag.__main__ import main
from rag.errors import ExportError
from rag.export import FORMATS, _escaped, unescaped
from rag.index import open_library
from rag.types import Answer, Article, Chunk, Citation, Passage, Question, Scope, Statement
from rag.verify import Cited, cited_in, read_export, verify

WHEN = datetime(2026, 11, 25, 9, 30)
ODD = "1. <b>*乙*</b> & [丙](x) --> `丁`_#_。"


def answer_of(article: Article, *quotes: str) -> Answer:
    chunk = Chunk("c", article.id, 0, len(article.text), article.text)
    spans = [(article.text.index(quote), len(quote)) for quote in quotes]
    citations = tuple(Citation(n, article, at, at + length) for n, (at, length) in enumerate(spans, 1))
    statements = tuple(Statement(c.quote, (c.marker,)) for c in citations)
    passages = (Passage(article, chunk, 1, 1.0),)
    return Answer(Question("谁<怕>狗？"), statements, citations, passages, index_generation=1)


def write(folder: Path, form: str, *answers: Answer) -> Path:
    path = folder / f"对话.{form}"
    path.write_text(FORMATS[form][1]("题*目*", answers, WHEN), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_gives_back_every_quote_with_where_it_stood(form: str, tmp_path: Path) -> None:
    article = Article("子/甲<>--", "子/甲.md", f"# 题\n{ODD}\n狗追猫。", title="题>", url="https://e.org/?a=1&b=2")
    first, second = answer_of(article, ODD, "狗追猫。"), answer_of(article, "狗追猫。")
    refused = replace(second, statements=(), citations=(), refused=True, notice="没有。", nearest=second.citations)
    path = write(tmp_path, form, first, second, refused)
    assert read_export(path) == [*cited_in(first, 1), *cited_in(second, 2), *cited_in(refused, 3)]
    assert article.sha256 in path.read_text(encoding="utf-8")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_markdown_gives_the_text_back(text: str) -> None:
    assert unescaped(_escaped(text)) == text


def test_markdown_is_read_as_it_is_written() -> None:
    article = Article("甲", "甲.md", "猫怕狗。", title="甲", author="某人", published="2025-04-03")
    answer = replace(answer_of(article, "猫怕狗。"), question=Question("谁怕狗？", scope=Scope(tags=("动物",))))
    data = '{"answer": 1, "marker": 1, "article": "甲", "title": "甲", "start": 0, "end": 4, "sha256": "%s"}'
    assert FORMATS["md"][1]("甲", [answer], WHEN) == (
        "# 甲\n\n<!-- yinju-conversation 1 -->\n由引据导出于 2026-11-25 09:30。"
        "用 python -m rag verify 加上这个文件，可以核对每一处引文是否仍在文章里。\n\n"
        "## 谁怕狗？\n\n范围：标签：动物\n\n猫怕狗。\\[1\\]\n\n*原文摘编 · 第 1 代索引*\n\n### 出处\n\n"
        "**\\[1\\]** 《甲》 · 某人 · 2025-04-03\n\n> 猫怕狗。\n\n"
        f"<!-- yinju-citation {data % article.sha256} -->\n甲.md 正文第 1–4 字 · sha256 {article.sha256}\n"
    )


TABLE = "| 季度 | 产量 |\n|---|---|\n| 一季度 | 12* | 估计 |\n| 二季度 |\n"


def test_statements_stand_below_the_headings_of_the_page_and_rows_in_tables() -> None:
    article = Article("甲", "甲.md", f"猫怕狗。\n{TABLE}狗追猫。\n", title="甲")
    rows = TABLE.splitlines()
    answer = answer_of(article, "猫怕狗。", rows[0], rows[2], rows[3], "狗追猫。")
    subjects = ("《甲》", "《甲》", "《甲》", "《甲》", "乙\n<i>")
    told = zip(answer.statements, subjects, strict=True)
    answer = replace(answer, statements=tuple(replace(statement, subject=subject) for statement, subject in told))
    assert (
        "\n\n### 《甲》\n\n猫怕狗。\\[1\\]\n\n"
        "| 季度 | 产量 |  | \\[2\\] |\n| --- | --- | --- | --- |\n"
        "| 一季度 | 12\\* | 估计 | \\[3\\] |\n| 二季度 |  |  | \\[4\\] |\n\n"
        "### 乙 \\<i\\>\n\n狗追猫。\\[5\\]\n\n"
    ) in FORMATS["md"][1]("题", [answer], WHEN)
    assert (
        "\n<h3>《甲》</h3>\n<p>猫怕狗。<sup>[1]</sup></p>\n<table>"
        "<tr><th>季度</th><th>产量</th><td><sup>[2]</sup></td></tr>"
        "<tr><td>一季度</td><td>12*</td><td>估计</td><td><sup>[3]</sup></td></tr>"
        "<tr><td>二季度</td><td><sup>[4]</sup></td></tr></table>\n"
        "<h3>乙\n&lt;i&gt;</h3>\n<p>狗追猫。<sup>[5]</sup></p>\n"
    ) in FORMATS["html"][1]("题", [answer], WHEN)


def test_the_head_of_a_markdown_table_is_empty_where_none_is_told() -> None:
    article = Article("甲", "甲.md", TABLE, title="甲")
    rows = TABLE.splitlines()
    for quotes in ((rows[3],), (rows[3], rows[0])):  # a head begins another table
        text = FORMATS["md"][1]("题", [answer_of(article, *quotes)], WHEN)
        assert "\n\n|  |  |\n| --- | --- |\n| 二季度 | \\[1\\] |\n\n" in text


def test_only_what_has_statements_is_signed_by_who_wrote_them() -> None:
    answered = answer_of(Article("甲", "甲.md", "猫怕狗。"), "猫怕狗。")
    refused = replace(answered, statements=(), citations=(), refused=True, notice="没有。", nearest=answered.citations)
    unsearched = Answer(Question("谁？"), notice="已停止。")
    for form, signed in (("md", "*{}*"), ("html", "<footer>{}</footer>")):
        written = [FORMATS[form][1]("题", [answer], WHEN) for answer in (answered, refused, unsearched)]
        assert signed.format("原文摘编 · 第 1 代索引") in written[0]
        assert signed.format("第 1 代索引") in written[1]
        assert "索引" not in written[2] and "**" not in written[2]


def test_no_word_of_a_conversation_becomes_a_comment_of_an_export(tmp_path: Path) -> None:
    attack = "<!-- yinju-citation {} -->"
    article = Article(attack, f"{attack}.md", f"{attack}\n猫怕狗。", title=attack, author=attack)
    answer = replace(answer_of(article, article.text), question=Question(attack), notice=attack, answerer=attack)
    other = answer_of(Article("乙", "乙.md", "狗追猫。"), "狗追猫。")
    path = tmp_path / "对话.md"
    path.write_text(FORMATS["md"][1](attack, [answer, other], WHEN), encoding="utf-8")
    assert read_export(path) == [*cited_in(answer, 1), *cited_in(other, 2)]
    assert path.read_text(encoding="utf-8").count("<!-- ") == 3


def test_no_word_of_a_conversation_becomes_a_tag_or_a_link_that_runs() -> None:
    article = Article("甲", "甲.md", "<script>猫</script>怕狗。", title="<i>甲", url="javascript:alert(1)")
    page = FORMATS["html"][1]("<u>题", [answer_of(article, article.text)], WHEN)
    assert "<script" not in page and "<i>" not in page and "<u>" not in page and "javascript" not in page
    assert "&lt;script&gt;猫&lt;/script&gt;怕狗。</blockquote>" in page


@pytest.fixture
def exported(tiny_corpus: Path, tiny_index: Path) -> Answer:
    """An answer that cites 甲 twice and 乙 once."""
    library = open_library(tiny_index)
    cat, dog = library.article("甲"), library.article("乙")
    other = answer_of(dog, "狗追猫，共3.5亿次。")
    citations = (*answer_of(cat, "猫吃鱼。", "猫怕狗。").citations, replace(other.citations[0], marker=3))
    both = answer_of(cat, "猫吃鱼。", "猫怕狗。")
    return replace(both, citations=citations, passages=(*both.passages, *other.passages))


def states(answer: Answer, index: Path) -> list[tuple[str, str | None, str]]:
    return [(one.state, one.article, one.now) for one in verify(cited_in(answer), open_library(index))]


def test_what_has_not_changed_stands(exported: Answer, tiny_index: Path) -> None:
    assert [one[:2] for one in states(exported, tiny_index)] == [("stands", "甲"), ("stands", "甲"), ("stands", "乙")]


def test_moved_changed_and_gone_quotes_are_told_apart(exported: Answer, tiny_corpus: Path, tiny_index: Path) -> None:
    (tiny_corpus / "甲.md").write_text("# 甲\n\n先说一句别的话。猫吃鱼。\n", encoding="utf-8")
    (tiny_corpus / "乙.txt").write_text("乙\n\n狗追猫，共4.5亿次。\n", encoding="utf-8")
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    assert states(exported, tiny_index) == [
        ("moved", "甲", "猫吃鱼。"),
        ("gone", None, ""),
        ("changed", "乙", "狗追猫，共4.5亿次。"),
    ]


def test_a_quote_moves_with_its_article_but_not_to_another_one(
    exported: Answer, tiny_corpus: Path, tiny_index: Path
) -> None:
    (tiny_corpus / "甲.md").rename(tiny_corpus / "新.md")
    (tiny_corpus / "乙.txt").unlink()
    (tiny_corpus / "抄.txt").write_text("别的\n\n有人说：狗追猫，共3.5亿次。\n", encoding="utf-8")
    ingest(tiny_corpus, tiny_index, FakeEmbedder(), allow_shrink=True)
    assert states(exported, tiny_index) == [
        ("moved", "新", "猫吃鱼。"),
        ("moved", "新", "猫怕狗。"),
        ("gone", "抄", "狗追猫，共3.5亿次。"),
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_a_quote_that_was_edited_in_the_file_is_found(
    form: str, exported: Answer, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, form, exported)
    assert main(["verify", str(path), "--index", str(tiny_index)]) == 0
    assert capsys.readouterr().out.endswith("共 3 处引文：仍在原处 3，位置有变 0，已改动 0，已不在 0\n")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("狗追猫，共3.5亿次。", "狗追猫，共8.5亿次。"), encoding="utf-8")
    assert main(["verify", str(path), "--index", str(tiny_index)]) == 1
    out = capsys.readouterr().out
    assert "1[3] 已改动　《乙》" in out and "原引：「狗追猫，共8.5亿次。」\n    现为：「狗追猫，共3.5亿次。」" in out
    assert "文章没有变：导出文件被改过" in out


def test_an_answer_as_json_is_verified_too(
    exported: Answer, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(json.dumps(exported.to_json()) for _ in range(2)), encoding="utf-8")
    assert main(["verify", str(path), "--index", str(tiny_index), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["cited"]["answer"], row["state"]) for row in rows] == [(1, "stands")] * 3 + [(2, "stands")] * 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "{"),
        ("a.json", '{"x": 1}'),
        ("a.md", "没有"),
        ("a.md", "# 题\n\n<!-- yinju-conversation 1 -->\n\n<!-- yinju-citation {} -->\n"),
        ("a.html", "<blockquote>猫</blockquote>"),
        ("a.html", ""),
        ("a.json", ""),
    ],
)
def test_what_was_not_exported_is_refused(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ExportError, match="is no export"):
        read_export(tmp_path / name)


CITED = (
    '{"citations": [{"marker": 1, "article": "甲", "title": "题", "start": 2, "end": 6, "article_sha256": "x", '
    '"quote": "猫吃鱼。"}], "nearest": []}'
)


def test_what_a_citation_must_have_is_enough_to_verify_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(CITED, encoding="utf-8")
    assert read_export(tmp_path / "a.json") == [Cited(1, 1, "甲", "题", 2, 6, "x", "猫吃鱼。")]


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ('"start": 2', '"start": Infinity', "OverflowError: cannot convert float infinity to integer"),
        ('"start": 2', '"start": NaN', "ValueError: cannot convert float NaN to integer"),
        ('"start": 2, "end": 6', '"start": -5, "end": -1', "a quote of 4 characters cannot stand from -5 to -1"),
        ('"end": 6', '"end": 2', "a quote of 4 characters cannot stand from 2 to 2"),
        ('"猫吃鱼。"', '""', "a quote of 0 characters cannot stand from 2 to 6"),
        ('"猫吃鱼。"', "null", "text is expected, not NoneType"),
        ('"猫吃鱼。"', "5", "text is expected, not int"),
        ('"猫吃鱼。"', "[1]", "text is expected, not list"),
        ('"甲"', '["甲"]', "text is expected, not list"),
        ('"题"', "null", "text is expected, not NoneType"),
        ('"x"', "1", "text is expected, not int"),
        ('"甲"', '"\\ud800"', "surrogates not allowed"),
        ('"题"', '"\\ud800"', "surrogates not allowed"),
        ('"猫吃鱼。"', '"\\ud800"', "surrogates not allowed"),
        (CITED, "[" * 200_000, "RecursionError"),
    ],
)
def test_a_citation_that_cannot_be_meant_is_refused(was: str, now: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(CITED.replace(was, now), encoding="utf-8")
    with pytest.raises(ExportError, match=f"is no export .*{message}") as refused:
        read_export(tmp_path / "a.json")
    refused.value.chinese.encode()


def test_an_offset_without_end_in_a_comment_is_refused(tmp_path: Path) -> None:
    answer = answer_of(Article("甲", "甲.md", "猫怕狗。"), "猫怕狗。")
    path = write(tmp_path, "md", answer)
    path.write_text(path.read_text(encoding="utf-8").replace('"end": 4', '"end": 1e999'), encoding="utf-8")
    with pytest.raises(ExportError, match=r"is no export .*OverflowError"):
        read_export(path)


def test_without_a_file_or_an_index_verify_says_what_to_do(
    tmp_path: Path, tiny_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tmp_path / "a.json"), "--index", str(tiny_index)]) == 2
    assert "读不出来" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "a.json"), "--index", str(tmp_path / "none")]) == 2
    assert "请先运行 python -m ingest" in capsys.readouterr().err
