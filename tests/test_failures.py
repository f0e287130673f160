from pathlib import Path

import pytest

from ingest.failures import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MOST_TRIES,
    failed,
    read_failures,
    stamp_of,
    stamp_with_sidecars,
    write_failures,
)
from rag.errors import CorpusError

ERROR = CorpusError("甲.md is broken: mend it", "甲.md 坏了：请修好")


def test_a_failure_waits_longer_after_every_try_and_at_last_for_a_change() -> None:
    failure = failed(ERROR, "s1", 1000.0)
    assert (failure.reason, failure.chinese, failure.since) == (str(ERROR), ERROR.chinese, 1000.0)
    waits = [failure.retry_at - 1000]
    while not failure.dead:
        assert failure.waits("s1", failure.retry_at - 1)
        assert not failure.waits("s1", failure.retry_at)
        now = failure.retry_at
        failure = failed(ERROR, "s1", now, failure)
        waits.append(failure.retry_at - now)
    assert waits == [FIRST_WAIT * 2**n for n in range(MOST_TRIES)]
    assert failure.waits("s1", 1e12)
    assert not failure.waits("s2", 0)
    assert failure.since == 1000.0


def test_a_changed_file_starts_again() -> None:
    failure = failed(ERROR, "s2", 60, failed(ERROR, "s1", 30, failed(ERROR, "s1", 0)))
    assert (failure.tries, failure.since) == (1, 60)


def test_a_clock_set_back_makes_nothing_wait_for_years() -> None:
    failure = failed(ERROR, "s1", 1e9)
    assert not failure.waits("s1", 1e9 - 2 * LONGEST_WAIT)


def test_failures_are_read_back_and_a_spoilt_list_is_empty(tmp_path: Path) -> None:
    failures = {"夹/甲.md": failed(ERROR, "s1", 1.5)}
    assert read_failures(tmp_path) == {}
    write_failures(tmp_path, failures)
    assert read_failures(tmp_path) == failures
    for spoilt in ("", "[]", '{"甲": 1}', '{"甲": {"x": 1}}'):
        (tmp_path / "failures.json").write_text(spoilt)
        assert read_failures(tmp_path) == {}


def test_the_stamp_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "甲.md"
    assert stamp_of(path) == ""
    path.write_text("一")
    before = stamp_of(path)
    path.write_text("一二")
    assert stamp_of(path) != before


def test_the_stamp_of_a_link_changes_with_what_it_leads_to(tmp_path: Path) -> None:
    target, link = tmp_path / "远.txt", tmp_path / "甲.txt"
    link.symlink_to(target)
    stamps = [stamp_of(link)]
    for text in ("", "猫吃鱼。"):
        target.write_text(text)
        stamps.append(stamp_of(link))
    assert stamps[0] and len(set(stamps)) == 3


@pytest.mark.parametrize("name", ["甲.meta.toml", "甲.md.meta.toml"])
def test_a_corrected_sidecar_is_a_reason_to_try_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / "甲.md"
    path.write_text("一")
    stamps = [stamp_with_sidecars(path)]
    for published in ("2025-13-45", "2025-03-04T"):
        (tmp_path / name).write_text(f'published = "{published}"')
        stamps.append(stamp_with_sidecars(path))
    assert len(set(stamps)) == 3
