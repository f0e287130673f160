"""docs/security.md against what is installed and what is tested."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.version import Version

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
FIXED = re.findall(r"^\| ([a-z0-9-]+) \| CVE-.* \| ([\d.]+) \|$", DOC, re.MULTILINE)
ATTACKS = DOC.split("## How each attack is stopped")[1].split("## Dependencies")[0]


def test_the_table_of_advisories_is_read_whole() -> None:
    assert len(FIXED) == DOC.count("| CVE-") > 15


@pytest.mark.parametrize(("package", "fixed"), FIXED)
def test_no_dependency_has_a_hole_that_is_listed(package: str, fixed: str) -> None:
    try:
        installed = version(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is of an extra that is not installed")
    assert Version(installed) >= Version(fixed), f"{package} {installed} has a known hole: upgrade to {fixed}"


def test_every_test_that_stops_an_attack_exists() -> None:
    named = []
    for row in ATTACKS.splitlines():
        file = ""
        for given, test in re.findall(r"`(test_\w+\.py)?::(test_\w+)`", row):
            file = given or file
            named.append((file, test))
    assert len(named) > 25
    missing = [f"{f}::{t}" for f, t in named if f"def {t}(" not in (ROOT / "tests" / f).read_text(encoding="utf-8")]
    assert missing == []
