"""The commands that keep an index safe: backup, restore, verify, repair."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ingest.backup import backup, restore
from ingest.check import check_index
from ingest.commands import parser_of
from ingest.compare import Summary
from ingest.run import chunker_version, ingest
from rag.backend import open_backend
from rag.embed import Embedder, SentenceEmbedder
from rag.errors import HistoryError, RagError
from rag.history_copy import check_history, file_of
from rag.settings import Settings, load_settings
from rag.writer import IndexWriter

Report = Callable[[str, int, int], None]  # stage, done, of how many


@contextmanager
def progress_bars() -> Iterator[Report]:
    """A function that draws a bar for each stage, on standard error where that is a terminal."""
    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=None)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


def _settings(parser: argparse.ArgumentParser, arguments: list[str]) -> tuple[argparse.Namespace, Settings]:
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="文章文件夹（默认 YINJU_CORPUS，即 corpus）")
    options = parser.parse_args(arguments)
    return options, load_settings(corpus=options.corpus, index=options.index)


def backup_command(arguments: list[str]) -> int:
    """Write articles, index and vectors into one file."""
    parser = parser_of(
        "backup",
        "把文章、现用的一代索引、算过的向量和对话存成一个文件；期间照常问答和更新索引。退出码 1：有文件没备份进去。",
    )
    parser.add_argument("file", type=Path, metavar="文件", help="新文件，如 yinju.tar；名字以 .gz 结尾就压缩")
    options, settings = _settings(parser, arguments)
    conversations = file_of(settings.history)
    with progress_bars() as report:
        saved = backup(
            settings.corpus, settings.index, options.file, lambda *done: report("写入备份", *done), conversations
        )
    manifest, size = saved.manifest, options.file.stat().st_size / 2**20
    print(f"已备份第 {manifest.generation} 代索引和 {manifest.articles} 篇文章：{options.file}（{size:.1f} MB）")
    if conversations is None:
        print("对话在数据库服务器里，不在备份中：请用它自己的工具另存（PostgreSQL 用 pg_dump）。")
    for name in saved.left_out:
        print(f"  没有备份 {name}：文件名不是 UTF-8，请改名后再备份一次")
    return 1 if saved.left_out else 0


def restore_command(arguments: list[str]) -> int:
    """Publish what a backup holds."""
    parser = parser_of(
        "restore",
        "发布备份里的索引，补回缺少的文章和对话；已有而内容不同的文章不覆盖。退出码 1：有文章没放回，或备份不完整。",
    )
    parser.add_argument("file", type=Path, metavar="文件", help="python -m ingest backup 写的文件")
    options, settings = _settings(parser, arguments)
    embedder, chunker = SentenceEmbedder(settings.embedding_model), chunker_version(settings.chunk_tokens)
    with progress_bars() as report:
        restored = restore(
            options.file,
            settings.corpus,
            settings.index,
            embedder,
            chunker,
            lambda *done: report("放回文章", *done),
            open_backend(settings),
            settings.history,
        )
    manifest, different, not_put_back = restored.manifest, restored.different, restored.not_put_back
    print(
        f"已恢复为第 {manifest.generation} 代索引：{manifest.articles} 篇文章，{manifest.chunks} 个文本块；"
        f"放回文件 {len(restored.written)} 个，已有且相同 {restored.already_there} 个，不同而未动 {len(different)} 个；"
        f"补回对话 {restored.conversations} 个"
    )
    for path in different:
        print(f"  未动 {path}")
    if different:
        print("这些文件与备份不同：要备份里的，先把它们移走再恢复；要现在的，运行 python -m ingest。")
    for path, reason in not_put_back.items():
        print(f"  没有放回 {path}（{reason}）")
    if not_put_back:
        print("请移走占了名字的文件或文件夹，或改好权限，再恢复一次；先别运行 python -m ingest，它会移除这些文章。")
    return 1 if different or not_put_back else 0


def verify_command(arguments: list[str]) -> int:
    """Check every byte, span and vector."""
    parser = parser_of("verify", "核对索引的每个文件、每个文本块、每个向量、向量缓存，以及每段对话。退出码 1：有损坏。")
    parser.add_argument("--json", action="store_true", help="把结果写成一行 JSON")
    options = parser.parse_args(arguments)
    with progress_bars() as report:
        settings = load_settings(index=options.index)
        problems = check_index(settings.index, report, open_backend(settings)).problems
        problems += history_problems(settings)
    if options.json:
        print(json.dumps([{"error": str(p), "message": p.chinese} for p in problems], ensure_ascii=False))
    else:
        _print_problems(problems)
    return 1 if problems else 0


def history_problems(settings: Settings) -> list[RagError]:
    """What is wrong with the conversations; nothing where there are none yet."""
    path = file_of(settings.history)
    if path is not None and not path.exists():
        return []
    try:
        check_history(settings.history)
    except HistoryError as error:
        return [error]
    return []


def repair_command(arguments: list[str]) -> int:
    """Rebuild what is damaged."""
    parser = parser_of("repair", "核对索引，有损坏就用文章和向量缓存重建；缓存里坏了的向量会重算。")
    parser.add_argument("--allow-shrink", action="store_true", help="允许重建后的文章少于原来的一半")
    options, settings = _settings(parser, arguments)
    with progress_bars() as report:
        problems, summary = repair(settings, SentenceEmbedder(settings.embedding_model), options.allow_shrink, report)
    _print_problems(problems)
    if summary:
        print(
            f"已重建为第 {summary.generation} 代索引：{summary.articles} 篇文章，{summary.chunks} 个文本块，"
            f"新算向量 {summary.embedded} 个，失败 {len(summary.failures)} 个文件"
        )
        for path, failure in summary.failures.items():
            print(f"  失败 {path}：{failure.chinese}")
    elif problems:
        print("现用的一代索引完好；其余坏掉的部分已清除。")
    return 1 if summary and summary.failures else 0


def repair(
    settings: Settings, embedder: Embedder, allow_shrink: bool = False, report: Report = lambda *_: None
) -> tuple[list[RagError], Summary | None]:
    """Mend an index; gives what was wrong, and what the rebuilding did where the published generation was damaged.

    Raises what check_index and ingest raise: CorpusError where most of the articles are gone, IndexLocked.
    """
    backend = open_backend(settings)
    check = check_index(settings.index, report, backend)
    chunker = chunker_version(settings.chunk_tokens)
    summary = None
    if check.problems:
        with IndexWriter.locked(settings.index, embedder, chunker, backend, anew=True) as writer:
            writer.cache.mend()
    if check.published:
        summary = ingest(
            settings.corpus,
            settings.index,
            embedder,
            backend=backend,
            chunk_tokens=settings.chunk_tokens,
            allow_shrink=allow_shrink,
            anew=True,
            progress=report,
        )
    if check.problems:
        with IndexWriter.locked(settings.index, embedder, chunker, backend, anew=True) as writer:
            writer.remove_damaged()
    return check.problems, summary


def _print_problems(problems: list[RagError]) -> None:
    for problem in problems:
        print(problem.chinese)
    if not problems:
        print("索引完好：文件、文本块、向量、缓存都核对过，没有损坏。")
