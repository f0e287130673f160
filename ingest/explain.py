"""What was recognised of an article and taken out of it: in a terminal, and as a page without network or script."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.bylines import INFERRED
from ingest.clean import line_key, reason_of
from ingest.damage import FLAG_NAMES
from rag.types import Article, Removal

KIND_NAMES = {
    "advert": "广告",
    "byline": "署名",
    "caption": "图片出处",
    "company self-description": "自我宣传",
    "copyright": "版权声明",
    "counters": "计数",
    "course banner": "课程横幅",
    "image": "图片",
    "image placeholder": "图片占位",
    "label": "导语标签",
    "markup": "标记",
    "metadata": "元数据",
    "navigation": "导航",
    "page furniture": "页眉页脚",
    "related articles": "相关文章",
    "repeated lead": "重复导语",
    "repeated line": "站点重复行",
    "share bar": "分享栏",
    "title": "标题",
}
UNANNOTATED = frozenset({"markup"})  # a note after every pair of asterisks would hide the text
NO_EVIDENCE: Mapping[str, str] = {}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # could rewrite the terminal


@dataclass(frozen=True)
class Piece:
    """A stretch of the raw file that is removed as one, or kept under the same flags; `ends` are flags that end it."""

    text: str
    removal: Removal | None = None
    flags: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleCount:
    """How often a rule removed something, and how many characters in all."""

    kind: str
    rule: str
    count: int
    characters: int


def pieces_of(article: Article) -> Iterator[Piece]:
    """The whole raw file in order, cut where removals and flags begin and end."""
    flags = [(*article.raw_span(flag.start, flag.end), flag.kind) for flag in article.flags if flag.start < flag.end]
    at = 0
    for removal in (*article.removed, None):
        end = removal.start if removal else len(article.raw)
        borders = sorted({at, end, *(b for a, z, _ in flags for b in (a, z) if at < b < end)})
        for a, b in pairwise(borders):
            under = tuple(kind for start, stop, kind in flags if start <= a and b <= stop)
            ends = tuple(kind for start, stop, kind in flags if start < stop == b)
            yield Piece(article.raw[a:b], None, under, ends)
        if removal:
            yield Piece(article.raw[removal.start : removal.end], removal)
            at = removal.end


def count_rules(article: Article) -> list[RuleCount]:
    """What each rule removed, most characters first."""
    lengths: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for removal in article.removed:
        lengths[removal.kind, removal.rule].append(removal.end - removal.start)
    counts = [RuleCount(kind, rule, len(each), sum(each)) for (kind, rule), each in lengths.items()]
    return sorted(counts, key=lambda count: (-count.characters, count.rule))


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
    return _PAGE.format(
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


def visible(text: str) -> str:
    """Text with a replacement character for every character that controls instead of shows."""
    return _CONTROL.sub("\ufffd", text)


_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}：识别出了什么，删去了什么</title>
<style>
:root {{ color-scheme: light dark; --text: #1b1b1b; --page: #fff; --gone: #a3140f; --note: #6b4e00; --flag: #7a1fa2; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --text: #e8e8e8; --page: #16181c; --gone: #ff9c94; --note: #e5c76b; --flag: #d7a6ee; }}
}}
body {{ max-width: 46rem; margin: 0 auto; padding: 1rem; color: var(--text); background: var(--page);
  font: 1rem/1.8 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }}
.recognised {{ white-space: pre-line; }}
label {{ margin: 0 1em 0 .3em; }}
article {{ margin: 1.5rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
del {{ color: var(--gone); }}
small {{ color: var(--note); }}
mark, small.flag {{ color: var(--flag); background: none; }}
mark {{ text-decoration: underline wavy; }}
.table {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .2rem .8rem .2rem 0; border-bottom: 1px solid; text-align: left; }}
{hide}
</style>
</head>
<body>
<h1>{title}</h1>
<p class="recognised">{recognised}</p>
<p>勾选的类别，显示删去的原文和原因；不勾选，只看留下的正文。</p>
{boxes}
<main>
<article>{body}</article>
<div class="table"><table>
<thead><tr><th>类别</th><th>规则</th><th>原因</th><th>次数</th><th>字符</th></tr></thead>
<tbody>{rows}</tbody>
</table></div>
</main>
</body>
</html>
"""
