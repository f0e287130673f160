"""The visible lines of a web page."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.byline_units import LONGEST_LINE
from ingest.bylines import states_metadata
from ingest.convert.converted import WIDE, raised, struck
from ingest.convert.formula import mathml_text
from ingest.convert.html_table import is_data_row, rows_of

_INVISIBLE = frozenset(
    (
        *("head", "script", "style", "noscript", "template", "title", "meta", "link", "svg", "iframe"),
        *("object", "canvas", "textarea", "datalist", "rp", "rt", "audio", "video"),
    )
)
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details"),
        *("dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu"),
        *("nav", "ol", "optgroup", "option", "p", "pre", "search", "section", "select", "summary", "table"),
        *("tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
MOST_OPTIONS = 8  # of a choice that may belong to the text; a longer one lists provinces or languages
_HEADINGS = frozenset(f"h{level}" for level in range(1, 7))
# Never around the text of an article (a form is: ASP.NET wraps whole pages in one).
_OUTSIDE = frozenset(("nav", "footer", "aside", "button", "select", "menu", "dialog"))
_COMMENTS = re.compile(r"(?i)(?:^|[\s_-])(?:comments?|pinglun|disqus|reply|replies|respond)(?:$|[\s_-])")
_STRUCK = re.compile(r"(?i)(?:^|;)\s*text-decoration(?:-line)?\s*:[^;]*line-through")
_NOT_SHOWN = re.compile(r"(?i)(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)")
_ZERO_WIDTH = re.compile("[\u00ad\u200b\u2060\ufeff]")
_NUMBERED = re.compile(
    r"[(（\[]?\d+[.．、:：)）\]]|[(（]?[一二三四五六七八九十]+[、）)]|第[一二三四五六七八九十\d]+|[①-⑳]|\d+\s"
)
_GAP = "\x1d"  # between two elements of one line, which a style sheet may set apart; else it is nothing
_WHOLE = re.compile(r"-?\d{1,6}")
_SPACES = re.compile("[ \t\r\n\f\v\x1c-\x1f\x85\xa0\u2028\u2029]+")
_BROKEN_WIDE = re.compile(f"(?<={WIDE})[ \t]*[\r\n]\\s*(?={WIDE})")  # a line end in the source of a Chinese page


@dataclass
class Line:
    """A line as it is seen; `linked` of its letters are in links; `outside`: in a menu, a footer or a comment.

    The rows of a table that has a head, and the rule below it, have the number of the table; the options of a short
    choice (600ml, 900ml) have one, too. `item`: the number that stands before the first line of an item of a list,
    which is no letter of the page.
    """

    text: str
    linked: int = 0
    heading: int = 0
    outside: bool = False
    table: int = 0
    item: str = ""


def count_letters(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(char.isalnum() for char in text)


def page_lines(root: Any) -> Iterator[Line]:
    """The lines of a parsed page: each block, each row of a table of data. Lines of headings begin with "# "."""
    return _Walk().lines(root)


class _Walk:
    """The line that is being gathered while a page is walked through, and what it stands in."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.linked = self.heading = self.tables = self.choice = 0
        self.inside: Counter[str] = Counter()  # how many links, rows of data, superscripts, … the walk is within
        self.effects: dict[Any, list[str]] = {}
        self.counts: dict[Any, int] = {}  # of the items of each numbered list
        self.item = ""  # number of the item that begins
        self.ended = ""  # tag of the element that ended, if nothing stands behind it yet

    def lines(self, root: Any) -> Iterator[Line]:
        # Not recursive: hostile pages nest a hundred thousand elements.
        from lxml import etree

        walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
        for event, element in walk:
            if event in ("comment", "pi"):
                yield from self.add(element.tail)
            elif event == "start":
                if _is_invisible(element):
                    walk.skip_subtree()
                    continue
                if element.tag == "table" and not self.inside["row"] and (rows := rows_of(element, _words)):
                    walk.skip_subtree()
                    yield from self.table(element, rows)
                    continue
                if element.tag == "math":
                    walk.skip_subtree()
                    yield from self.add(_formula(element))
                    continue
                yield from self.enter(element)
                yield from self.add(element.text)
            else:
                if not _is_invisible(element):
                    yield from self.leave(element)
                if element is not root:
                    yield from self.add(element.tail)
        yield from self.close_line()

    def table(self, table: Any, rows: list[str]) -> Iterator[Line]:
        """The captions and the rows of a table that has a head."""
        yield from self.close_line()
        self.tables += 1
        for caption in table.iterchildren("caption"):
            self.parts.append(_words(caption))
            yield from self.close_line()
        yield from (Line(row, outside=self.inside["outside"] > 0, table=self.tables) for row in rows)

    def enter(self, element: Any) -> Iterator[Line]:
        effects = []
        if element.tag == "select" and len(element.findall(".//option")) <= MOST_OPTIONS:
            self.tables += 1
            self.choice = self.tables
        if element.tag == "ol":
            self.counts[element] = _whole(element.get("start"), 1) - 1
        if self.ended or element.tag == "time":
            self.parts.append(_GAP)
        self.ended = ""
        if element.tag in _BLOCKS or element.tag == "br":
            yield from self.break_line("\n" if element.tag == "br" and self.inside["pre"] else " ")
        if element.tag == "li" and (above := element.getparent()) in self.counts:
            self.counts[above] = _whole(element.get("value"), self.counts[above] + 1)
            self.item = f"{self.counts[above]}. "
        if element.tag == "tr" and not self.inside["row"] and is_data_row(element):
            effects.append("row")
        elif element.tag in ("td", "th") and self.inside["row"] and "".join(self.parts).strip():
            self.parts.append("| ")
        if element.tag in _HEADINGS and not (self.heading or self.inside["row"]):
            self.heading = int(element.tag[1])
            effects.append("heading")
        if element.tag in ("a", "sup", "pre"):
            effects.append(element.tag)
        if element.tag in ("del", "s", "strike") or _STRUCK.search(element.get("style", "")):
            effects.append("struck")
        if element.tag in _OUTSIDE or _COMMENTS.search(f"{element.get('id', '')} {element.get('class', '')}"):
            effects.append("outside")
        self.inside.update(effects)
        if effects:
            self.effects[element] = effects

    def leave(self, element: Any) -> Iterator[Line]:
        effects = self.effects.pop(element, [])
        if "row" in effects:  # the line of a row ends with it
            self.inside["row"] -= 1
        if "heading" in effects:
            yield from self.close_line()
            self.heading = 0
        elif element.tag in _BLOCKS:
            yield from self.break_line(" ")
        if element.tag == "li":
            self.item = ""
        elif element.tag == "select":
            self.choice = 0
        self.ended = element.tag
        self.counts.pop(element, None)
        self.inside.subtract(effect for effect in effects if effect != "row")

    def break_line(self, instead: str) -> Iterator[Line]:
        """End the line, but not inside of a heading or of a row."""
        if self.heading or self.inside["row"]:
            self.parts.append(instead)
        else:
            yield from self.close_line()

    def add(self, text: str | None) -> Iterator[Line]:
        if not text:
            return
        if self.ended == "time":
            self.parts.append(_GAP)
        self.ended = ""
        lines = text.split("\n") if self.inside["pre"] and not (self.heading or self.inside["row"]) else [text]
        for at, line in enumerate(lines):
            if at:
                yield from self.close_line()
            line = raised(line) if self.inside["sup"] else line
            self.parts.append(struck(line) if self.inside["struck"] else line)
            if self.inside["a"]:
                self.linked += count_letters(line)

    def close_line(self) -> Iterator[Line]:
        text = _apart(_ZERO_WIDTH.sub("", "".join(self.parts)))
        text = _SPACES.sub(" ", _BROKEN_WIDE.sub("", text)).strip().strip("|").strip()
        if text:
            prefix = "#" * self.heading + " " if self.heading else ""
            item = "" if self.heading or _NUMBERED.match(text) else self.item
            yield Line(prefix + text, self.linked, self.heading, self.inside["outside"] > 0, self.choice, item)
            self.item = ""
        self.parts.clear()
        self.linked = 0


def _apart(text: str) -> str:
    """A line with blanks in its gaps where it states metadata (来源：江东商报|作者：林若溪), else with none."""
    spaced = re.sub(f"(?<![:：]){_GAP}", " ", text).replace(_GAP, "")
    glued = text.replace(_GAP, "")
    return spaced if spaced != glued and len(spaced) <= LONGEST_LINE and states_metadata(spaced) else glued


def _whole(stated: str | None, otherwise: int) -> int:
    """A whole number that an attribute states."""
    return int(stated) if stated and _WHOLE.fullmatch(stated) else otherwise


def _is_invisible(element: Any) -> bool:
    if element.tag in _INVISIBLE or "hidden" in element.attrib:
        return True
    if element.get("class") == "katex-html":  # draws a formula that stands beside it as MathML
        return True
    # WeChat hides the text of its articles until a script has run.
    return bool(_NOT_SHOWN.search(element.get("style", ""))) and element.get("id") != "js_content"


def _formula(element: Any) -> str:
    try:
        return mathml_text(element)
    except RecursionError:  # a hostile page
        return "".join(element.itertext())


def _words(cell: Any) -> str:
    """What is seen of a cell, on one line."""
    walk = _Walk()
    walk.inside["row"] = 1  # nothing in it ends the line
    return " ".join(line.text for line in walk.lines(cell))
