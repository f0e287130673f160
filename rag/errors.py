"""The error tree. A message says what is wrong, with the value, then what to do."""

import shutil
from pathlib import Path

DAMAGED = "索引已损坏：请重新运行 python -m ingest"


class RagError(Exception):
    """Any failure that a user can act on: `str()` is English, for logs; `chinese` is what a user is shown."""

    def __init__(self, message: str, chinese: str = "") -> None:
        super().__init__(message)
        self.chinese = chinese or message


class SettingsError(RagError):
    """A setting has a value that cannot be used."""


class ScopeError(RagError, ValueError):
    """A scope that cannot be meant so: an unknown key, no date, an end before its start."""


class CorpusError(RagError):
    """An article file or the corpus folder cannot be used."""


def unreadable(path: Path, error: OSError) -> CorpusError:
    """The error for a file that is there and cannot be read."""
    return CorpusError(
        f"{path.name} cannot be read ({error.strerror}): check its permissions",
        f"{path.name} 读不了（{error.strerror}）：请检查权限",
    )


class IndexMissing(RagError):
    """There is no published index where one was expected."""


class IndexMismatch(RagError):
    """The index was built with another embedding model or chunker than the settings name, or by an older program."""


class IndexNewer(IndexMismatch):
    """The index has a format of a newer program; nothing of it may be changed by this one."""


class IndexLocked(RagError):
    """Another process is writing the index."""


class IndexUnwritable(RagError):
    """The folder of the index takes nothing: the disk is full, or the process may not write there."""


class IndexDamaged(RagError):
    """A generation does not hold what its manifest says."""


class BackendUnavailable(RagError):
    """The database that generations are searched by does not answer, or not as it should."""


def unwritable(error: Exception) -> tuple[str, str]:
    """The two messages of an IndexUnwritable: the English and the Chinese one."""
    # A copy of a folder goes on after the first file that fails, and tells (source, target, reason) of each.
    reason = error.args[0][0][-1] if isinstance(error, shutil.Error) else error
    return (
        f"the index cannot be written ({reason}): free some space or check the rights; the published one is as it was",
        f"索引写不进去（{reason}）：请腾出磁盘空间或检查权限；已有的索引没有改动",
    )


class PromptTooLong(RagError):
    """The question alone does not fit the token budget of the LLM."""


class ModelError(RagError):
    """An embedding model or an LLM cannot be loaded or does not answer."""


class ExportError(RagError):
    """A file that cannot be read as an export of a conversation."""


class HistoryError(RagError):
    """The history of conversations cannot be opened, read or written."""


def exit_code(error: RagError) -> int:
    """What a command ends with: 2 where a setting must be changed first, else 1."""
    return 2 if isinstance(error, SettingsError) else 1
