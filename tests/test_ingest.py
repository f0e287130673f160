import json
from pathlib import Path

import pytest
from fakes import FakeEmbedder

from ingest.__main__ import main
from ingest.run import chunker_version, ingest
from rag.errors import CorpusError
from rag.index import IndexReader, IndexWriter, read_manifest
from rag.library import Library


def published(index: Path) -> Library:
    return Library.open(index / read_manifest(index).directory / "library.sqlite")


def texts(index: Path) -> dict[str, str]:
    library = published(index)
    return {id_: library.article(id_).text for id_ in library.article_ids()}


def test_a_first_ingest_adds_every_article(tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    summary = ingest(tiny_corpus, tmp_path / "index", fake_embedder)
    assert (summary.added, summary.changed, summary.removed) == (["乙", "子/丙", "甲"], [], [])
    assert (summary.unchanged, summary.failed) == (0, {})
    assert (summary.articles, summary.chunks, summary.embedded, summary.generation) == (3, 3, 4, 1)
    assert fake_embedder.embedded == ["乙\n狗追猫，共3.5亿次。", "丙\n鸟会飞。", "甲\n猫吃鱼。", "甲\n猫怕狗。"]
    assert texts(tmp_path / "index")["乙"] == "\n\n狗追猫，共3.5亿次。\n"


def test_an_unchanged_corpus_publishes_nothing_and_embeds_nothing(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    before = (tiny_index / "CURRENT").stat()
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert (summary.unchanged, summary.embedded, summary.generation) == (3, 0, 1)
    assert (summary.added, summary.changed, summary.removed, summary.failed) == ([], [], [], {})
    assert (summary.articles, summary.chunks) == (3, 3)
    assert fake_embedder.embedded == []
    after = (tiny_index / "CURRENT").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_changed_sentence_is_the_only_one_embedded(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "甲.md").write_text("# 甲\n\n猫吃鱼。猫爱狗。\n", encoding="utf-8")
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert (summary.changed, summary.unchanged, summary.embedded, summary.generation) == (["甲"], 2, 1, 2)
    assert fake_embedder.embedded == ["甲\n猫爱狗。"]
    assert texts(tiny_index)["甲"] == "\n\n猫吃鱼。猫爱狗。\n"


def test_added_changed_and_removed_articles_are_counted_apart(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "丁.md").write_text("狗叫。", encoding="utf-8")
    (tiny_corpus / "甲.md").write_text("# 甲\n\n猫睡。\n", encoding="utf-8")
    (tiny_corpus / "乙.txt").unlink()
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert (summary.added, summary.changed, summary.removed, summary.unchanged) == (["丁"], ["甲"], ["乙"], 1)
    assert texts(tiny_index) == {"丁": "狗叫。", "子/丙": "\n\n鸟会飞。\n", "甲": "\n\n猫睡。\n"}


def test_an_article_moved_to_another_suffix_is_changed(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "乙.txt").rename(tiny_corpus / "乙.md")
    assert ingest(tiny_corpus, tiny_index, fake_embedder).changed == ["乙"]
    assert published(tiny_index).article("乙").source_path == "乙.md"


def test_a_file_that_fails_keeps_the_version_indexed_before(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "甲.md").write_bytes(b"\xff\xfe")
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert summary.failed == {"甲.md": "甲.md is not UTF-8 text (byte 0): convert it to UTF-8"}
    assert (summary.unchanged, summary.removed, summary.generation) == (2, [], 1)
    assert texts(tiny_index)["甲"] == "\n\n猫吃鱼。猫怕狗。\n"


def test_files_that_fail_are_named_with_the_reason_and_the_others_are_indexed(
    tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "图.png").write_bytes(b"\x89PNG")
    (tiny_corpus / "空.md").touch()
    (tiny_corpus / "零.txt").write_bytes(b"a\0b")
    (tiny_corpus / "题.md").write_text("# 只有标题\n", encoding="utf-8")
    (tiny_corpus / "乙.md").write_text("另一篇乙。", encoding="utf-8")
    (tiny_corpus / "断.md").symlink_to("没有")
    summary = ingest(tiny_corpus, tmp_path / "index", fake_embedder)
    assert summary.failed == {
        "乙.txt": "乙.txt and 乙.md would have the same id 乙: rename one",
        "图.png": "图.png: .png is not read; save it as .md or .txt",
        "断.md": "断.md cannot be read (No such file or directory): check its permissions",
        "空.md": "空.md is empty: there is nothing to index",
        "零.txt": "零.txt is not text: it holds zero bytes",
        "题.md": "题.md holds nothing but headings: there is no sentence to index",
    }
    assert summary.added == ["乙", "子/丙", "甲"]


def test_a_file_of_another_kind_takes_no_id_from_an_article(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "甲.docx").write_bytes(b"PK")
    (corpus / "甲.md").write_text("猫吃鱼。", encoding="utf-8")
    summary = ingest(corpus, tmp_path / "index", fake_embedder)
    assert summary.added == ["甲"]
    assert summary.failed == {"甲.docx": "甲.docx: .docx is not read; save it as .md or .txt"}


def test_a_corpus_that_lost_more_than_half_is_refused_unless_that_is_meant(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "甲.md").unlink()
    (tiny_corpus / "乙.txt").unlink()
    with pytest.raises(CorpusError, match=r"2 of 3 indexed articles are gone from .*: give --allow-shrink"):
        ingest(tiny_corpus, tiny_index, fake_embedder)
    assert list(texts(tiny_index)) == ["乙", "子/丙", "甲"]
    assert ingest(tiny_corpus, tiny_index, fake_embedder, allow_shrink=True).removed == ["乙", "甲"]
    assert list(texts(tiny_index)) == ["子/丙"]


def test_an_emptied_corpus_is_refused_even_when_shrinking_is_allowed(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    for name in ["甲.md", "乙.txt", "子/丙.txt"]:
        (tiny_corpus / name).unlink()
    with pytest.raises(CorpusError, match="there is no article in "):
        ingest(tiny_corpus, tiny_index, fake_embedder, allow_shrink=True)
    assert list(texts(tiny_index)) == ["乙", "子/丙", "甲"]


def test_a_corpus_where_every_file_fails_is_refused_with_the_reasons(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "空.md").touch()
    with pytest.raises(CorpusError, match=r"no file in .* can be indexed: 空\.md is empty"):
        ingest(tmp_path / "corpus", tmp_path / "index", fake_embedder)
    assert not (tmp_path / "index" / "CURRENT").exists()


def test_another_model_or_chunk_size_indexes_everything_again(tiny_corpus: Path, tiny_index: Path) -> None:
    other = FakeEmbedder(name="other")
    summary = ingest(tiny_corpus, tiny_index, other)
    assert (len(summary.added), summary.unchanged, summary.embedded, summary.generation) == (3, 0, 4, 2)
    smaller = ingest(tiny_corpus, tiny_index, other, chunk_tokens=7)
    assert (len(smaller.added), smaller.embedded, smaller.chunks) == (3, 2, 5)  # 狗追猫， and 共3.5亿次。 are new
    assert read_manifest(tiny_index).chunker == chunker_version(7)


def test_the_same_corpus_gives_the_same_chunk_ids_in_every_index(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(tiny_corpus, tmp_path / "again", fake_embedder)
    assert published(tmp_path / "again").chunk_ids() == published(tiny_index).chunk_ids()


def test_progress_counts_files_and_then_chunks_up_to_all_of_them(
    tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    seen: list[tuple[str, int, int]] = []
    ingest(tiny_corpus, tmp_path / "index", fake_embedder, progress=lambda *step: seen.append(step))
    assert seen == [
        ("读取文章", 1, 3),
        ("读取文章", 2, 3),
        ("读取文章", 3, 3),
        ("计算向量", 0, 3),
        ("计算向量", 3, 3),
    ]


def test_what_is_published_is_found_by_a_reader(tiny_index: Path, fake_embedder: FakeEmbedder) -> None:
    generation = IndexReader(tiny_index, fake_embedder).current()
    (nearest,) = generation.vectors.search(fake_embedder.embed_query("鸟"), 1)
    assert generation.library.chunk(nearest.chunk_id).article_id == "子/丙"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    written = capsys.readouterr()
    return code, written.out, written.err


def test_the_command_without_a_corpus_exits_1_and_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(capsys, str(tmp_path / "没有"), "--index", str(tmp_path / "index"))
    assert (code, out) == (1, "")
    assert err == f"错误：there is no folder {tmp_path}/没有: create it and put articles (.md, .txt) into it\n"


def test_the_command_tells_an_error_as_json_where_json_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "corpus").mkdir()
    code, out, err = run(capsys, str(tmp_path / "corpus"), "--index", str(tmp_path / "index"), "--json")
    assert (code, out) == (1, "")
    assert json.loads(err) == {"error": f"there is no article in {tmp_path}/corpus: put .md or .txt files into it"}


def test_the_command_exits_1_while_another_process_indexes(
    capsys: pytest.CaptureFixture[str], tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    with IndexWriter.locked(tiny_index, fake_embedder, "1"):
        code, _, err = run(capsys, str(tiny_corpus), "--index", str(tiny_index), "--quiet")
    assert code == 1
    assert err == f"错误：another process is indexing into {tiny_index}: wait until it has finished\n"


def test_the_command_exits_2_on_a_wrong_setting_or_argument(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tiny_corpus: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--no-such-option"])
    assert stopped.value.code == 2
    monkeypatch.setenv("YINJU_CHUNK_TOKENS", "7")
    code, _, err = run(capsys, str(tiny_corpus))
    assert code == 2
    assert "the setting YINJU_CHUNK_TOKENS is not usable" in err


@pytest.mark.model
def test_the_command_exits_0_on_success_and_1_naming_every_file_that_failed(
    capsys: pytest.CaptureFixture[str], tiny_corpus: Path, tmp_path: Path
) -> None:
    arguments = [str(tiny_corpus), "--index", str(tmp_path / "index"), "--json"]
    code, out, err = run(capsys, *arguments)
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result.pop("seconds") >= 0
    assert result == {
        "added": 3,
        "changed": 0,
        "removed": 0,
        "unchanged": 0,
        "failed": 0,
        "articles": 3,
        "chunks": 3,
        "embedded": 4,
        "generation": 1,
        "articles_by_change": {"added": ["乙", "子/丙", "甲"], "changed": [], "removed": []},
        "failures": {},
    }
    (tiny_corpus / "坏.md").write_bytes(b"\xff")
    code, out, _ = run(capsys, *arguments)
    result = json.loads(out)
    assert (code, result["unchanged"], result["failed"]) == (1, 3, 1)
    assert result["failures"] == {"坏.md": "坏.md is not UTF-8 text (byte 0): convert it to UTF-8"}
    code, out, _ = run(capsys, *arguments[:-1], "--quiet")
    assert code == 1
    assert "新增 0，更新 0，移除 0，未变 3，失败 1" in out
    assert "失败 坏.md：坏.md is not UTF-8 text" in out


@pytest.mark.model
def test_the_five_articles_of_the_corpus_are_indexed_with_the_real_model(corpus_index: Path) -> None:
    manifest = read_manifest(corpus_index)
    assert (manifest.articles, manifest.dimensions, manifest.model) == (5, 384, "multilingual-e5-small")
    assert manifest.chunks == len(published(corpus_index).chunk_ids())
