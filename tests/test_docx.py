"""Word files become text."""

import io
import time
import zipfile
from pathlib import Path

import docx
from conversions import refused

from ingest.convert import convert


def as_bytes(document: docx.document.Document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_headings_lists_and_tables_of_a_docx_become_lines() -> None:
    document = docx.Document()
    document.add_heading("小红书出海", 0)
    document.add_heading("一、背景", 2)
    paragraph = document.add_paragraph("小红书")
    paragraph.add_run("出海").bold = True
    paragraph.add_run("。")
    document.add_paragraph("要点", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip([c for row in table.rows for c in row.cells], ["市场", "佣金", "美国", "5%"], strict=True):
        cell.text = text
    document.add_paragraph("完。")
    document.core_properties.title = "小红书"
    document.core_properties.author = "python-docx"
    converted = convert(Path("文.docx"), as_bytes(document))
    rows = "| 市场 | 佣金 |\n|---|---|\n| 美国 | 5% |\n"
    assert converted.text == f"# 小红书出海\n## 一、背景\n小红书出海。\n- 要点\n{rows}完。\n"
    assert converted.metadata == {"title": "小红书"}
    assert converted.converted


def test_the_head_of_a_docx_table_is_what_is_marked_or_names_figures() -> None:
    def text_of(rows: list[list[str]], merged: tuple[int, int] | None = None, marked: bool = False) -> str:
        document = docx.Document()
        table = document.add_table(len(rows), len(rows[0]))
        for row, words in zip(table.rows, rows, strict=True):
            for cell, word in zip(row.cells, words, strict=True):
                cell.text = word
        if merged:
            table.cell(merged[0], 0).merge(table.cell(merged[1], 0)).text = rows[merged[0]][0]
        if marked:
            properties = table.rows[0]._tr.get_or_add_trPr()
            properties.append(properties.makeelement(docx.oxml.ns.qn("w:tblHeader")))
        return convert(Path("表.docx"), as_bytes(document)).text

    people = [["姓名", "张三"], ["职务", "店长"]]
    assert text_of(people) == "姓名 | 张三\n职务 | 店长\n"
    assert text_of(people, marked=True) == "| 姓名 | 张三 |\n|---|---|\n| 职务 | 店长 |\n"
    assert text_of([["2024年", "8%"], ["2025年", "7%"]]) == "2024年 | 8%\n2025年 | 7%\n"
    fees = [["类目", "费率"], ["服饰", "8%"], ["", "7%"]]
    assert text_of(fees, merged=(1, 2)) == "| 类目 | 费率 |\n|---|---|\n| 服饰 | 8% |\n| 服饰 | 7% |\n"


def test_links_are_text_and_deleted_words_are_none() -> None:
    document = docx.Document()
    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    paragraph = document.add_paragraph("甲")
    for tag, text in (("hyperlink", "乙"), ("ins", "丙"), ("del", "丁")):
        run = paragraph._p.makeelement(word + "r")
        leaf = run.makeelement(word + "t")
        leaf.text = text
        run.append(leaf)
        wrapper = paragraph._p.makeelement(word + tag)
        wrapper.append(run)
        paragraph._p.append(wrapper)
    assert convert(Path("文.docx"), as_bytes(document)).text == "甲乙丙\n"


def test_a_docx_without_words_or_with_a_password_or_damaged_is_refused() -> None:
    assert "是空的" in refused("空.docx", as_bytes(docx.Document())).chinese
    assert "密码" in refused("锁.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)).chinese
    document = docx.Document()
    document.add_paragraph("正文。")
    refused("坏.docx", as_bytes(document)[:-100])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("甲.txt", "乙")
    refused("坏.docx", buffer.getvalue())


def rezipped(content: bytes, name: str, data: bytes) -> bytes:
    """A DOCX file with one part replaced."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            new.writestr(part, data if part == name else old.read(part))
    return buffer.getvalue()


def test_a_zip_bomb_is_refused_unopened() -> None:
    document = docx.Document()
    document.add_paragraph("正文。")
    bomb = rezipped(as_bytes(document), "word/document.xml", b"<a>" + b" " * 70_000_000)
    assert len(bomb) < 200_000
    started = time.monotonic()
    assert "解压后太大" in refused("弹.docx", bomb).chinese
    assert time.monotonic() - started < 1


def test_entities_in_a_docx_are_not_unfolded() -> None:
    document = docx.Document()
    document.add_paragraph("正文。")
    entities = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    xml = f'<?xml version="1.0"?>{entities}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&a;root</w:t></w:r></w:p></w:body></w:document>'
    hostile = rezipped(as_bytes(document), "word/document.xml", xml.encode())
    assert "是空的" in refused("文.docx", hostile).chinese
