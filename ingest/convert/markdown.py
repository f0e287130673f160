"""Markdown and plain text: the text is the file's own, but for entities; YAML front matter is metadata."""

import re
from collections.abc import Iterator
from html import unescape
from html.entities import html5
from typing import Any

from ingest.convert.converted import Converted, sift
from ingest.convert.references import reference_removals
from ingest.convert.wrapped import line_wraps
from rag.types import Removal

LONGEST_FRONT_MATTER = 64 * 1024  # code points
KEYS = {
    "title": ("title", "标题"),
    "author": ("author", "authors", "作者"),
    "published": (
        *("published", "date", "pubdate", "pub_date", "publish_date", "publishdate", "published_at"),
        *("日期", "发布日期", "发布时间"),
    ),
    "url": ("url", "link", "source_url", "original", "permalink", "source", "链接", "来源"),
    "publisher": ("publisher", "source", "site", "site_name", "来源"),
    "tags": ("tags", "tag", "categories", "category", "keywords", "标签", "关键词"),
}
# Keys that tell front matter; the others stand in a list of what is sold, too.
_KNOWN = {key for keys in KEYS.values() for key in keys} - {"日期", "来源", "链接"}
_FRONT_MATTER = re.compile(r"\s*^---[ \t]*\n((?:.*\n)*?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_LINE = re.compile(  # U+3000 indents the paragraphs of a text, never YAML
    r"\s*#.*|\s*|\s*-\s+.*|[ \t]+\S.*|(?P<key>[\w.-]+)[ \t]*:(?:[ \t]+(?P<value>.*))?"
)
_NOTHING = re.compile("null|~", re.IGNORECASE)  # YAML's words for no value
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_ENTITY = re.compile(  # &ldquo; but in code
    r"^[ \t]*(?P<fence>`{3,}|~{3,})(?s:.*?)(?:^[ \t]*(?P=fence)|\Z)|`[^`\n]+`"
    r"|(?P<entity>&(?:[A-Za-z]{2,8}|#\d{2,6}|#[xX][0-9A-Fa-f]{2,5});)",
    re.MULTILINE,
)
_TAG = re.compile("&lt;[A-Za-z/!?]")  # &lt;b&gt;, and not 毛利率 &lt; 30%


def convert_markdown(text: str) -> Converted:
    """The text, its front matter removed and read, lines of a fixed width joined, references and footnotes unmarked.

    It is the file's own where it has no entities (&nbsp;): those become what they mean.
    """
    match = _FRONT_MATTER.match(text, 0, LONGEST_FRONT_MATTER)
    fields = _read(match[1]) if match else None
    start = match.end() if match and fields is not None else 0
    meant = text[:start] + _ENTITY.sub(_character, text[start:])
    removed = sorted([*line_wraps(meant, start), *reference_removals(meant, start)], key=lambda removal: removal.start)
    if start:
        removed.insert(0, Removal(0, start, "metadata", "front-matter"))
    return Converted(meant, tuple(removed), sift(_metadata(fields or {})), converted=meant != text)


def _character(match: re.Match[str]) -> str:
    """What an entity means, in one line; as it is what is none, or means a mark that the cleaner would take for one."""
    entity = match["entity"]
    if not entity or (entity[1] != "#" and entity[1:] not in html5):
        return match[0]
    meant = unescape(entity)
    if meant.isspace():
        return " "
    before = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    if meant == ">":  # of 净利率&gt;30%, not of a quotation or a tag
        is_mark = not before.strip(" \t>") or bool(_TAG.search(before))
    elif meant == "<":
        is_mark = bool(_TAG.match(match.string, match.start()))
    else:
        is_mark = meant in "*_`[]|~=\\#"
    return match[0] if is_mark else meant


def _read(front_matter: str) -> dict[str, Any] | None:
    """The fields of front matter by their keys in small letters; None where it is none, or has no key that is known.

    Every value is a string, a list or a table.
    """
    import yaml

    try:
        # BaseLoader is as safe as SafeLoader and leaves every scalar as it is written: `title: No` is no boolean.
        fields = yaml.load(front_matter, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        lines = [_LINE.fullmatch(line) for line in front_matter.splitlines()]
        if not all(lines):
            return None
        fields = {line["key"]: (line["value"] or "").strip().strip("\"'") for line in lines if line and line["key"]}
    if not isinstance(fields, dict):
        return None
    stated = {str(key).lower().replace("-", "_"): value for key, value in fields.items()}
    return stated if stated.keys() & _KNOWN else None


def _metadata(stated: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for name, keys in KEYS.items():
        values = [text for key in keys for text in _texts(stated.get(key))]
        if name == "tags":
            yield name, ",".join(dict.fromkeys(values))
        elif name == "author":
            yield name, "、".join(dict.fromkeys(values))
        else:
            yield from ((name, value) for value in values if bool(_ADDRESS.fullmatch(value)) == (name == "url"))


def _texts(value: Any) -> Iterator[str]:
    """The strings of a scalar, a list of scalars, or the name of something; deeper values are none of ours."""
    for item in value if isinstance(value, list) else [value]:
        text = item.get("name") if isinstance(item, dict) else item
        if isinstance(text, str) and not _NOTHING.fullmatch(text):
            yield _ENTITY.sub(_character, text)
