"""Saved web pages: every visible line, with those that trafilatura does not count as main text marked as navigation."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest.convert.converted import Converted, broken
from ingest.convert.lines import Line, count_letters, page_lines
from ingest.convert.page_metadata import read_page_metadata
from ingest.decode import decode, find_mojibake
from rag.errors import CorpusError
from rag.types import Removal

# A page that trafilatura is let at has no more elements, depth and characters: its time grows faster than the page.
MOST_ELEMENTS, DEEPEST, LONGEST = 50_000, 200, 2_000_000
LEAST_SHARE = 0.5  # of the characters of the page's sentences that the main text has, else it is not believed
LINKED = 0.7  # share of a line in links that makes it a menu
SHORT = 8  # letters; a shorter line is main text only where it stands next to main text
NEAR = 60  # letters
_RELATED = re.compile(  # what stands above links to other articles
    r"[\W_]*(?:(?:往期|过往|历史)(?:推荐|回顾|精选|精彩|文章|内容|好文)|(?:相关|推荐|延伸|拓展|更多)(?:阅读|文章|推荐|好文)"
    r"|(?:热门|精彩)(?:文章|推荐|回顾)|猜你喜欢|大家都在看|你可能[还也]?(?:喜欢|想看))[\W_]*"
)
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_TEXT_ENCODING = re.compile(r"(?i)gb|big5|utf|shift|euc|iso|windows|cp|koi8|ks_c")  # Python's others include punycode
_SENTENCE = re.compile(r"[。！？；…]|[.!?](?:\s|$)")
_FORWARD = re.compile(r"(?i)<meta[^>]+http-equiv\s*=\s*[\"']?refresh")


def convert_html(path: Path, content: bytes) -> Converted:
    """The text of a saved page. Raises CorpusError where it has none."""
    source = _decode(content, path.name)
    root = _parse(path, source)
    lines = list(page_lines(root))
    if not any(char.isalnum() for line in lines for char in line.text):
        if _FORWARD.search(source):
            raise CorpusError(
                f"{path.name} only forwards to another page: save that page",
                f"{path.name} 只是一个跳转页，没有正文：请保存它跳转到的那个网页",
            )
        raise CorpusError(
            f"{path.name} has no visible text: save the page again after it has been shown in full",
            f"{path.name} 里没有能看到的文字：请等网页完全显示后再保存",
        )
    metadata = read_page_metadata(root, source)
    keep = _main_lines(lines, _main_text(root, source), metadata.get("title", ""))
    parts: list[str] = []
    removed: list[Removal] = []
    start = 0
    for line, kept in zip(lines, keep, strict=True):
        parts.append(line.item + line.text + "\n")
        end = start + len(parts[-1])
        if not kept:
            if removed and removed[-1].end == start:
                start = removed.pop().start
            removed.append(Removal(start, end, "navigation", "html/not-main-text"))
        start = end
    return Converted("".join(parts), tuple(removed), metadata, converted=True)


def _decode(content: bytes, name: str) -> str:
    """The source of a page, in the encoding it names where that fits, otherwise in the one it seems to be in."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        match = _CHARSET.search(content[:4096])
        if match and _TEXT_ENCODING.match(encoding := match[1].decode("ascii")):
            encoding = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950"}.get(encoding.lower(), encoding)
            try:
                text = content.decode(encoding)
            except (ValueError, LookupError):
                text = ""
            if text and "\0" not in text and not find_mojibake(text):
                return text.replace("\r\n", "\n").replace("\r", "\n")
    return decode(content, name)


def _parse(path: Path, source: str) -> Any:
    from lxml import etree, html

    # lxml refuses an encoding declaration in a str; huge_tree: it would cut the page off at a depth of 256.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.ParserError:  # nothing but comments
        return html.Element("html")
    except (etree.LxmlError, ValueError) as error:
        raise broken(path, "HTML", error) from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise CorpusError(
            f"{path.name} is nested too deeply to be read in full: save its text as .md or .txt",
            f"{path.name} 的网页标签嵌套太深，读不全：请把文字另存为 .md 或 .txt",
        )
    return root


def _main_text(root: Any, source: str) -> list[str]:
    """The lines of the main text by trafilatura; none where it finds none or the page is too much for it."""
    from lxml import etree, html

    if len(source) > LONGEST or sum(1 for _ in root.iter()) > MOST_ELEMENTS or _depth(root) > DEEPEST:
        return []
    wechat = root.xpath("//*[@id='js_content']")
    if wechat:
        return [line.text for line in page_lines(wechat[0])]
    import trafilatura

    try:
        # A fresh tree: trafilatura takes the one it is given apart.
        tree: Any = html.document_fromstring(
            source.encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8")
        )
        etree.strip_elements(tree, "rt", "annotation", with_tail=False)  # no line has them
        for drawn in tree.find_class("katex-html"):
            drawn.drop_tree()
        document = trafilatura.bare_extraction(tree, favor_recall=True, include_comments=False, config=_config())
    except Exception:  # whatever a strange page makes it stumble over: the page is kept whole
        return []
    text = getattr(document, "text", None) or ""
    return str(text).splitlines()


def _config() -> Any:
    from trafilatura.settings import use_config

    config = use_config()
    # Its own sizes are those of English; with fewer letters it gives up and takes the whole page.
    for key, letters in (("MIN_EXTRACTED_SIZE", 60), ("MIN_OUTPUT_SIZE", 1), ("EXTRACTION_TIMEOUT", 0)):
        config["DEFAULT"][key] = str(letters)
    return config


def _depth(root: Any) -> int:
    from lxml import etree

    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _alnum(text: str) -> str:
    """The letters and digits of a text as they are written: what another reader of the page has of it."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())  # a raised 8 is 8 to others


def _main_lines(lines: Sequence[Line], main: Sequence[str], title: str) -> list[bool]:
    """For each line whether it is main text; all are where too little of the page would be left to believe it."""
    joined = _alnum("".join(main))
    keep = _found_in(lines, joined)
    if True in keep:
        first, last = keep.index(True), len(keep) - keep[::-1].index(True)
        # Between main text, a sentence or a table that was not found was overlooked; directly above it, a question.
        while first and (_is_heading(lines[first - 1]) or _is_question(lines[first - 1])):
            first -= 1
        for at in range(first, last):
            keep[at] = keep[at] or _is_prose(lines[at]) or _is_heading(lines[at]) or _is_row(lines[at])
    tables = {line.table for line, kept in zip(lines, keep, strict=True) if kept and line.table}
    keep = [kept or line.table in tables for line, kept in zip(lines, keep, strict=True)]
    plain = [at for at, line in enumerate(lines) if keep[at] and not _is_links(line)]
    related = _related(lines)
    for at in range(len(lines)):  # links alone, above or below all the rest
        keep[at] = keep[at] and bool(plain) and plain[0] <= at <= plain[-1] and at not in related
    prose = [len(line.text) if _is_prose(line) else 0 for line in lines]
    kept = sum(length for length, is_main in zip(prose, keep, strict=True) if is_main)
    if True not in keep or kept < LEAST_SHARE * sum(prose):
        return [True] * len(lines)
    for at, line in enumerate(lines):
        keep[at] = keep[at] or (line.heading == 1 and bool(title) and line.text[2:].startswith(title))
    return keep


def _found_in(lines: Sequence[Line], main: str) -> list[bool]:
    """For each line whether it stands in the main text (letters only); a short one only in its place in the order."""
    keep = []
    at = 0
    for line in lines:
        letters = _alnum(line.text)
        place = main.find(letters, at) if letters else -1
        near = 0 <= place <= at + (NEAR if at else 0)
        if near or (place >= 0 and len(letters) >= SHORT):
            at = place + len(letters)
            keep.append(True)
        else:
            keep.append(len(letters) >= SHORT and letters in main)
    return keep


def _related(lines: Sequence[Line]) -> set[int]:
    """The numbers of the lines that are links to other articles, and of what stands above them: 往期推荐."""
    found: set[int] = set()
    for at in range(1, len(lines)):
        if _is_links(lines[at]) and (at - 1 in found or _RELATED.fullmatch(lines[at - 1].text)):
            found |= {at - 1, at}
    return found


def _is_prose(line: Line) -> bool:
    return bool(_SENTENCE.search(line.text)) and not _is_links(line) and not line.outside


def _is_row(line: Line) -> bool:
    """Whether it is of a table with a head."""
    return line.table > 0 and not line.outside


def _is_heading(line: Line) -> bool:
    """Whether it is a heading of the article and not of the page, which may be the name of the site."""
    return line.heading > 1 and not line.outside


def _is_question(line: Line) -> bool:
    return _is_prose(line) and line.text.endswith(("？", "?"))


def _is_links(line: Line) -> bool:
    return line.linked > LINKED * count_letters(line.text)
