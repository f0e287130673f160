"""What holds for files of every form, and Markdown; named so because tests/test_convert.py is about eval.convert."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from conversions import SENTENCE, kept, refused

from ingest import convert as module
from ingest.convert import LONGEST_TEXT, Converted, convert
from rag.errors import CorpusError


def test_a_form_that_is_not_read_is_refused_by_name() -> None:
    assert "不支持 .xlsx 文件" in refused("表.xlsx", b"x").chinese
    assert "没有后缀" in refused("文", b"x").chinese


def test_a_file_that_is_too_large_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_FILE", 5)
    assert "太大" in refused("文.txt", "小红书".encode()).chinese


def test_a_text_of_up_to_five_million_characters_is_converted_and_a_longer_one_refused_by_name() -> None:
    text = (SENTENCE + "\n") * (LONGEST_TEXT // len(SENTENCE + "\n"))
    assert convert(Path("文.txt"), text.encode()).text == text
    with pytest.raises(CorpusError, match=r"文\.txt has [\d,]+ characters, more than 5,000,000: split it"):
        convert(Path("文.txt"), (text + text).encode())


def test_no_parser_is_imported_before_it_is_needed() -> None:
    line = (
        "import sys, ingest.convert, ingest.add; print({'trafilatura', 'lxml', 'docx', 'pypdfium2'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("suffix", ["pdf", "docx", "html", "md", "txt"])
@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 50, bytes(range(256)) * 8, b"%PDF-1.7\n%%EOF", b"PK\x05\x06" + b"\0" * 18]
)
def test_rubbish_is_refused_in_a_sentence(suffix: str, content: bytes) -> None:
    refused(f"坏.{suffix}", content)


def markdown(text: str) -> Converted:
    return convert(Path("文.md"), text.encode())


def test_plain_markdown_is_its_own_text() -> None:
    assert markdown("# 题\n\n**正**文。") == Converted("# 题\n\n**正**文。")


def test_front_matter_is_metadata_and_removed() -> None:
    converted = markdown(
        "---\ntitle: '小红书: 出海'\nauthor: [张三, 李四]\ndate: 2025-04-03\ntags:\n  - 电商\n  - 出海\n"
        "source: 某网\nlink: https://a.example/1\nlayout: post\n---\n# 题\n正文。\n"
    )
    assert kept(converted) == "# 题\n正文。\n"
    assert converted.metadata == {
        "title": "小红书: 出海",
        "author": "张三、李四",
        "published": "2025-04-03",
        "url": "https://a.example/1",
        "publisher": "某网",
        "tags": "电商,出海",
    }
    assert [(r.kind, r.rule) for r in converted.removed] == [("metadata", "front-matter")]


def test_front_matter_may_have_chinese_keys() -> None:
    converted = markdown("---\n标题: 题\n作者: 张三\n日期: 2025-04-03\n来源: 某网\n标签: [电商, 出海]\n---\n正文。\n")
    assert kept(converted) == "正文。\n"
    assert converted.metadata == {
        "title": "题",
        "author": "张三",
        "published": "2025-04-03",
        "publisher": "某网",
        "tags": "电商,出海",
    }


@pytest.mark.parametrize("nothing", ["null", "Null", "~", ""])
def test_no_value_of_yaml_is_none_of_the_article(nothing: str) -> None:
    assert markdown(f"---\ntitle: 题\nauthor: {nothing}\n---\n正文。\n").metadata == {"title": "题"}


@pytest.mark.parametrize("above", ["\n", " \n\n", "　\n"])
def test_front_matter_below_empty_lines_is_metadata_and_removed(above: str) -> None:
    converted = markdown(f"{above}---\ntitle: 题\n---\n正文。\n")
    assert (kept(converted), converted.metadata) == ("正文。\n", {"title": "题"})


def test_front_matter_that_is_no_yaml_but_looks_so_is_removed() -> None:
    converted = markdown("---\ntitle: 小红书: 出海\nauthor: @张三\n---\n正文。\n")
    assert kept(converted) == "正文。\n"
    assert converted.metadata == {"title": "小红书: 出海", "author": "@张三"}


@pytest.mark.parametrize(
    "text",
    [
        "---\n\n正文。\n\n---\n\n还有。\n",
        "---\n正文。\n---\n",
        "---\ntitle: 没有结尾\n正文。\n",
        "正文。\n---\ntitle: 不在开头\n---\n",
        "---\n- 一\n- 二\n---\n正文。",
        "---\ntitle: [坏\n这一行不是\n---\n正文。",
        "---\n---\n正文。",
        "---\n价格: 5元\n重量: 2公斤\n---\n正文。",
        "---\n价格: 5元\n来源: 云南\n---\n正文。",
        "---\ntitle: 面馆\n　　面馆开在巷口，每天卖三百碗面。\n　　老板姓王，今年五十岁。\n---\n正文。",
        "---\nQ: 小红书什么时候成立？\nA: 2013 年成立，总部在上海。\n---\n正文。",
    ],
)
def test_a_rule_line_that_opens_no_front_matter_is_left_alone(text: str) -> None:
    assert markdown(text) == Converted(text)


@pytest.mark.parametrize(
    "value",
    ["!!python/object/apply:os.system ['touch /tmp/no']", "&a [*a]", "[" * 5000, "2025-02-30", "{a: {b: {c: d}}}"],
)
def test_hostile_front_matter_does_no_harm(value: str) -> None:
    assert "正文。" in kept(markdown(f"---\ntitle: {value}\n---\n正文。"))


def test_a_bomb_of_aliases_is_not_unfolded() -> None:
    lines = ["a0: &a0 [哈, 哈]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    bomb = "---\n" + "\n".join([*lines, "title: *a11"]) + "\n---\n正文。"
    started = time.monotonic()
    assert kept(markdown(bomb)) == "正文。"
    assert time.monotonic() - started < 2


def test_a_reference_link_keeps_its_words_and_a_footnote_its_note() -> None:
    text = (
        "参见[年度报告][ref]、[附录][]和[附录]，营收增长12%[^1]。图![店面][pic]\n\n"
        '[^1]: 数据来自年报。\n[Ref]: https://a.cn/1 "标题"\n[附录]: <https://a.cn/2>\n[pic]: /p.png\n'
    )
    assert kept(markdown(text)) == "参见年度报告、附录和附录，营收增长12%。图\n\n数据来自年报。\n\n\n\n"
    notes = "[^1]: 甲。\n[^2]: 乙。\n"
    assert kept(markdown(f"达到100[^1]，GDP[^2]又升[^1][^2]。\n\n{notes}")) == "达到100，GDP又升。\n\n甲。\n乙。\n"


def test_a_reference_in_the_address_of_another_is_its_own() -> None:
    assert kept(markdown("[甲]: https://a.cn![图][甲]\n见[词][甲]。")) == "\n见词。"


@pytest.mark.parametrize(
    "text",
    [
        "用[^0-9]匹配，再看[甲][乙]。",  # defined nowhere
        "增长12%[1]。\n\n[1]: https://a.cn/1\n",  # the number of a source
        "[结论]: 汤香。\n\n[结论]见下。",  # no address
        "```\n[a]: https://a.cn\n[^1]: x\n```\n见[a]和[^1]。",
        "[张三]: #新品上市#大家快来买\n[李四]: .NET平台很好\n[王五]: note:今天下雨不开门\n[小红]:/捂脸",
        "x[i][j]和a[ref]。\n\n```\n[ref]: /a\n```",
    ],
)
def test_brackets_that_refer_to_nothing_stay(text: str) -> None:
    assert kept(markdown(text)) == text


def test_entities_become_what_they_mean_but_in_code() -> None:
    converted = markdown(
        "---\ntitle: 甲 &amp; 乙\n---\n&ldquo;汤&rdquo;&nbsp;&emsp;香&#8212;9&lt;10&gt;8，`&nbsp;`\n```\n&lt;\n```\n"
    )
    assert kept(converted) == "“汤”  香—9<10>8，`&nbsp;`\n```\n&lt;\n```\n"
    assert converted.converted
    assert converted.metadata["title"] == "甲 & 乙"
    marks = "&lt;b&gt;粗&lt;/b&gt;，&lt;!-- 面要硬 --&gt;\n&gt; 100 元\n&#35; 汤 &#42;汤&#42;\n"
    assert kept(markdown(marks)) == marks
    text = "A&B公司；AT&T; 与 &汤; 与 https://a.cn/?a=1&copy=2"
    assert markdown(text) == Converted(text)
