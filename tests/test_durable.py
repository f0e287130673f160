import os
import stat
from pathlib import Path

import pytest

from rag.durable import append_line, sync_tree, write_durably, write_new
from service.keys import add_key


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was brought to the disk, in order: "file" or "folder"."""
    found: list[str] = []

    def note(descriptor: int) -> None:
        found.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", note)
    return found


def test_a_file_is_replaced_by_one_that_is_on_the_disk_with_its_name(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "甲").write_text("旧")
    write_durably(tmp_path / "甲", "新")
    assert (tmp_path / "甲").read_text() == "新" and synced == ["file", "folder"]


def test_a_disk_that_is_full_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "甲").write_text("旧")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_durably(tmp_path / "甲", "新")
    with pytest.raises(OSError, match="No space"):
        write_new(tmp_path / "乙", b"")
    assert (tmp_path / "甲").read_text() == "旧" and not (tmp_path / "乙").exists()


def test_a_new_file_never_replaces_another(tmp_path: Path, synced: list[str]) -> None:
    assert write_new(tmp_path / "甲", b"1") and synced == ["file", "folder"]
    assert not write_new(tmp_path / "甲", b"2")
    assert (tmp_path / "甲").read_bytes() == b"1" and list(tmp_path.iterdir()) == [tmp_path / "甲"]


def test_a_line_stands_below_what_a_crash_left_of_the_last_one(tmp_path: Path) -> None:
    append_line(tmp_path / "甲", "一")
    with (tmp_path / "甲").open("a") as file:
        file.write("二的一半")
    append_line(tmp_path / "甲", "三")
    assert (tmp_path / "甲").read_text() == "一\n二的一半\n三\n"


def test_a_folder_comes_after_what_is_in_it(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "子").mkdir()
    (tmp_path / "子" / "甲").touch()
    sync_tree(tmp_path)
    assert sorted(synced) == ["file", "folder", "folder"] and synced[-1] == "folder"


def test_a_key_that_is_shown_once_is_on_the_disk_with_the_name_of_its_file(tmp_path: Path, synced: list[str]) -> None:
    add_key(tmp_path / "keys.json", "小红")
    assert synced == ["file", "folder"]
