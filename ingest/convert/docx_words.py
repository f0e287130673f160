"""What is seen of an element of a Word file: its words, without what is deleted, hidden, or said again."""

from collections.abc import Iterator
from typing import Any

from ingest.convert.converted import raised, struck
from ingest.convert.formula import MATH, formula_text

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BOX = WORD + "txbxContent"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # says a text box again
_UNSEEN = {*(WORD + name for name in ("del", "moveFrom", "pPr", "rPr", "rt")), _FALLBACK}
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_SYMBOLS = {  # of fonts of symbols: which box of a form is ticked
    "Wingdings": {"6F": "□", "A8": "□", "FB": "✗", "FC": "✓", "FD": "☒", "FE": "☑"},
    "Wingdings 2": {"4F": "✗", "50": "✓", "52": "☑", "53": "☒", "A3": "□"},
}


def children(element: Any, *names: str) -> Iterator[Any]:
    """The children with one of the names, also those that a content control or the like wraps."""
    named = {WORD + name for name in names}
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        if child.tag in named:
            yield child
        elif child.tag not in _UNSEEN:
            stack.extend(reversed(child))


def words(element: Any) -> str:
    """The visible text of an element without that of its text boxes; what is crossed out has its marks once."""
    return "".join(_texts(element)).replace("~~~~", "")


def _texts(element: Any) -> Iterator[str]:
    for part in visible(element):
        if part.tag == WORD + "t":
            place = part.find(f"../{WORD}rPr/{WORD}vertAlign")
            is_raised = place is not None and place.get(WORD + "val") == "superscript"
            text = raised(part.text or "") if is_raised else part.text or ""
            run = part.getparent()
            yield struck(text) if _is_on(run, "strike") or _is_on(run, "dstrike") else text
        elif part.tag == MATH + "oMath":
            yield formula_text(part)
        elif part.tag == WORD + "p":
            yield " "
        elif part.tag == WORD + "sym":
            yield _SYMBOLS.get(part.get(WORD + "font", ""), {}).get(part.get(WORD + "char", "").upper()[-2:], "")
        elif isinstance(part.tag, str):
            yield _SPACES.get(part.tag.removeprefix(WORD), "")


def boxes(element: Any) -> Iterator[Any]:
    """The text boxes that hang on an element, but not on another text box."""
    return (part for part in visible(element) if part.tag == _BOX)


def visible(element: Any) -> Iterator[Any]:
    """The parts of an element in order, without those of its text boxes and formulas."""
    stack = list(reversed(element))
    while stack:
        part = stack.pop()
        if part.tag not in _UNSEEN and not (part.tag == WORD + "r" and _is_on(part, "vanish")):
            yield part
            if part.tag not in (_BOX, MATH + "oMath"):
                stack.extend(reversed(part))


def _is_on(run: Any, name: str) -> bool:
    """Whether the words of a run have an effect of that name."""
    effect = run.find(f"{WORD}rPr/{WORD}{name}")
    return effect is not None and effect.get(WORD + "val", "1") in ("1", "true", "on")
