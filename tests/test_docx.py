"""Word files become text."""

import io
import time
import zipfile
from pathlib import Path

import docx
from conversions import refused

from ingest.convert import convert
from ingest.convert.docx_numbers import written


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


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


def text_of_body(xml: str) -> str:
    """The text of a Word file with the given body."""
    document = docx.Document()
    body = docx.oxml.parse_xml(f"<w:body {W} {M}>{xml}</w:body>")
    for element in reversed(body):
        document.element.body.insert(0, element)
    return convert(Path("文.docx"), as_bytes(document)).text


def p(*parts: str) -> str:
    """A paragraph of runs with words, or of the elements given."""
    return "<w:p>" + "".join(part if part[0] == "<" else f"<w:r><w:t>{part}</w:t></w:r>" for part in parts) + "</w:p>"


def row(*cells: str) -> str:
    return "<w:tr>" + "".join(cell if cell.startswith("<w:sdt") else tc(p(cell)) for cell in cells) + "</w:tr>"


def tc(xml: str) -> str:
    return f"<w:tc>{xml}</w:tc>"


def control(xml: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{xml}</w:sdtContent></w:sdt>"


def box(xml: str) -> str:
    return f"<w:r><w:pict><w:txbxContent>{xml}</w:txbxContent></w:pict></w:r>"


def test_cells_and_rows_in_content_controls_are_read() -> None:
    rows = row("姓名", control(tc(p("张三")))) + control(row("电话", "123")) + control(control(row("城市", "杭州")))
    assert text_of_body(f"<w:tbl>{rows}</w:tbl>") == "姓名 | 张三\n电话 | 123\n城市 | 杭州\n"
    head = control("<w:tr><w:trPr><w:tblHeader/></w:trPr>" + tc(p("类目")) + tc(p("费率")) + "</w:tr>")
    assert text_of_body(f"<w:tbl>{head}{row('服饰', '8%')}</w:tbl>") == "| 类目 | 费率 |\n|---|---|\n| 服饰 | 8% |\n"


def test_tables_in_text_boxes_and_text_boxes_in_cells_and_in_each_other_are_read_once() -> None:
    table = f"<w:tbl>{row('服饰', '8%')}</w:tbl>"
    assert text_of_body(p("正文。", box(table + p("注。", box(p("另注。")))))) == "正文。\n服饰 | 8%\n注。\n另注。\n"
    cell = tc(p("费率", box(p("8%", box(p("含税"))))))
    assert text_of_body(f"<w:tbl><w:tr>{tc(p('服饰'))}{cell}</w:tr></w:tbl>") == "服饰 | 费率 8% 含税\n"


def test_the_runs_of_a_cell_are_not_put_apart_and_its_paragraphs_are() -> None:
    cell = tc(p("12", ",500", "元") + p("含税"))
    assert text_of_body(f"<w:tbl><w:tr>{tc(p('利', '润'))}{cell}</w:tr></w:tbl>") == "利润 | 12,500元 含税\n"


def test_a_formula_is_read_in_its_place() -> None:
    def r(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    ratio = f"<m:f><m:num>{r('a+1')}</m:num><m:den>{r('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{r('x')}</m:e><m:sup>{r('10')}</m:sup></m:sSup>"
    root = f"<m:rad><m:deg/><m:e>{r('2')}</m:e></m:rad>"
    sign = '<m:naryPr><m:chr m:val="∑"/></m:naryPr>'
    total = f"<m:nary>{sign}<m:sub>{r('i=1')}</m:sub><m:sup>{r('n')}</m:sup><m:e>{r('i')}</m:e></m:nary>"
    bracket = f"<m:d><m:e>{r('b')}</m:e></m:d>"
    parts = r("y=") + ratio + r("+") + power + r("−") + root + r("+") + total + bracket
    assert text_of_body(p("设", f"<m:oMath>{parts}</m:oMath>", "。")) == "设y=(a+1)/2+x^10−√2+∑_(i=1)^n i(b)。\n"
    alone = p(f"<m:oMathPara><m:oMath>{r('E=m')}</m:oMath></m:oMathPara>")
    assert text_of_body(f"<w:tbl><w:tr>{tc(alone)}</w:tr></w:tbl>") == "E=m\n"


def styled(text: str, style: str) -> str:
    return f"<w:r><w:rPr>{style}</w:rPr><w:t>{text}</w:t></w:r>"


def test_a_raised_figure_is_no_digit_of_the_number_before_it() -> None:
    up = '<w:vertAlign w:val="superscript"/>'
    assert text_of_body(p("共10", styled("8", up), "次，5", styled("th", up), "。")) == "共10⁸次，5th。\n"


def test_hidden_words_and_pronunciations_are_not_text() -> None:
    above, below = (f"<w:r><w:t>{text}</w:t></w:r>" for text in ("hàn", "汉"))
    ruby = f"<w:r><w:ruby><w:rt>{above}</w:rt><w:rubyBase>{below}</w:rubyBase></w:ruby></w:r>"
    shown = styled("可见", '<w:vanish w:val="0"/>')
    assert text_of_body(p(ruby, "字", styled("隐藏", "<w:vanish/>"), shown)) == "汉字可见\n"


def test_words_that_are_crossed_out_have_the_marks_of_markdown_once() -> None:
    out = "<w:strike/>"
    struck = p(
        "收费", styled("五", out), styled("万元", "<w:dstrike/>"), styled("八万元", '<w:strike w:val="0"/>'), "。"
    )
    assert text_of_body(struck) == "收费~~五万元~~八万元。\n"


def test_the_numbers_that_word_counts_are_written() -> None:
    def level(at: int, form: str, text: str, start: int = 1, extra: str = "") -> str:
        kind = f'<w:start w:val="{start}"/><w:numFmt w:val="{form}"/>{extra}<w:lvlText w:val="{text}"/>'
        return f'<w:lvl w:ilvl="{at}">{kind}</w:lvl>'

    def item(text: str, at: int = 0, number: int = 90) -> str:
        place = f'<w:numPr><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>'
        return f"<w:p><w:pPr>{place}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    levels = (
        level(0, "chineseCounting", "第%1条", 9)
        + level(1, "decimal", "%1.%2", extra="<w:isLgl/>")
        + level(2, "bullet", "·")
    )
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    lists = (
        f'<w:abstractNum w:abstractNumId="90">{levels}</w:abstractNum>',
        '<w:num w:numId="90"><w:abstractNumId w:val="90"/></w:num>',
        f'<w:num w:numId="91"><w:abstractNumId w:val="90"/>{again}</w:num>',
    )
    document = docx.Document()
    for one in lists:
        document.part.numbering_part.element.append(docx.oxml.parse_xml(one.replace(" ", f" {W} ", 1)))
    items = [item("甲。"), item("乙。", 1), item("丙。", 1), item("丁。"), item("戊。", 1), item("己。", 2)]
    body = "".join([*items, item(""), item("庚。"), item("辛。", number=91), item("壬。", number=0)])
    for element in reversed(docx.oxml.parse_xml(f"<w:body {W}>{body}</w:body>")):
        document.element.body.insert(0, element)
    document.add_paragraph("一。", style="List Number")
    document.add_paragraph("二。", style="List Number")
    lines = convert(Path("文.docx"), as_bytes(document)).text.splitlines()
    assert lines[:5] == ["第九条 甲。", "9.1 乙。", "9.2 丙。", "第十条 丁。", "10.1 戊。"]
    assert lines[5:] == ["- 己。", "", "第十一条 庚。", "第一条 辛。", "- 壬。", "1. 一。", "2. 二。"]


def test_numbers_are_written_in_the_form_of_their_list() -> None:
    forms = ("decimal", "upperRoman", "lowerLetter", "decimalEnclosedCircle", "chineseCountingThousand", "decimalZero")
    assert [written(number, form) for form in forms for number in (4, 28)] == [
        *("4", "28", "IV", "XXVIII", "d", "bb", "④", "28", "四", "二十八", "04", "28"),
    ]
    assert written(3, "ideographTraditional") == "丙"


def test_what_any_element_wraps_is_read_and_what_is_said_again_is_not() -> None:
    space = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    choice = f"<mc:Choice>{p('乙')}</mc:Choice><mc:Fallback>{p('乙')}</mc:Fallback>"
    both = f"<mc:AlternateContent {space}>{choice}</mc:AlternateContent><w:smartTag>{p('丙')}</w:smartTag>"
    assert text_of_body(p("甲") + both) == "甲\n乙\n丙\n"


def test_the_boxes_of_a_form_say_which_is_ticked() -> None:
    def sign(font: str, char: str) -> str:
        return f'<w:r><w:sym w:font="{font}" w:char="{char}"/></w:r>'

    form = p(sign("Wingdings", "F0FE"), "是 ", sign("Wingdings 2", "F0A3"), "否 ", sign("Wingdings", "F06F"), "不明")
    assert text_of_body(form) == "☑是 □否 □不明\n"


def test_a_row_that_begins_further_right_stays_in_its_columns() -> None:
    head = "<w:tr><w:trPr><w:tblHeader/></w:trPr>" + tc(p("类目")) + tc(p("费率")) + "</w:tr>"
    shifted = '<w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr>' + tc(p("7%")) + "</w:tr>"
    rows = row("服饰", "8%") + shifted
    table = "| 类目 | 费率 |\n|---|---|\n| 服饰 | 8% |\n|  | 7% |\n"
    assert text_of_body(f"<w:tbl>{head}{rows}</w:tbl>") == table


def test_a_note_is_a_line_below_what_it_is_a_note_to_and_is_said_once() -> None:
    document = docx.Document()
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    xml = f"{p('利润五万元', reference, '。')}{p('再说一次', reference, '。')}{p('完。')}"
    for element in reversed(docx.oxml.parse_xml(f"<w:body {W}>{xml}</w:body>")):
        document.element.body.insert(0, element)
    notes = f'<w:footnotes {W}><w:footnote w:id="2">{p("未经审计。")}</w:footnote></w:footnotes>'
    name = docx.opc.packuri.PackURI("/word/footnotes.xml")
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = docx.opc.part.Part(name, kind, notes.encode(), document.part.package)
    document.part.relate_to(part, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes")
    text = convert(Path("文.docx"), as_bytes(document)).text
    assert text == "利润五万元。\n未经审计。\n再说一次。\n完。\n"


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
