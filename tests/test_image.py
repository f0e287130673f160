"""The Dockerfile and .dockerignore against the program: what the image is given is what it needs."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = {
    name
    for names in re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    for name in names.split()
}


def test_what_the_image_copies_is_let_in() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == COPIED
    assert all((ROOT / name).exists() for name in COPIED)


def test_the_image_has_every_part_that_one_of_its_parts_imports() -> None:
    ours = {path.stem for path in ROOT.glob("*.py")} | {path.parent.name for path in ROOT.glob("*/__init__.py")}
    files = [file for name in COPIED for file in [ROOT / name, *(ROOT / name).rglob("*.py")] if file.suffix == ".py"]
    imported = {
        name
        for file in files
        for name in re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"rag", "eval"} <= imported & ours
    assert imported & ours <= {Path(name).stem for name in COPIED}
