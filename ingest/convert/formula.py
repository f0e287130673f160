"""A formula of a Word file or a page in one line: a fraction as a/b, x^2, so that 1 over 2 does not read 12."""

import re
from collections import defaultdict
from typing import Any

MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_DELETED = {
    f"{{http://schemas.openxmlformats.org/wordprocessingml/2006/main}}{name}" for name in ("del", "moveFrom", "rPr")
}
_BRACKETED = re.compile(r"\([^()]*\)|")


def formula_text(element: Any) -> str:
    """What a formula says (Office Math, ECMA-376 part 1, section 22.1)."""
    if element.tag == MATH + "t":
        return element.text or ""
    parts = [
        (part.tag.removeprefix(MATH), formula_text(part))
        for part in element.iterchildren("*")
        if part.tag not in _DELETED
    ]
    said = defaultdict(list)
    for name, text in parts:
        said[name].append(text)
    base, lower, upper = ("".join(said[name]) for name in ("e", "sub", "sup"))
    bounds = "".join(mark + _grouped(bound) for mark, bound in (("_", lower), ("^", upper)) if bound)
    match element.tag.removeprefix(MATH):
        case "f":
            over = " " if _stated(element, "type") == "noBar" else "/"
            return over.join(_grouped("".join(said[name])) for name in ("num", "den"))
        case "sSub" | "sSup" | "sSubSup":
            return _grouped(base) + bounds
        case "nary":
            return _stated(element, "chr", "∫") + bounds + " " + base
        case "rad":
            degree = "".join(said["deg"])
            return (f"{degree}√" if degree else "√") + _grouped(base)
        case "d":
            inner = _stated(element, "sepChr", "|").join(said["e"])
            return _stated(element, "begChr", "(") + inner + _stated(element, "endChr", ")")
        case "func":
            return "".join(said["fName"]) + " " + base
        case "eqArr" | "m" | "mr":
            return " ".join([*said["e"], *said["mr"]])
    return "".join(text for _, text in parts)


def mathml_text(element: Any) -> str:
    """What a formula of a page says (MathML Core); what is said again for programs is left out."""
    parts = [
        mathml_text(part) for part in element.iterchildren("*") if part.tag not in ("annotation", "annotation-xml")
    ]
    match element.tag, parts:
        case "mfrac", [over, under]:
            return f"{_grouped(over)}/{_grouped(under)}"
        case "msup" | "mover", [base, upper]:
            return f"{_grouped(base)}^{_grouped(upper)}"
        case "msub" | "munder", [base, lower]:
            return f"{_grouped(base)}_{_grouped(lower)}"
        case "msubsup" | "munderover", [base, lower, upper]:
            return f"{_grouped(base)}_{_grouped(lower)}^{_grouped(upper)}"
        case "mroot", [base, degree]:
            return f"{degree}√{_grouped(base)}"
        case "msqrt", _:
            return "√" + _grouped("".join(parts))
    return "".join([(element.text or "").strip(), *parts])


def _stated(element: Any, name: str, default: str = "") -> str:
    stated = element.find(f"*/{MATH}{name}")
    return default if stated is None else str(stated.get(MATH + "val", ""))


def _grouped(text: str) -> str:
    return text if text.replace(".", "").isalnum() or _BRACKETED.fullmatch(text) else f"({text})"
