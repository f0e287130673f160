import pytest

from ingest.decode import decode, find_mojibake
from rag.errors import CorpusError

PLAIN = "小红书悄然布局跨境电商，首期覆盖美国及港澳市场。"
TRADITIONAL = "小紅書悄然佈局跨境電商，首期覆蓋美國及港澳市場。"
MIXED = "据悉，SHEIN 与 Temu 的佣金为 5%，账期 30 天。\n毛文超曾在贝恩资本工作。\n"


@pytest.mark.parametrize("text", [PLAIN, MIXED, MIXED * 300, "小红书", "题目\n\n正文。"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_simplified_text_is_read_in_every_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "文.txt") == text


@pytest.mark.parametrize("text", ["M3 259元\nM3 Pro 329元\n", "SKU,price\nM3,259元\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_list_of_prices_whose_bytes_are_valid_in_utf_8_is_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding), "价目.txt") == text


@pytest.mark.parametrize(
    "text",
    [
        "Le café",
        "Ԫ is a letter; é, à and ç are others",
        "Հայերեն",
        "Здравствуйте",
        "үй",
        "һәм",
        "Көк өзен",
        "Казахстан",
    ],
)
def test_foreign_text_in_utf_8_stays(text: str) -> None:
    assert decode(text.encode(), "文.txt") == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "cp950", "big5hkscs", "utf-16", "utf-16-be"])
def test_traditional_text_is_read_in_every_encoding(encoding: str) -> None:
    assert decode(TRADITIONAL.encode(encoding), "文.txt") == TRADITIONAL


def test_characters_of_gb18030_that_gbk_lacks_are_read() -> None:
    text = PLAIN + "𠮷𡈽䶮"
    assert decode(text.encode("gb18030"), "文.txt") == text


def test_text_after_a_long_stretch_of_ascii_decides_the_encoding() -> None:
    text = "var a = 1;\n" * 20_000 + PLAIN
    assert decode(text.encode("gb18030"), "文.txt") == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfab", "ab"),
        (b"a\r\nb\r\n", "a\nb\n"),
        (b"a\rb", "a\nb"),
        (b"a\n\nb", "a\n\nb"),
        ("甲😀".encode(), "甲😀"),
        ("甲\r\n乙".encode("utf-16"), "甲\n乙"),
    ],
)
def test_a_byte_order_mark_goes_and_line_ends_become_line_feeds(content: bytes, text: str) -> None:
    assert decode(content, "好.txt") == text


@pytest.mark.parametrize("content", [b"", b" \n\t", "。！😀".encode(), b"\xef\xbb\xbf", b"\xff\xfe"])
def test_a_file_without_words_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(CorpusError, match=r"坏\.txt is empty") as error:
        decode(content, "坏.txt")
    assert error.value.chinese.startswith("坏.txt 是空的")


@pytest.mark.parametrize(
    "content",
    [
        "小红\0书".encode(),
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)),
        b"\x7fELF\x02\x01\x01" + bytes(64),
        bytes(range(256)) * 40,
        b"PK\x03\x04" + bytes(range(1, 256)) * 9,
        b"\xff" * 100,
        b"abc\xff",
        "これは日本語の文章です。漢字とかなが混じっています。".encode("shift_jis"),
        "서울특별시는 대한민국의 수도이자 최대 도시이다.".encode("euc-kr"),
        "Это русский текст о погоде.".encode("cp1251"),
    ],
)
def test_bytes_that_are_no_text_we_read_are_refused_by_name(content: bytes) -> None:
    with pytest.raises(CorpusError, match=r"坏\.txt") as error:
        decode(content, "坏.txt")
    assert "坏.txt" in error.value.chinese


@pytest.mark.parametrize(
    "text",
    [
        "浣犲ソ",
        "锟斤拷锟斤拷",
        "ä½ å¥½",
        "ÖÐ¹ú¹«Ë¾",
        "2025 ?????? TikTok ????, ?????? 5%",
        *(PLAIN.encode().decode(wrong, "replace") for wrong in ("gbk", "gb18030", "cp1252", "latin-1", "big5")),
        *(PLAIN.encode("gbk").decode(wrong, "replace") for wrong in ("cp1252", "latin-1", "big5", "utf-8")),
        *(TRADITIONAL.encode("big5").decode(wrong, "replace") for wrong in ("gb18030", "latin-1", "utf-8")),
        PLAIN.encode().decode("latin-1").encode().decode("latin-1"),
        MIXED + PLAIN.encode().decode("gbk", "replace"),
        "烫烫烫烫烫烫屯屯屯屯",
        "“锟斤拷”指的是锟斤拷锟斤拷",
        "小红书\ufffd\ufffd电商",
    ],
)
def test_mojibake_is_refused_by_name(text: str) -> None:
    with pytest.raises(CorpusError, match=r"坏\.txt is mojibake") as error:
        decode(text.encode(), "坏.txt")
    assert error.value.chinese.startswith("坏.txt 是乱码")


@pytest.mark.parametrize(
    "text",
    [
        "Le café était déjà fermé à Noël; naïve Zürich.",
        "これは日本語の文章です。漢字とかなが混じっています。",
        "서울특별시는 대한민국의 수도이자 최대 도시이다.",
        "注：图片源于艾媒资讯报告《艾媒咨询 | 2021H1中国在线音频产业运行监测调研报告》",
        "│庄俊教你抄作业│",
        f"{PLAIN}\nПривет мир\nこんにちは\n",
        "赵朓，涿州（今河北涿州市）人，赵珽的父亲，赵敬的祖父，赵弘殷的曾祖父，赵匡胤的高祖父。",
        "联通",
        "真的吗？？？？？？真的！！",
        "①②③ → ℃ ★ ▲ 😀",
        "有名的乱码有“锟斤拷”。" + PLAIN * 40,
        "一个坏字\ufffd不要紧。" + PLAIN * 20,
        "水鸟名录\n䴙䴘、鸬鹚、鹈鹕、鹭鸶、鸳鸯、鹡鸰、鸻鹬、鸊鷉、鸂鶒、鹌鹑、鹧鸪、鹁鸪",
        f"{PLAIN}\n萘苊芴菲蒽荧蒽芘䓛苯并芘茚并芘苯并苝萘苊烯\n{PLAIN}\n{PLAIN}",
        "文件被读错时会出现“锟斤拷”，未初始化的内存会显示成“烫烫烫”和「屯屯屯屯」。",
    ],
)
def test_unusual_but_sound_text_is_no_mojibake(text: str) -> None:
    assert find_mojibake(text) is None


def test_a_few_damaged_bytes_become_replacement_characters() -> None:
    content = (PLAIN * 50).encode() + b"\xe5\xb0" + PLAIN.encode()
    assert decode(content, "文.txt") == PLAIN * 50 + "\ufffd" + PLAIN
    with pytest.raises(CorpusError, match=r"坏\.txt"):
        decode("小红书".encode()[:-1], "坏.txt")


def test_a_file_of_another_form_is_told_in_the_language_of_the_message() -> None:
    with pytest.raises(CorpusError) as caught:
        decode(b"PK\x03\x04", "a.txt")
    assert str(caught.value).startswith("a.txt is a DOCX/ZIP file under a wrong name") and str(caught.value).isascii()
    assert caught.value.chinese.startswith("a.txt 其实是 DOCX/ZIP 文件")
