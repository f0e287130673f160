"""What was recognised of an article and taken out of it: in a terminal, and as a page without network or script."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.bylines import INFERRED
from ingest.clean import line_key
from ingest.damage import FLAG_NAMES
from ingest.pieces import KIND_NAMES, UNANNOTATED, Piece, count_rules, pieces_of
from ingest.rule_sets import reason_of
from rag.text import visible
from rag.types import Article, Removal

PAGE = Path(__file__).with_name("explain.html")
NO_EVIDENCE: Mapping[str, str] = {}


def note(removal: Removal, text: str, evidence: Mapping[str, str] = NO_EVIDENCE) -> str:
    """〔kind·rule：reason〕, for a learned line with its evidence."""
    kind = KIND_NAMES.get(removal.kind, removal.kind)
    reasons = [reason_of(removal.rule), evidence.get(line_key(text), "") if removal.rule.startswith("learned/") else ""]
    reason = "；".join(filter(None, reasons))
    return f"〔{kind}·{removal.rule}{'：' if reason else ''}{reason}〕"


def recognised(article: Article) -> list[str]:
    """Title, date, author and publisher of an article, a line each, with how they are known where not stated."""
    title = visible(article.title or article.id)
    lines = [f"标题：{title}{'（取自文件名）' if article.provenance.get('title') == INFERRED else ''}"]
    for field, name in (("published", "日期"), ("author", "作者"), ("publisher", "来源")):
        value = getattr(article, field)
        how = "（推断，不是文中写明的发布日期）" if article.provenance.get(field) == INFERRED else ""
        lines.append(f"{name}：{visible(value)}{how}" if value else f"{name}：没有找到")
    return lines


def explain(article: Article, console: Console, evidence: Mapping[str, str] = NO_EVIDENCE) -> None:
    """Print what was recognised, then the article, then the rules.

    Removed text is struck through, each with a note; flagged text is underlined.
    `evidence`: for keys of learned lines, how many articles of the source have the line.
    """
    console.print("\n".join(recognised(article)) + "\n", soft_wrap=True, markup=False)
    text = Text()
    for piece in pieces_of(article):
        shown = visible(piece.text)
        if piece.removal is None:
            text.append(shown, style="underline magenta" if piece.flags else "")
            text.append("".join(_flag_note(kind) for kind in piece.ends), style="magenta")
        elif piece.removal.kind in UNANNOTATED:
            text.append(shown, style="dim strike")
        else:
            text.append(shown.rstrip("\n"), style="red strike")
            text.append(note(piece.removal, piece.text, evidence), style="yellow")
            text.append("\n" * (len(shown) - len(shown.rstrip("\n"))))
    console.print(text, soft_wrap=True)
    table = Table("类别", "规则", "原因", "次数", "字符")
    for count in count_rules(article):
        kind = KIND_NAMES.get(count.kind, count.kind)
        table.add_row(kind, count.rule, reason_of(count.rule), str(count.count), str(count.characters))
    console.print(table if article.removed else "没有删去任何内容。")


def explain_html(article: Article, evidence: Mapping[str, str] = NO_EVIDENCE) -> str:
    """The same as one page; a checkbox for each kind shows or hides what was removed."""
    counts = count_rules(article)
    kinds = sorted({count.kind for count in counts})
    boxes, hide = [], []
    for number, kind in enumerate(kinds):
        times = sum(count.count for count in counts if count.kind == kind)
        checked = "" if kind in UNANNOTATED else " checked"
        name = escape(KIND_NAMES.get(kind, kind))
        boxes.append(f'<input type="checkbox" id="k{number}"{checked}><label for="k{number}">{name} {times}</label>')
        hide.append(f"#k{number}:not(:checked) ~ main .k{number}")
    body = "".join(_html(piece, kinds, evidence) for piece in pieces_of(article))
    cells = [(KIND_NAMES.get(c.kind, c.kind), c.rule, reason_of(c.rule), c.count, c.characters) for c in counts]
    rows = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in cells)
    return Template(PAGE.read_text(encoding="utf-8")).substitute(
        title=escape(visible(article.title or article.id)),
        recognised=escape("\n".join(recognised(article))),
        hide=f"{', '.join(hide)} {{ display: none; }}" if hide else "",
        boxes="".join(boxes) or "<p>没有删去任何内容。</p>",
        body=body,
        rows=rows,
    )


def _html(piece: Piece, kinds: list[str], evidence: Mapping[str, str]) -> str:
    text = escape(visible(piece.text))
    if piece.removal:
        silent = piece.removal.kind in UNANNOTATED
        after = "" if silent else f"<small>{escape(note(piece.removal, piece.text, evidence))}</small>"
        return f'<span class="k{kinds.index(piece.removal.kind)}"><del>{text}</del>{after}</span>'
    if piece.flags:
        text = f'<mark title="{escape("；".join(FLAG_NAMES.get(kind, kind) for kind in piece.flags))}">{text}</mark>'
    return text + "".join(f'<small class="flag">{escape(_flag_note(kind))}</small>' for kind in piece.ends)


def _flag_note(kind: str) -> str:
    return f"〔疑似损伤：{FLAG_NAMES.get(kind, kind)}〕"
