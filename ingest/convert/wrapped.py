"""Lines of a plain text that a program broke at a fixed width, as old mails and text files have them."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise

from ingest.convert.converted import WIDE
from rag.text import CJK
from rag.types import Removal

NARROWEST, WIDEST = 40, 160  # columns, a Chinese character has two; lines of verse are shorter
FEWEST_BROKEN = 3  # lines that are broken inside of a sentence, in a text that is taken to be wrapped
MOST_OTHERS = 0.1  # of such lines, the share that ends before the width does; one may in any text
MOST_OPEN = 0.2  # of the paragraphs, the share that ends without the mark of a sentence: those of a sheet of data do
SLACK = 2  # columns that a full line may lack
_OWN_LINE = re.compile(  # begins an item, a label, the words of a speaker, a quotation, a row, a heading
    rf"[\s>#|*+•·●○◆■□【\[<`~=_\\—–-]|!\[|\d+[.．、)）\s](?!\d)|[(（]?[一二三四五六七八九十]{{1,3}}[)）、．.]"
    rf"|[(（]\d+[)）]|第[一二三四五六七八九十百\d]+[条章节]|[A-Za-z0-9{CJK}]{{1,8}}\s?[:：]"
)
_ENDS = re.compile(r"(?:[。！？!?…；;：:\\]|(?<!\d)\.)[”’」』）)】》\"']*$")
_LINE = re.compile("^.*", re.MULTILINE)
_PAUSE = re.compile("[，。；、！？]")
_UNIT = re.compile(r"(?:[A-Za-z0-9]+(?:[.,%][A-Za-z0-9]*)*|.)[，。；：、！？）」』”’》】…]*")  # what is never divided
_NUMBER = re.compile(r"\d[.,]?\n\d")
_WIDE = re.compile(WIDE)
_FENCE = re.compile(r"\s*(?:```|~~~)")


def line_wraps(text: str, start: int = 0) -> list[Removal]:
    """The line breaks inside of sentences, where it is plain that the text is broken at a fixed width; else none.

    Only the text from `start` on is looked at. A break between Latin words stays: it is their blank.
    """
    lines = [(match.start(), match[0]) for match in _LINE.finditer(text, start)]
    measures = (_columns, lambda line: 2 * len(line))  # some programs count the characters
    return max((_breaks(text, lines, measure) for measure in measures), key=len)


def _breaks(text: str, lines: Sequence[tuple[int, str]], measure: Callable[[str], int]) -> list[Removal]:
    """The breaks between lines that begin at these offsets, where by this measure all are of one width."""
    width = max((measure(line) for _, line in lines), default=0)
    if not NARROWEST <= width <= WIDEST:
        return []
    broken = full = paragraphs = open_ended = pauses = 0
    found = []
    in_code = False
    for (at, line), (below, following) in pairwise(lines):
        in_code ^= bool(_FENCE.match(line))
        if in_code or not line.strip() or _OWN_LINE.match(line.lstrip()):
            continue
        if not following.strip() or _OWN_LINE.match(following):
            paragraphs += 1
            open_ended += not _ENDS.search(line.rstrip())
        elif not _ENDS.search(line.rstrip()):
            broken += 1
            pauses += bool(_PAUSE.search(line))
            unit = _UNIT.match(following)
            if measure(line.rstrip()) + measure(unit[0] if unit else "") > width - SLACK:
                full += 1
                end = at + len(line.rstrip())
                if _is_glued(text[end - 2 : end], following):
                    found.append(Removal(end, below, "markup", "markup/line-wrap"))
    plain = full >= FEWEST_BROKEN and broken - full <= max(1, MOST_OTHERS * broken)
    told = 2 * pauses >= broken and open_ended <= max(1, MOST_OPEN * paragraphs)
    return found if plain and told else []


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in line)


def _is_glued(before: str, after: str) -> bool:
    """Whether nothing stands between two lines once they are one: beside Chinese, and within a number."""
    return bool(_WIDE.match(before[-1]) or _WIDE.match(after) or _NUMBER.search(f"{before}\n{after[0]}"))
