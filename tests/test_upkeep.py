"""Backup, restore, verify and repair: what is lost comes back, and damage of every kind is found and mended."""

import io
import json
import os
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest
from conftest import as_nobody
from fakes import FakeEmbedder
from test_history_copy import talked

from ingest.__main__ import main
from ingest.backup import backup, restore
from ingest.check import check_index
from ingest.run import chunker_version, ingest
from ingest.upkeep import repair
from rag.cache import EmbeddingCache
from rag.errors import CorpusError, IndexDamaged, IndexMissing
from rag.index import IndexReader, read_manifest
from rag.seal import SEAL, seal_text
from rag.settings import Settings, load_settings
from rag.vectors import VectorStore
from rag.writer import history

CHUNKER = chunker_version(400)


def published(index: Path) -> Path:
    return index / read_manifest(index).directory


def answers(index: Path) -> list[list[tuple[str, float]]]:
    """What both legs find for a few queries, with scores."""
    reader = IndexReader(index, FakeEmbedder())
    generation = reader.current()
    found = [
        *(generation.store.nearest(reader.embedder.embed_query(word), 3) for word in "猫狗鱼鸟"),
        *(generation.library.search([term]) for term in ("吃鱼", "追猫", "会飞")),
    ]
    reader.close()
    return [[(hit.chunk_id, hit.score) for hit in hits] for hits in found]


def settings_of(corpus: Path, index: Path) -> Settings:
    return load_settings(corpus=corpus, index=index)


def test_a_backup_restores_index_articles_and_vectors_after_all_is_lost(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path
) -> None:
    before, texts = answers(tiny_index), {p.name: p.read_bytes() for p in tiny_corpus.rglob("*.*")}
    backup(tiny_corpus, tiny_index, tmp_path / "saved.tar.gz")
    shutil.rmtree(tiny_corpus)
    shutil.rmtree(tiny_index)
    restored = restore(tmp_path / "saved.tar.gz", tiny_corpus, tiny_index, FakeEmbedder(), CHUNKER)
    assert (restored.manifest.generation, len(restored.written), restored.different) == (2, 3, [])
    assert answers(tiny_index) == before
    assert {p.name: p.read_bytes() for p in tiny_corpus.rglob("*.*")} == texts
    assert [(entry["generation"], entry["action"]) for entry in history(tiny_index)] == [(1, "ingest"), (2, "restore")]
    embedder = FakeEmbedder()
    assert (ingest(tiny_corpus, tiny_index, embedder).unchanged, embedder.embedded) == (3, [])
    assert ingest(tiny_corpus, tiny_index, embedder, anew=True).embedded == 0, "the cached vectors are back too"


def test_a_restore_over_a_newer_index_is_followed_by_readers_and_overwrites_no_article(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path
) -> None:
    backup(tiny_corpus, tiny_index, tmp_path / "saved.tar")
    reader = IndexReader(tiny_index, FakeEmbedder())
    (tiny_corpus / "甲.md").write_text("# 甲\n\n鱼游走了。\n", encoding="utf-8")
    (tiny_corpus / "乙.txt").unlink()
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    assert reader.current().library.article_ids() == ["子/丙", "甲"]
    restored = restore(tmp_path / "saved.tar", tiny_corpus, tiny_index, FakeEmbedder(), CHUNKER)
    assert restored.manifest.generation == reader.current().manifest.generation == 3
    assert reader.current().library.article_ids() == ["乙", "子/丙", "甲"]
    assert (restored.written, restored.different) == ([str(tiny_corpus / "乙.txt")], [str(tiny_corpus / "甲.md")])
    assert "鱼游走了" in (tiny_corpus / "甲.md").read_text(encoding="utf-8")
    reader.close()


def test_a_backup_overwrites_nothing_and_leaves_nothing_behind_when_it_fails(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path
) -> None:
    (tmp_path / "saved.tar").write_text("mine")
    with pytest.raises(CorpusError, match="exists: give another name"):
        backup(tiny_corpus, tiny_index, tmp_path / "saved.tar")
    (published(tiny_index) / "library.sqlite").write_bytes(b"")
    with pytest.raises(IndexDamaged):
        backup(tiny_corpus, tiny_index, tmp_path / "other.tar")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corpus", "index", "saved.tar"]
    assert (tmp_path / "saved.tar").read_text() == "mine"


def test_an_article_that_cannot_be_put_back_is_named_and_the_others_and_the_conversations_are_put_back(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conversations = tmp_path / "conversations.sqlite"
    talked(conversations)
    backup(tiny_corpus, tiny_index, tmp_path / "saved.tar", conversations=conversations)
    for path in tmp_path.glob("conversations.sqlite*"):
        path.unlink()
    shutil.rmtree(tiny_corpus)
    (tiny_corpus / "乙.txt").mkdir(parents=True)  # a folder where the backup has a file
    (tiny_corpus / "子").touch()  # and a file where it has a folder
    restored = restore(
        tmp_path / "saved.tar", tiny_corpus, tiny_index, FakeEmbedder(), CHUNKER, conversations=str(conversations)
    )
    assert restored.not_put_back == {
        str(tiny_corpus / "乙.txt"): "Is a directory",
        str(tiny_corpus / "子" / "丙.txt"): "File exists",
    }
    assert (restored.written, restored.different) == ([str(tiny_corpus / "甲.md")], [])
    assert restored.conversations == 1
    assert main(["restore", str(tmp_path / "saved.tar"), "--corpus", str(tiny_corpus), "--index", str(tiny_index)]) == 1
    said = capsys.readouterr().out
    assert f"  没有放回 {tiny_corpus / '乙.txt'}（Is a directory）\n" in said
    assert "再恢复一次；先别运行 python -m ingest，它会移除这些文章。" in said


def test_a_backup_leaves_out_a_file_whose_name_is_not_utf_8_and_names_it(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = os.fsencode(tiny_corpus) + b"/" + "中文.txt".encode("gbk")
    Path(os.fsdecode(name)).write_text("猫吃鱼。", encoding="utf-8")
    saved = tmp_path / "saved.tar"
    assert main(["backup", str(saved), "--corpus", str(tiny_corpus), "--index", str(tiny_index)]) == 1
    assert "  没有备份 ????.txt：文件名不是 UTF-8，请改名后再备份一次\n" in capsys.readouterr().out
    Path(os.fsdecode(name)).unlink()
    restored = restore(saved, tiny_corpus, tiny_index, FakeEmbedder(), CHUNKER)
    assert (restored.already_there, restored.written) == (3, [])


def test_a_backup_names_the_article_that_cannot_be_read(tiny_corpus: Path, tiny_index: Path, tmp_path: Path) -> None:
    (tiny_corpus / "丁.md").symlink_to("/proc/self/mem")  # a file that not even root can read from its start
    with pytest.raises(CorpusError) as error:
        backup(tiny_corpus, tiny_index, tmp_path / "saved.tar")
    assert error.value.chinese == (
        f"{tiny_corpus / '丁.md'} 读不了（Input/output error），没有写备份：请检查它的权限，或者把它移走，再备份一次"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "index"]


def test_a_backup_names_what_stands_in_a_folder_that_cannot_be_entered(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path
) -> None:
    with as_nobody(tmp_path):
        (tiny_corpus / "子").chmod(0o600)
        with pytest.raises(CorpusError, match=r"丙\.txt cannot be read \(Permission denied\)"):
            backup(tiny_corpus, tiny_index, tmp_path / "saved.tar")
        (tiny_corpus / "子").chmod(0o700)


def tar_of(target: Path, name: str, content: bytes, **fields: object) -> Path:
    with tarfile.open(target, "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        for field, value in fields.items():
            setattr(member, field, value)
        tar.addfile(member, io.BytesIO(content))
    return target


@pytest.mark.parametrize(
    ("name", "fields"),
    [("../outside", {}), ("/tmp/outside", {}), ("link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"})],
)
def test_a_backup_that_would_write_outside_of_its_folder_is_refused(
    tmp_path: Path, name: str, fields: dict[str, object]
) -> None:
    evil = tar_of(tmp_path / "evil.tar", name, b"", **fields)
    with pytest.raises(IndexDamaged, match="is no whole backup"):
        restore(evil, tmp_path / "corpus", tmp_path / "index", FakeEmbedder(), CHUNKER)
    assert not (tmp_path / "outside").exists()
    assert not list((tmp_path / "index").iterdir())


def test_a_backup_with_one_flipped_byte_is_refused_and_the_index_stays(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.tar"
    backup(tiny_corpus, tiny_index, saved)
    content = bytearray(saved.read_bytes())
    content[content.index("猫吃鱼".encode())] ^= 1
    saved.write_bytes(content)
    before = read_manifest(tiny_index)
    with pytest.raises(IndexDamaged, match="is no whole backup"):
        restore(saved, tiny_corpus, tiny_index, FakeEmbedder(), CHUNKER)
    assert read_manifest(tiny_index) == before


def test_a_whole_index_has_no_problem_and_repair_changes_nothing(tiny_corpus: Path, tiny_index: Path) -> None:
    assert check_index(tiny_index).problems == []
    assert repair(settings_of(tiny_corpus, tiny_index), FakeEmbedder()) == ([], None)
    assert read_manifest(tiny_index).generation == 1


def spoil(index: Path, part: str) -> None:
    folder = published(index)
    if part == "CURRENT":
        (index / "CURRENT").write_text("{")
    elif part == "another manifest":
        text = (index / "CURRENT").read_text()
        (index / "CURRENT").write_text(text.replace('"articles": 3', '"articles": 2'))
    elif part == "no library":
        (folder / "library.sqlite").unlink()
    else:
        path = max(folder.rglob(part), key=lambda path: path.stat().st_size)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 16
        path.write_bytes(content)


@pytest.mark.parametrize(
    "part",
    ["CURRENT", "another manifest", "no library", "library.sqlite", "chroma.sqlite3", "data_level0.bin", SEAL],
)
def test_every_kind_of_damage_is_found_and_repaired_without_embedding_anything(
    tiny_corpus: Path, tiny_index: Path, part: str
) -> None:
    before = answers(tiny_index)
    spoil(tiny_index, part)
    assert len(check_index(tiny_index).published) == 1
    embedder = FakeEmbedder()
    problems, summary = repair(settings_of(tiny_corpus, tiny_index), embedder)
    assert len(problems) == 1 and summary is not None
    assert (summary.articles, summary.failures, embedder.embedded) == (3, {}, [])
    assert check_index(tiny_index).problems == []
    assert answers(tiny_index) == before


def change(index: Path, statement: str) -> None:
    """Change the library and seal it as if that were right."""
    with sqlite3.connect(published(index) / "library.sqlite") as connection:
        connection.execute(statement)
    connection.close()
    (published(index) / SEAL).write_text(seal_text(published(index)))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chunks SET end = end + 1000 WHERE article_id = '甲'",
        "UPDATE chunks SET sentences = '[[3, 2]]' WHERE article_id = '子/丙'",
        "UPDATE chunks SET sentences = '[[0, 4000]]' WHERE article_id = '子/丙'",
        "UPDATE chunks SET vectors = substr(vectors, 3) WHERE article_id = '甲'",
        "UPDATE chunks SET section = '别处' WHERE article_id = '甲'",
        "UPDATE articles SET raw = substr(raw, 1, 3) WHERE id = '甲'",
    ],
)
def test_verify_checks_every_span_even_under_a_right_seal(tiny_index: Path, statement: str) -> None:
    change(tiny_index, statement)
    (problem,) = check_index(tiny_index).published
    assert "1 chunks do not agree with their article" in str(problem)


def test_verify_checks_every_vector_even_under_a_right_seal(tiny_index: Path, fake_embedder: FakeEmbedder) -> None:
    store = VectorStore(published(tiny_index) / "chroma")
    (hit,) = store.search(fake_embedder.embed_query("鸟"), 1)
    store.put([hit.chunk_id], [fake_embedder.embed_query("狗鸟")])
    store.close()
    (published(tiny_index) / SEAL).write_text(seal_text(published(tiny_index)))
    assert [hit.chunk_id in str(problem) for problem in check_index(tiny_index).published] == [True]


def test_a_spoiled_vector_in_the_cache_is_found_and_only_it_is_embedded_again(
    tiny_corpus: Path, tiny_index: Path
) -> None:
    with sqlite3.connect(tiny_index / "cache.sqlite") as connection:
        key, vector = connection.execute("SELECT key, vector FROM vectors LIMIT 1").fetchone()
        flipped = vector[:-1] + bytes([vector[-1] ^ 1])
        connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (flipped, key))
    connection.close()
    check = check_index(tiny_index)
    assert (check.published, len(check.beside)) == ([], 1)
    embedder = FakeEmbedder()
    ingest(tiny_corpus, tiny_index, embedder, anew=True)
    assert len(embedder.embedded) == 1
    assert check_index(tiny_index).problems == []


def test_a_cache_that_cannot_be_read_is_found_and_replaced(tiny_corpus: Path, tiny_index: Path) -> None:
    (tiny_index / "cache.sqlite").write_bytes(b"no database at all" * 100)
    assert len(check_index(tiny_index).beside) == 1
    assert (tiny_index / "cache.sqlite").read_bytes().startswith(b"no database"), "a check changes nothing"
    problems, summary = repair(settings_of(tiny_corpus, tiny_index), FakeEmbedder())
    assert (len(problems), summary) == (1, None)
    assert check_index(tiny_index).problems == []


def test_a_damaged_generation_that_is_kept_is_found_and_removed(tiny_corpus: Path, tiny_index: Path) -> None:
    first = published(tiny_index)
    (tiny_corpus / "甲.md").write_text("# 甲\n\n鱼游走了。\n", encoding="utf-8")
    ingest(tiny_corpus, tiny_index, FakeEmbedder())
    (first / "library.sqlite").write_bytes(b"")
    assert len(check_index(tiny_index).beside) == 1
    repair(settings_of(tiny_corpus, tiny_index), FakeEmbedder())
    assert not first.exists()
    assert check_index(tiny_index).problems == []


def test_a_repair_does_not_publish_what_is_left_of_a_lost_corpus(tiny_corpus: Path, tiny_index: Path) -> None:
    (tiny_corpus / "甲.md").unlink()
    (tiny_corpus / "乙.txt").unlink()
    spoil(tiny_index, "library.sqlite")
    with pytest.raises(CorpusError, match="2 of 3 indexed articles are gone"):
        repair(settings_of(tiny_corpus, tiny_index), FakeEmbedder())
    assert read_manifest(tiny_index).generation == 1
    assert repair(settings_of(tiny_corpus, tiny_index), FakeEmbedder(), allow_shrink=True)[1].articles == 1  # type: ignore[union-attr]


def test_a_repair_does_not_publish_what_is_left_where_files_fail(tiny_corpus: Path, tiny_index: Path) -> None:
    (tiny_corpus / "甲.md").write_bytes(b"")
    (tiny_corpus / "乙.txt").write_bytes(b"")
    with (published(tiny_index) / "library.sqlite").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CorpusError, match=r"2 of 3 indexed articles fail or are gone .*乙\.txt is empty"):
        repair(settings_of(tiny_corpus, tiny_index), FakeEmbedder())
    assert published(tiny_index).exists()


def test_vectors_of_a_cache_without_checksums_are_kept_and_get_them(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    cache = EmbeddingCache(tmp_path / "cache.sqlite")
    cache.put("fake@1", {"猫": embedder.embed_query("猫")})
    before = cache.get("fake@1", ["猫"])["猫"].tolist()
    cache.close()
    with sqlite3.connect(tmp_path / "cache.sqlite") as connection:  # as the program wrote it before checksums
        connection.execute("UPDATE vectors SET vector = substr(vector, 5)")
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    cache = EmbeddingCache(tmp_path / "cache.sqlite")
    assert cache.get("fake@1", ["猫"])["猫"].tolist() == before
    assert cache.spoiled() == []
    cache.close()


def test_the_commands_tell_in_chinese_and_by_their_exit_code(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--index", str(tiny_index)]
    assert main(["verify", *at]) == 0
    assert capsys.readouterr().out == "索引完好：文件、文本块、向量、缓存都核对过，没有损坏。\n"
    assert main(["backup", str(tmp_path / "saved.tar"), "--corpus", str(tiny_corpus), *at]) == 0
    assert "已备份第 1 代索引和 3 篇文章" in capsys.readouterr().out
    spoil(tiny_index, "library.sqlite")
    assert main(["verify", *at]) == 1
    assert "请运行 python -m ingest repair" in capsys.readouterr().out
    assert main(["verify", "--json", *at]) == 1
    assert "library.sqlite" in json.loads(capsys.readouterr().out)[0]["error"]
    assert main(["restore", str(tmp_path / "saved.tar"), "--corpus", str(tiny_corpus), *at]) == 0
    assert "已恢复为第 2 代索引：3 篇文章" in capsys.readouterr().out
    assert main(["history", *at]) == 0
    assert "从备份恢复（原第 1 代）" in capsys.readouterr().out
    assert main(["verify", "--index", str(tmp_path / "none")]) == 1
    assert "还没有索引" in capsys.readouterr().err


def test_there_is_nothing_to_check_without_an_index(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        check_index(tmp_path)
