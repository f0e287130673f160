"""A conversation as a file to keep: Markdown, HTML or JSON, each with what `python -m rag verify` needs.

Every citation is written with its quote, article, date, offsets and content hash; in Markdown and HTML the quote that a
reader sees is the one that is verified.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from itertools import pairwise
from typing import Any

from rag.article import byline_of
from rag.scope import describe_scope
from rag.tables import cells_of, is_row, tells_head
from rag.types import ALL, UNVERIFIED, Answer, Article, Citation, Statement

FORMAT, VERSION = "yinju-conversation", 1
COMMENT = "yinju-citation"  # what a citation's data is called in Markdown
# Of "<!" both, or verify would take it for the beginning of a comment.
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|~&$]|(?<=<)!|^\s*[-+=]|^\s*\d+[.)]", re.MULTILINE)
NEAREST_HEADING = "最相近的原文（没有回答这个问题）"
_HEADING = {True: "出处", False: NEAREST_HEADING}
_HINT = "用 python -m rag verify 加上这个文件，可以核对每一处引文是否仍在文章里。"
_STYLE = """body{max-width:46rem;margin:2rem auto;padding:0 1rem;color:#23201b;background:#fffdf9;
font:1rem/1.75 'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;overflow-wrap:anywhere}
h2{margin-top:2.5rem;font-size:1.15rem}h3{font-size:.9rem;margin-bottom:.3rem}
blockquote{margin:.2rem 0 .2rem 0;padding-left:.8rem;border-left:3px solid #b4432f;white-space:pre-line}
.notice{padding-left:.8rem;border-left:3px solid #b98a1f}small,footer,.meta{color:#6b6459;font-size:.82rem}
sup{color:#a03526;font-weight:600}section{margin:1rem 0}table{border-collapse:collapse}
th,td{padding:.2rem .8rem .2rem 0;border-bottom:1px solid #ddd5c6;text-align:left;vertical-align:top}"""


def to_json(title: str, answers: Sequence[Answer], exported: datetime) -> str:
    """The conversation as JSON: each answer as in docs/answer.md."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "title": title,
        "exported": exported.isoformat(timespec="seconds"),
        "answers": [answer.to_json() for answer in answers],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def to_markdown(title: str, answers: Sequence[Answer], exported: datetime) -> str:
    """The conversation as Markdown; the data of a citation stands in a comment below its quote."""
    parts = [f"# {_escaped(title)}", f"<!-- {FORMAT} {VERSION} -->\n{_made(exported)}。{_HINT}"]
    for number, answer in enumerate(answers, 1):
        parts.append(f"## {_escaped(_on_one_line(answer.question.text))}")
        parts += [_escaped(line) for line in _remarks(answer)]
        for heading, block in _blocks(answer):
            if heading:
                parts.append(f"### {_escaped(_on_one_line(heading))}")
            parts.append(_block_markdown(answer, block))
        if signed := _signature(answer):
            parts.append(f"*{_escaped(signed)}*")
        for heading, citation in _headed(answer):
            if heading:
                parts.append(f"### {heading}")
            parts.append(_citation_markdown(citation, number))
    return "\n\n".join(parts) + "\n"


def to_html(title: str, answers: Sequence[Answer], exported: datetime) -> str:
    """The conversation as one HTML page that loads nothing; the data of a citation are attributes of its quote."""
    parts = [f"<h1>{escape(title)}</h1><p class='meta'>{_made(exported)}。<br>{_HINT}</p>"]
    for number, answer in enumerate(answers, 1):
        parts.append(f"<h2>{escape(answer.question.text)}</h2>")
        parts += [f"<p class='notice'>{escape(line)}</p>" for line in _remarks(answer)]
        for heading, block in _blocks(answer):
            if heading:
                parts.append(f"<h3>{escape(heading)}</h3>")
            parts.append(_block_html(answer, block))
        parts.append(f"<footer>{escape(_signature(answer))}</footer>")
        for heading, citation in _headed(answer):
            if heading:
                parts.append(f"<h3>{heading}</h3>")
            parts.append(_citation_html(citation, number))
    head = (
        f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<meta name='generator' content='{FORMAT} {VERSION}'><title>{escape(title)}</title>"
    )
    body = "\n".join(parts)
    return (
        f"<!doctype html>\n<html lang='zh'><head>{head}<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


FORMATS: dict[str, tuple[str, Callable[[str, Sequence[Answer], datetime], str]]] = {
    "md": ("text/markdown", to_markdown),
    "html": ("text/html", to_html),
    "json": ("application/json", to_json),
}


def _blocks(answer: Answer) -> Iterator[tuple[str, list[Statement]]]:
    """A statement, or the rows of one table, in turn; the first that the page shows below a heading with it."""
    blocks: list[list[Statement]] = []
    for statement in answer.statements:
        before = blocks[-1][-1] if blocks else None
        of_table = before and is_row(before.text) and is_row(statement.text) and before.subject == statement.subject
        if of_table and not tells_head(answer, statement):
            blocks[-1].append(statement)
        else:
            blocks.append([statement])
    for (*_, before), block in pairwise([[Statement("", ())], *blocks]):
        yield "" if block[0].subject == before.subject else block[0].subject, block


def _block_markdown(answer: Answer, block: Sequence[Statement]) -> str:
    """A statement with its marks; rows as a table whose last column has them.

    The head of a table is empty where none is told: Markdown has no table without one.
    """
    if not is_row(block[0].text):
        return _escaped(block[0].text) + _marks_markdown(block[0])
    rows = [[_escaped(row.text[start:end]) for start, end in cells_of(row.text)] for row in block]
    width = max(map(len, rows))  # cells beyond those of the head would not be shown
    lines = [
        [*cells, *[""] * (width - len(cells)), _marks_markdown(row)] for cells, row in zip(rows, block, strict=True)
    ]
    if not tells_head(answer, block[0]):
        lines.insert(0, [""] * (width + 1))
    lines.insert(1, ["---"] * (width + 1))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _block_html(answer: Answer, block: Sequence[Statement]) -> str:
    if not is_row(block[0].text):
        return f"<p>{escape(block[0].text)}{_marks_html(block[0])}</p>"
    rows = []
    for row in block:
        cell = "th" if tells_head(answer, row) else "td"
        cells = "".join(f"<{cell}>{escape(row.text[start:end])}</{cell}>" for start, end in cells_of(row.text))
        rows.append(f"<tr>{cells}<td>{_marks_html(row)}</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _marks_markdown(statement: Statement) -> str:
    return "".join(f"\\[{n}\\]" for n in statement.citations) or UNVERIFIED


def _marks_html(statement: Statement) -> str:
    return "".join(f"<sup>[{n}]</sup>" for n in statement.citations) or f"<sup>{UNVERIFIED}</sup>"


def _headed(answer: Answer) -> Iterator[tuple[str, Citation]]:
    """What an answer cites, or the sentences nearest to a refused question; the first with the heading of all."""
    cited = answer.citations or answer.nearest
    for citation in cited:
        yield _HEADING[bool(answer.citations)] if citation.marker == 1 else "", citation


def _citation_markdown(citation: Citation, answer: int) -> str:
    # A ">" in the comment could end it, and a "<" begin what looks like another one.
    data = json.dumps(citation_data(citation, answer), ensure_ascii=False)
    data = data.replace("<", "\\u003c").replace(">", "\\u003e")
    url = safe_link(citation.article.url)
    link = f" · [原文](<{url}>)" if url else ""
    quote = "\n".join(f"> {line}" for line in _escaped(citation.quote).split("\n"))
    where = f"{_escaped(_where(citation))} · sha256 {citation.article.sha256}"
    head = f"**\\[{citation.marker}\\]** {_escaped(source_of(citation.article))}{link}"
    return f"{head}\n\n{quote}\n\n<!-- {COMMENT} {data} -->\n{where}"


def _citation_html(citation: Citation, answer: int) -> str:
    data = "".join(f' data-{name}="{escape(str(value))}"' for name, value in citation_data(citation, answer).items())
    url = safe_link(citation.article.url)
    link = f' · <a href="{escape(url)}" rel="noopener noreferrer">原文</a>' if url else ""
    return (
        f"<section><b>[{citation.marker}]</b> {escape(source_of(citation.article))}{link}"
        f"<blockquote{data}>{escape(citation.quote)}</blockquote>"
        f"<small>{escape(_where(citation))} · sha256 {citation.article.sha256}</small></section>"
    )


def citation_data(citation: Citation, answer: int) -> dict[str, Any]:
    """What is needed beside the quote to find it again; `answer` is the number of its answer, from 1."""
    return {
        "answer": answer,
        "marker": citation.marker,
        "article": citation.article.id,
        "title": citation.article.title,
        "start": citation.start,
        "end": citation.end,
        "sha256": citation.article.sha256,
    }


def _remarks(answer: Answer) -> list[str]:
    articles = {passage.article.id: passage.article for passage in answer.passages}
    scope = f"范围：{describe_scope(answer.scope, articles)}" if answer.scope != ALL else ""
    return [line for line in (scope, *answer.notice.split("\n")) if line]


def _signature(answer: Answer) -> str:
    """Who answered, where somebody did, and from which generation; "" where nothing was searched."""
    name = "原文摘编" if answer.is_extractive else f"由 {answer.answerer} 撰写，逐句与原文核对"
    searched = f"第 {answer.index_generation} 代索引" if answer.index_generation else ""
    return " · ".join(filter(None, (name if answer.statements else "", searched)))


def source_of(article: Article) -> str:
    """Title, author or publisher, and date of an article."""
    return f"《{article.title}》 · {byline_of(article) or '作者未注明'} · {article.published or '日期未注明'}"


def _where(citation: Citation) -> str:
    return f"{citation.article.source_path} 正文第 {citation.start + 1}–{citation.end} 字"  # the first one is 第 1 字


def _made(exported: datetime) -> str:
    return f"由引据导出于 {exported:%Y-%m-%d %H:%M}"


def safe_link(url: str | None) -> str:
    """An address of the web as it is; "" for any other, and for one that could end a link of Markdown."""
    return url if url and url.startswith(("https://", "http://")) and not re.search(r"[<>\s]", url) else ""


def _on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _escaped(text: str) -> str:
    """Text as Markdown that shows it as it is; `unescaped` gives it back."""
    return _SPECIAL.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", text)


def unescaped(markdown: str) -> str:
    """The text that `_escaped` made this of."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)
