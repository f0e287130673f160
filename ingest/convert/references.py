"""What of Markdown is told in two places: reference links and footnotes."""

import re
from collections.abc import Iterator

from rag.types import Removal

_FENCE = re.compile(r"\s*(?:```|~~~)")
_NOTE = re.compile(r" {0,3}\[\^(?P<label>[^\[\]\s]+)\]:[ \t]*(?=\S)")  # [^1]: 数据来自年报。
_DEFINITION = re.compile(  # [年报]: https://… "标题"
    r" {0,3}\[(?P<label>[^\[\]\n^][^\[\]\n]*)\]:[ \t]*<?(?:https?://[^\s<>]*|(?:mailto:|www\.|[/#.])[!-;=?-~]*)>?"
    r"(?:[ \t]+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?[ \t]*",
    re.IGNORECASE,
)
_MARK = re.compile(r"(?<!\\)\[\^(?P<label>[^\[\]\s]+)\](?!\()")  # [^1], also below 2024 or GDP
_USE = re.compile(  # [文字][年报], [年报][], [年报], ![图][年报]
    r"(?P<image>!)?(?<![\\0-9A-Za-z_\]])\[(?P<words>[^\[\]\n]+)\](?:\[(?P<label>[^\[\]\n]*)\])?(?![\[(:])"
)


def reference_removals(text: str, start: int = 0) -> list[Removal]:
    """The marks of footnotes, their numbers, and all of a reference link but its words; of the text from `start` on.

    A note stays, and what is defined nowhere (regular expressions have [^1], too). Code is left alone.
    """
    lines = dict(_lines(text, start))
    notes = {note["label"] for line in lines.values() if (note := _NOTE.match(line))}
    definitions = {at: _label(match["label"]) for at, line in lines.items() if (match := _DEFINITION.fullmatch(line))}
    defined = set(definitions.values())
    if not (notes or defined):
        return []
    found: list[Removal] = []
    used = set()

    def remove(start: int, end: int, rule: str) -> None:
        found.append(Removal(start, end, "markup", f"markup/{rule}"))

    for at, line in lines.items():
        if at in definitions:
            continue
        begin = note.end() if (note := _NOTE.match(line)) else 0
        if begin:
            remove(at, at + begin, "footnote")
        for mark in _MARK.finditer(line, begin):
            if mark["label"] in notes:
                remove(at + mark.start(), at + mark.end(), "footnote")
        for use in _USE.finditer(line, begin):
            label = _label(use["label"] or use["words"])
            if label in defined and (use["label"] or not label.isdigit()):  # [1] alone is the number of a source
                used.add(label)
                remove(at + use.start(), at + use.start("words"), "reference")
                remove(at + (use.start("words") if use["image"] else use.end("words")), at + use.end(), "reference")
    for at, label in definitions.items():
        if label in used or not label.isdigit():
            remove(at, at + len(lines[at]), "reference")
    return sorted(found, key=lambda removal: removal.start)


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Each line outside of code, with its offset."""
    in_code = False
    for match in re.compile("^.*", re.MULTILINE).finditer(text, start):
        if _FENCE.match(match[0]):
            in_code = not in_code
        elif not in_code:
            yield match.start(), match[0]


def _label(stated: str) -> str:
    return " ".join(stated.casefold().split())
