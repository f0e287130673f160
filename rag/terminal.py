"""What the commands write: answers, searches and standings, without what would steer a terminal."""

import json
import os
import signal
import sys
from collections.abc import Callable
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from rag.explain import heading, reason, scores_line, searched, snippet
from rag.export import NEAREST_HEADING, source_of
from rag.scope import describe_scope
from rag.text import STEERING, visible
from rag.types import ALL, UNVERIFIED, Answer, Citation, Search
from rag.verify import Standing
from rag.voices import CHINESE as CHINESE_VOICES
from rag.voices import UNCLEAR

NOW = {"stands": "仍在原处", "moved": "位置有变", "changed": "已改动", "gone": "已不在"}


def until_read(command: Callable[[], int]) -> int:
    """The exit code of a command, which ends without a word once whoever reads what it writes has seen enough."""
    try:
        code = command()
        sys.stdout.flush()  # a reader that has gone is told now or at the very end
    except BrokenPipeError:  # `| head`; nothing more can be written, nor flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    return code


def json_line(data: dict[str, Any]) -> str:
    """The data as a line of JSON; of its text only what would steer a terminal or cannot be written is escaped."""
    return STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(data, ensure_ascii=False))


def literal(text: str) -> str:
    """Markup of rich that shows a text as it is."""
    return escape(visible(text))


def print_answer(answer: Answer, console: Console) -> None:
    """The answer with its marks, then the citations as a list."""
    if answer.scope != ALL:
        described = describe_scope(answer.scope, {passage.article.id: passage.article for passage in answer.passages})
        console.print(f"[dim]范围　{literal(described)}[/dim]\n")
    if answer.notice:
        console.print(f"[yellow]{literal(answer.notice)}[/yellow]\n")
    for subject, told in groupby(answer.statements, key=lambda statement: statement.subject):
        if subject:
            console.print(f"[dim]{literal(subject)}[/dim]")
        for statement in told:
            marks = "".join(f"[bold cyan]\\[{n}][/bold cyan]" for n in statement.citations)
            console.print(literal(statement.text) + (marks or f"[red]{UNVERIFIED}[/red]"))
    if answer.citations:
        console.print("\n[dim]出处[/dim]")
    elif answer.nearest:
        console.print(f"[dim]{NEAREST_HEADING}[/dim]")
    for citation in answer.citations or answer.nearest:
        console.print(f"[bold cyan]\\[{citation.marker}][/bold cyan] {literal(source_line(citation))}")
        console.print(Padding(f"[dim]「{literal(citation.quote)}」[/dim]", (0, 0, 0, 4)))
    name = "原文摘编" if answer.is_extractive else answer.answerer
    generation = f"索引第 {answer.index_generation} 代" if answer.index_generation else ""  # else nothing was searched
    took = f"{answer.timings_ms.get('total', 0):.0f} 毫秒"
    signed = " · ".join(filter(None, (name if answer.statements else "", generation, took)))
    console.print(f"\n[dim]{signed}[/dim]")


def print_search(search: Search, console: Console) -> None:
    """What was searched, then the candidates: where each stands, its scores, and why it ranks there."""
    console.print("\n[dim]检索详情[/dim]")
    for name, value in searched(search):
        console.print(f"{name}　{literal(value)}")
    for candidate in search.candidates:
        rank = f"{candidate.passage.rank:>2}."
        console.print(f"\n[bold]{rank}[/bold] {literal(heading(candidate))}")
        lines = (
            f"[cyan]{reason(candidate)}[/cyan]",
            scores_line(candidate),
            f"[dim]{literal(snippet(candidate))}[/dim]",
        )
        console.print(Padding("\n".join(lines), (0, 0, 0, 4)))


def source_line(citation: Citation) -> str:
    """Title, author or publisher, date, who says so where that is clear, and where in the file the quote stands."""
    start, end = citation.raw_span
    where = f"{citation.article.source_path}:{start}-{end}"
    voice = [CHINESE_VOICES[citation.voice]] if citation.voice != UNCLEAR else []
    return " · ".join([source_of(citation.article), *voice, where])


def standing_line(standing: Standing) -> str:
    """A quote and what has become of it, on one line or two."""
    cited = standing.cited
    line = f"{cited.answer}[{cited.marker}] {NOW[standing.state]}　《{cited.title}》{cited.start}-{cited.end}"
    if standing.state != "stands" and standing.article is not None:
        line += f" → {standing.article}:{standing.start}-{standing.end}"
    if standing.state in ("changed", "gone"):
        line += f"\n    原引：「{cited.quote}」"
        line += f"\n    现为：「{standing.now}」" if standing.state == "changed" else ""
        line += "\n    文章没有变：导出文件被改过，或清洗规则变了" if standing.same_content else ""
    return line
