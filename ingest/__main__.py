"""python -m ingest: bring the index up to date with a folder of articles, and look after it."""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from ingest import commands, upkeep
from ingest.bulk import RayCluster
from ingest.compare import READING, Summary
from ingest.run import EMBEDDING, ingest, plan
from ingest.watch import watch_command
from rag.backend import open_backend
from rag.embed import SentenceEmbedder
from rag.errors import RagError, exit_code
from rag.settings import load_settings
from rag.terminal import until_read

EPILOG = """其他命令（python -m ingest 命令 --help 看用法）：
  add 文件或网址…   把文章放进文章文件夹
  explain 文件      一篇文章识别出了什么，删掉了什么、为什么
  list              索引里的文章：日期、标题、作者、来源、句数、文件
  status            索引里有什么、从何时起、哪些文件失败及原因
  history           每一代索引改了什么
  rollback          退回上一代索引
  watch             守着文件夹，一有变化就更新索引
  backup 文件       把文章、索引和算过的向量存成一个文件
  restore 文件      从备份恢复
  verify            核对索引的每个字节、文本块和向量
  repair            有损坏就用文章和向量缓存重建

退出码：0 全部成功；1 有文件失败（其余照常完成）或做不成；2 参数或设置有误；130 被中断"""

COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "add": commands.add_command,
    "explain": commands.explain_command,
    "list": commands.list_command,
    "status": commands.status_command,
    "history": commands.history_command,
    "rollback": commands.rollback_command,
    "watch": watch_command,
    "backup": upkeep.backup_command,
    "restore": upkeep.restore_command,
    "verify": upkeep.verify_command,
    "repair": upkeep.repair_command,
}
NAMES_SHOWN = 20  # files of each kind in the plan of a dry run


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    command = COMMANDS.get(given[0]) if given else None
    try:
        return until_read(lambda: command(given[1:]) if command else ingest_command(given))
    except RagError as error:
        both = json.dumps({"error": str(error), "message": error.chinese}, ensure_ascii=False)
        print(both if "--json" in given else f"错误：{error.chinese}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        print("已中断。算好的向量留在缓存里，再运行一次会接着做。", file=sys.stderr)
        return 130


class _Rate(ProgressColumn):
    """Files or characters a second."""

    def render(self, task: Task) -> Text:
        unit = "篇" if task.description == READING else "字"
        return Text(f"{task.speed:,.0f} {unit}/秒" if task.speed else "")


def ingest_command(arguments: list[str]) -> int:
    """Bring the index up to date."""
    parser = argparse.ArgumentParser(
        prog="python -m ingest",
        description="把一个文件夹的文章（Markdown、文本、HTML、PDF、DOCX）编入索引；只处理有变化的文章。",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("corpus", nargs="?", type=Path, help="文章文件夹（默认 YINJU_CORPUS，即 corpus）")
    parser.add_argument("--index", type=Path, metavar="DIR", help="索引文件夹（默认 YINJU_INDEX，即 .index）")
    parser.add_argument("--dry-run", action="store_true", help="只列出会做什么，什么也不改")
    parser.add_argument("--json", action="store_true", help="把结果写成一行 JSON")
    parser.add_argument("--progress", action="store_true", help="把进度写成一行行 JSON（写到标准输出，结果在最后）")
    parser.add_argument("--quiet", action="store_true", help="不显示进度，没有失败时什么也不说")
    parser.add_argument("--allow-shrink", action="store_true", help="允许一次移除超过一半的文章")
    parser.add_argument("--workers", type=int, metavar="N", help="用 Ray 的 N 个进程计算向量")
    parser.add_argument("--ray", default="local", metavar="ADDRESS", help="已有 Ray 集群的地址（默认在本机起进程）")
    options = parser.parse_args(arguments)
    settings = load_settings(corpus=options.corpus, index=options.index)
    open_embedder = partial(SentenceEmbedder, settings.embedding_model)
    cluster = RayCluster(options.workers, open_embedder, options.ray) if options.workers else None
    console = Console(stderr=True, quiet=options.quiet or options.json or not sys.stderr.isatty())
    bar = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), _Rate(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *bar, console=console, transient=True) as bars:
        tasks = {stage: bars.add_task(stage, visible=False, total=None) for stage in (READING, EMBEDDING)}

        def show_progress(stage: str, done: int, total: int) -> None:
            bars.update(tasks[stage], completed=done, total=total, visible=True)

        summary = (plan if options.dry_run else partial(ingest, cluster=cluster))(
            settings.corpus,
            settings.index,
            open_embedder(),
            backend=open_backend(settings),
            chunk_tokens=settings.chunk_tokens,
            allow_shrink=options.allow_shrink,
            progress=print_progress if options.progress else show_progress,
        )
    if options.json:
        print(json.dumps(summary.to_json(), ensure_ascii=False))
    elif not options.quiet or summary.failures:
        print_summary(summary)
    return 1 if summary.failures else 0


def print_progress(stage: str, done: int, total: int) -> None:
    """One step as a line of JSON, for a program that follows the run."""
    print(json.dumps({"stage": stage, "done": done, "total": total}, ensure_ascii=False), flush=True)


def print_summary(summary: Summary) -> None:
    """The summary in a few Chinese lines; of a dry run also the names."""
    console = Console(highlight=False, soft_wrap=True)
    done = f"新增 {len(summary.added)}，更新 {len(summary.changed)}，移除 {len(summary.removed)}，"
    console.print(f"{done}未变 {summary.unchanged}，失败 {len(summary.failures)}")
    if summary.dry_run:
        for name, ids in (("新增", summary.added), ("更新", summary.changed), ("移除", summary.removed)):
            for id_ in ids[:NAMES_SHOWN]:
                console.print(f"  {name} {id_}", markup=False)
            if len(ids) > NAMES_SHOWN:
                console.print(f"  ……共 {len(ids)} 篇{name}")
        console.print("这只是预演，索引没有改动。")
    else:
        console.print(
            f"索引第 {summary.generation} 代：{summary.articles} 篇文章，{summary.chunks} 个文本块，"
            f"新算向量 {summary.embedded} 个，用时 {summary.seconds:.1f} 秒"
        )
    for path, failure in summary.failures.items():
        console.print(f"  失败 {path}：{failure.chinese}", style="red", markup=False)


if __name__ == "__main__":
    sys.exit(main())
