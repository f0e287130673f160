"""Run a command in a process of its own, with its time and its peak memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Finished:
    """What a command printed, its wall and processor time in seconds and its peak memory in MB (10^6 bytes)."""

    output: str
    seconds: float
    peak_mb: float
    cpu_seconds: float


def environment(**changes: str) -> dict[str, str]:
    """The environment without settings of the product, so that every bench measures the defaults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YINJU_")}
    return {**kept, **changes}


def run_python(*arguments: str, **changes: str) -> Finished:
    """Run this Python with arguments. Raises CalledProcessError when it fails; its errors are shown."""
    command = [sys.executable, *arguments]
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment(**changes), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Finished(output, seconds, usage.ru_maxrss * 1024 / 1e6, usage.ru_utime + usage.ru_stime)


def peak_mb(pid: int) -> float:
    """Peak memory in MB of a running process. Linux only."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


def memory_mb(pid: int) -> float:
    """Memory in MB that a running process holds now. Linux only."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a running process has used. Linux only."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
