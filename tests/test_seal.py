"""The seal of a generation: one flipped byte, anywhere, is found; nothing is copied on from a damaged one."""

import subprocess
from pathlib import Path

import pytest
from fakes import FakeEmbedder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.run import ingest
from rag.errors import IndexDamaged
from rag.index import read_manifest
from rag.seal import SEAL, check_seal, sealed_files


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "甲.txt").write_text("猫吃鱼。", encoding="utf-8")
    ingest(folder / "corpus", folder / "index", FakeEmbedder())
    return folder / "index" / read_manifest(folder / "index").directory


def flip(path: Path, at: int, bits: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ bits]))


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_byte_that_is_flipped_in_any_file_of_a_generation_is_found_and_its_file_named(
    generation: Path, data: st.DataObject
) -> None:
    files = [path for path in [*sealed_files(generation), generation / SEAL] if path.stat().st_size]
    assert {"library.sqlite", "chroma.sqlite3", "data_level0.bin", "manifest.json", SEAL} <= {f.name for f in files}
    path = data.draw(st.sampled_from(files))
    at, bits = data.draw(st.integers(0, path.stat().st_size - 1)), data.draw(st.integers(1, 255))
    flip(path, at, bits)
    try:
        with pytest.raises(IndexDamaged, match="is not as it was sealed") as found:
            check_seal(generation)
        assert path.name == SEAL or path.name in str(found.value)
    finally:
        flip(path, at, bits)
    check_seal(generation)


def test_a_file_that_is_missing_new_or_cut_is_found(generation: Path) -> None:
    library = generation / "library.sqlite"
    whole = library.read_bytes()
    library.write_bytes(whole[:-1])
    with pytest.raises(IndexDamaged, match=r"library\.sqlite"):
        check_seal(generation)
    library.unlink()
    with pytest.raises(IndexDamaged, match=r"library\.sqlite"):
        check_seal(generation)
    library.write_bytes(whole)
    (generation / "more").touch()
    with pytest.raises(IndexDamaged, match="more"):
        check_seal(generation)
    (generation / "more").unlink()
    check_seal(generation)


def test_the_seal_is_what_sha256sum_reads(generation: Path) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SEAL], cwd=generation, check=True)


def test_an_ingest_does_not_build_on_a_generation_with_a_flipped_byte(tiny_corpus: Path, tiny_index: Path) -> None:
    folder = tiny_index / read_manifest(tiny_index).directory
    flip(folder / "library.sqlite", (folder / "library.sqlite").read_bytes().index("鸟会飞".encode()), 1)
    embedder = FakeEmbedder()
    summary = ingest(tiny_corpus, tiny_index, embedder)
    assert (summary.generation, sorted(summary.added), embedder.embedded) == (2, ["乙", "子/丙", "甲"], [])
    check_seal(tiny_index / read_manifest(tiny_index).directory)
