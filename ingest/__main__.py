"""python -m ingest: bring the index up to date with a folder of articles."""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ingest.run import Summary, ingest
from rag.embed import SentenceEmbedder
from rag.errors import RagError
from rag.settings import load_settings

EPILOG = """exit codes: 0 everything is indexed; 1 some files failed (the others are indexed) or nothing could be
indexed; 2 wrong arguments or settings"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest",
        description="把一个文件夹的文章（.md、.txt）编入索引；只处理有变化的文章。",
        epilog=EPILOG,
    )
    parser.add_argument("corpus", nargs="?", type=Path, help="文章文件夹（默认 YINJU_CORPUS，即 corpus）")
    parser.add_argument("--index", type=Path, metavar="DIR", help="索引文件夹（默认 YINJU_INDEX，即 .index）")
    parser.add_argument("--json", action="store_true", help="把结果写成一行 JSON")
    parser.add_argument("--quiet", action="store_true", help="不显示进度")
    parser.add_argument("--allow-shrink", action="store_true", help="允许一次移除超过一半的文章")
    options = parser.parse_args(arguments)
    console = Console(stderr=True, quiet=options.quiet or options.json or not sys.stderr.isatty())
    try:
        settings = load_settings(corpus=options.corpus, index=options.index)
    except RagError as error:
        print(f"错误：{error}", file=sys.stderr)
        return 2
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=console, transient=True) as bars:
            tasks = {stage: bars.add_task(stage, visible=False, total=None) for stage in ("读取文章", "计算向量")}
            summary = ingest(
                settings.corpus,
                settings.index,
                SentenceEmbedder(settings.embedding_model),
                chunk_tokens=settings.chunk_tokens,
                allow_shrink=options.allow_shrink,
                progress=lambda stage, done, total: bars.update(
                    tasks[stage], completed=done, total=total, visible=True
                ),
            )
    except RagError as error:
        print(
            json.dumps({"error": str(error)}, ensure_ascii=False) if options.json else f"错误：{error}", file=sys.stderr
        )
        return 1
    if options.json:
        print(json.dumps(summary.to_json(), ensure_ascii=False))
    else:
        _print_summary(summary)
    return 1 if summary.failed else 0


def _print_summary(summary: Summary) -> None:
    console = Console(highlight=False)
    done = f"新增 {len(summary.added)}，更新 {len(summary.changed)}，移除 {len(summary.removed)}，"
    console.print(f"{done}未变 {summary.unchanged}，失败 {len(summary.failed)}")
    console.print(
        f"索引第 {summary.generation} 代：{summary.articles} 篇文章，{summary.chunks} 个文本块，"
        f"新算向量 {summary.embedded} 个，用时 {summary.seconds:.1f} 秒"
    )
    for path, reason in summary.failed.items():
        console.print(f"  失败 {path}：{reason}", style="red", markup=False)


if __name__ == "__main__":
    sys.exit(main())
