import json
import os
import subprocess
import sys
from pathlib import Path

import docx
import pytest
from conftest import CORPUS, as_nobody
from fakes import FakeEmbedder

from ingest.__main__ import main
from ingest.run import chunker_version, ingest, plan
from ingest.trash import discard, restore
from rag.embed import SentenceEmbedder
from rag.errors import CorpusError
from rag.index import IndexReader, read_manifest
from rag.library import Library
from rag.writer import IndexWriter


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
    (tiny_corpus / "甲.md").write_bytes(b"")
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert summary.failed == {"甲.md": "甲.md is empty: there is nothing to index; delete it or fill it"}
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
        "图.png": "图.png: .png is not read; save it as .docx, .md or .txt",
        "断.md": "断.md is a link to nothing: mend or remove it",
        "空.md": "空.md is empty: there is nothing to index; delete it or fill it",
        "零.txt": "零.txt is not text: it holds zero bytes; give the article as text",
        "题.md": "题.md holds nothing but headings: there is no sentence to index",
    }
    assert summary.added == ["乙", "子/丙", "甲"]


def test_a_file_of_another_kind_takes_no_id_from_an_article(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "甲.png").write_bytes(b"PNG")
    (corpus / "甲.md").write_text("猫吃鱼。", encoding="utf-8")
    summary = ingest(corpus, tmp_path / "index", fake_embedder)
    assert summary.added == ["甲"]
    assert summary.failed == {"甲.png": "甲.png: .png is not read; save it as .docx, .md or .txt"}


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


def test_articles_removed_on_the_page_leave_the_index_down_to_the_last(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    for name in ["甲.md", "乙.txt", "子/丙.txt"]:
        removed = discard(name, tiny_corpus)
    assert ingest(tiny_corpus, tiny_index, fake_embedder, chunk_tokens=7).removed == ["乙", "子/丙", "甲"]
    assert texts(tiny_index) == {}
    assert ingest(tiny_corpus, tiny_index, fake_embedder, chunk_tokens=7).generation == 2  # nothing to do is no error
    restore(removed, tiny_corpus)
    assert ingest(tiny_corpus, tiny_index, fake_embedder).added == ["子/丙"]
    discard("子/丙.txt", tiny_corpus)
    ingest(tiny_corpus, tiny_index, fake_embedder)
    folder = tiny_index / read_manifest(tiny_index).directory
    assert not [path for path in folder.rglob("*") if path.is_file() and "鸟会飞".encode() in path.read_bytes()]


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


def test_progress_counts_files_and_then_characters_up_to_all_of_them(
    tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    seen: list[tuple[str, int, int]] = []
    ingest(tiny_corpus, tmp_path / "index", fake_embedder, progress=lambda *step: seen.append(step))
    assert seen[:4] == [("读取文章", 1, 3), ("读取文章", 2, 3), ("读取文章", 3, 3), ("计算向量", 0, 32)]
    assert [done for stage, done, _ in seen if stage == "计算向量"] == sorted(done for _, done, of in seen if of == 32)
    assert seen[-1] == ("计算向量", 32, 32)


def test_what_is_published_is_found_by_a_reader(tiny_index: Path, fake_embedder: FakeEmbedder) -> None:
    generation = IndexReader(tiny_index, fake_embedder).current()
    (nearest,) = generation.store.nearest(fake_embedder.embed_query("鸟"), 1)
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
    assert err == f"错误：没有文件夹 {tmp_path}/没有：请先建好，再把文章放进去\n"


def test_the_command_tells_an_error_as_json_where_json_is_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "corpus").mkdir()
    code, out, err = run(capsys, str(tmp_path / "corpus"), "--index", str(tmp_path / "index"), "--json")
    assert (code, out) == (1, "")
    assert json.loads(err) == {
        "error": f"there is no article in {tmp_path}/corpus: put articles into it",
        "message": f"{tmp_path}/corpus 里没有文章：请把文章放进去",
    }


def test_the_command_exits_1_while_another_process_indexes(
    capsys: pytest.CaptureFixture[str], tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    with IndexWriter.locked(tiny_index, fake_embedder, "1"):
        code, _, err = run(capsys, str(tiny_corpus), "--index", str(tiny_index), "--quiet")
    assert code == 1
    assert err == f"错误：另一个进程正在更新索引 {tiny_index}：请等它结束再试\n"


def test_the_command_exits_2_on_a_wrong_setting_or_argument(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tiny_corpus: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--no-such-option"])
    assert stopped.value.code == 2
    monkeypatch.setenv("YINJU_CHUNK_TOKENS", "7")
    code, _, err = run(capsys, str(tiny_corpus))
    assert code == 2
    assert "错误：设置 YINJU_CHUNK_TOKENS 的值不能用" in err


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
        "dry_run": False,
        "articles_by_change": {"added": ["乙", "子/丙", "甲"], "changed": [], "removed": []},
        "failures": {},
    }
    (tiny_corpus / "坏.md").write_bytes(b"\xff\x00\x01")
    code, out, _ = run(capsys, *arguments)
    result = json.loads(out)
    assert (code, result["unchanged"], result["failed"]) == (1, 3, 1)
    assert list(result["failures"]) == ["坏.md"]
    code, out, _ = run(capsys, *arguments[:-1], "--quiet")
    assert code == 1
    assert "新增 0，更新 0，移除 0，未变 3，失败 1" in out
    assert "失败 坏.md：坏.md " in out


@pytest.mark.model
def test_the_five_articles_of_the_corpus_are_indexed_with_the_real_model(corpus_index: Path) -> None:
    manifest = read_manifest(corpus_index)
    assert (manifest.articles, manifest.dimensions, manifest.model) == (5, 384, "multilingual-e5-small")
    assert manifest.chunks == len(published(corpus_index).chunk_ids())


WITHOUT_A_MODEL = """
import sys
from ingest.__main__ import main
code = main(sys.argv[1:])
loaded = {"torch", "transformers", "sentence_transformers"} & sys.modules.keys()
sys.exit(code or ", ".join(sorted(loaded)) or 0)
"""


@pytest.mark.model
def test_what_is_embedded_already_is_removed_and_put_back_without_loading_the_model(
    real_embedder: SentenceEmbedder, tiny_corpus: Path, tmp_path: Path
) -> None:
    index, file = tmp_path / "index", tiny_corpus / "甲.md"
    ingest(tiny_corpus, index, real_embedder)
    text = file.read_text(encoding="utf-8")
    command = [sys.executable, "-c", WITHOUT_A_MODEL, str(tiny_corpus), "--index", str(index)]
    for change in (file.unlink, lambda: file.write_text(text, encoding="utf-8")):
        change()
        done = subprocess.run(command, cwd=CORPUS.parent, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    assert read_manifest(index).articles == 3


def test_a_dry_run_tells_what_would_be_done_and_changes_nothing(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    def everything() -> dict[str, bytes]:  # but Chroma's own files, which opening changes
        files = [path for path in sorted(tiny_index.rglob("*")) if path.is_file() and "chroma" not in path.parts]
        return {str(path): path.read_bytes() for path in files}

    before = everything()
    (tiny_corpus / "丁.md").write_text("狗叫。", encoding="utf-8")
    (tiny_corpus / "甲.md").write_text("# 甲\n\n猫睡。\n", encoding="utf-8")
    (tiny_corpus / "乙.txt").unlink()
    (tiny_corpus / "空.md").touch()
    summary = plan(tiny_corpus, tiny_index, fake_embedder)
    assert (summary.added, summary.changed, summary.removed, summary.unchanged) == (["丁"], ["甲"], ["乙"], 1)
    assert (list(summary.failed), summary.generation, summary.dry_run) == (["空.md"], 1, True)
    assert (summary.articles, summary.chunks) == (3, 3)
    assert fake_embedder.embedded == []
    assert everything() == before


def test_a_dry_run_without_an_index_makes_none(tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    assert plan(tiny_corpus, tmp_path / "index", fake_embedder).added == ["乙", "子/丙", "甲"]
    assert not (tmp_path / "index").exists()


def test_a_renamed_article_is_not_embedded_again(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "甲.md").rename(tiny_corpus / "新名.md")
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert (summary.added, summary.removed, summary.embedded) == (["新名"], ["甲"], 0)


def test_a_sidecar_changes_an_article_and_is_none_itself(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "甲.meta.toml").write_text('author = "张三"\npublished = 2025-04-03\n', encoding="utf-8")
    assert ingest(tiny_corpus, tiny_index, fake_embedder).changed == ["甲"]
    article = published(tiny_index).article("甲")
    assert (article.author, article.published) == ("张三", "2025-04-03")
    assert article.provenance == {"title": "stated", "author": "stated", "published": "stated"}


def test_a_sidecar_beside_no_article_is_named_until_there_is_one(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    for name in ("甲.meta.toml", "乙.txt.meta.toml", "子/无此文.meta.toml"):
        (tiny_corpus / name).write_text('author = "张三"\n', encoding="utf-8")
    summary = ingest(tiny_corpus, tiny_index, fake_embedder, patient=True)
    assert summary.changed == ["乙", "甲"]
    assert list(summary.failed) == ["子/无此文.meta.toml"]
    failure = summary.failures["子/无此文.meta.toml"]
    assert failure.chinese == "无此文.meta.toml 没有对应的文章（无此文）：请改成与文章相同的文件名，或删除它"
    assert ingest(tiny_corpus, tiny_index, fake_embedder, patient=True).failures["子/无此文.meta.toml"].tries == 1
    (tiny_corpus / "子" / "无此文.md").write_text("# 新\n\n鱼在水里。\n", encoding="utf-8")
    assert ingest(tiny_corpus, tiny_index, fake_embedder).failed == {}
    assert published(tiny_index).article("子/无此文").author == "张三"


def test_a_tree_of_files_of_every_form_is_indexed(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "夹").mkdir(parents=True)
    sentence = "猫在屋顶上睡了一整个下午，直到狗来叫它吃饭。"
    (corpus / "文.txt").write_bytes(f"{sentence}\n".encode("gb18030"))
    (corpus / "页.html").write_text(f"<html><body><p>{sentence}</p></body></html>", encoding="utf-8")
    (corpus / "夹" / "前.md").write_text(f"---\ntitle: 题目\ndate: 2025-04-03\n---\n\n{sentence}\n", encoding="utf-8")
    document = docx.Document()
    document.add_paragraph(sentence)
    document.save(str(corpus / "档.docx"))
    summary = ingest(corpus, tmp_path / "index", fake_embedder)
    assert (sorted(summary.added), summary.failed) == (["夹/前", "文", "档", "页"], {})
    library = published(tmp_path / "index")
    assert all(sentence in library.article(id_).text for id_ in summary.added)
    assert [library.article(id_).converted for id_ in ("文", "页", "夹/前", "档")] == [False, True, False, True]
    assert (library.article("夹/前").title, library.article("夹/前").published) == ("题目", "2025-04-03")


def test_an_index_built_anew_from_less_than_half_of_its_articles_is_refused_unless_that_is_meant(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    for name in ["甲.md", "乙.txt"]:
        (tiny_corpus / name).write_bytes(b"")
    (tiny_corpus / "丁.md").write_text("狗叫。", encoding="utf-8")
    (tiny_corpus / "戊.md").write_text("鱼游。", encoding="utf-8")
    problem = (
        f"the index must be built anew, and 2 of 3 indexed articles fail or are gone from {tiny_corpus} "
        "(乙.txt is empty: there is nothing to index; delete it or fill it; "
        "甲.md is empty: there is nothing to index; delete it or fill it): "
        "mend them, or give --allow-shrink if that is meant"
    )
    for run_ in (plan, ingest):
        with pytest.raises(CorpusError) as caught:
            run_(tiny_corpus, tiny_index, fake_embedder, chunk_tokens=7)
        assert str(caught.value) == problem
    assert list(texts(tiny_index)) == ["乙", "子/丙", "甲"]
    ingest(tiny_corpus, tiny_index, fake_embedder, chunk_tokens=7, allow_shrink=True)
    assert list(texts(tiny_index)) == ["丁", "子/丙", "戊"]


def test_files_that_fail_after_they_were_compared_do_not_shrink_an_index_built_anew(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    def empty(stage: str, done: int, _of: int) -> None:
        if (stage, done) == ("计算向量", 0):
            (tiny_corpus / "甲.md").write_bytes(b"")
            (tiny_corpus / "乙.txt").write_bytes(b"")

    with pytest.raises(CorpusError, match="2 of 3 indexed articles fail or are gone"):
        ingest(tiny_corpus, tiny_index, fake_embedder, chunk_tokens=7, progress=empty)
    assert list(texts(tiny_index)) == ["乙", "子/丙", "甲"]


def test_a_file_that_fails_keeps_its_reason_when_a_line_of_its_old_version_turns_out_to_be_furniture(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    (tmp_path / "corpus").mkdir()
    files = {name: tmp_path / "corpus" / name for name in ("a.md", "b.md", "c.md")}

    def write(name: str) -> None:
        text = f"---\npublisher: 老面馆\n---\n{name} 里猫吃鱼。\n狗追着猫跑了三里地都不停\n"
        files[name].write_text(text, encoding="utf-8")

    write("a.md")
    write("b.md")
    ingest(tmp_path / "corpus", tmp_path / "index", fake_embedder)
    files["b.md"].write_bytes(b"")
    write("c.md")
    summary = ingest(tmp_path / "corpus", tmp_path / "index", fake_embedder)
    assert (summary.added, summary.changed, summary.unchanged) == (["c"], [], 1)
    assert summary.failed == {"b.md": "b.md is empty: there is nothing to index; delete it or fill it"}


def test_articles_of_a_folder_that_cannot_be_listed_are_kept_and_the_folder_is_named(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "乙.txt").unlink()
    with as_nobody(tmp_path):
        (tiny_corpus / "子").chmod(0)
        summary = ingest(tiny_corpus, tiny_index, fake_embedder)
        (tiny_corpus / "子").chmod(0o700)
    assert (summary.removed, summary.unchanged) == (["乙"], 1)
    assert summary.failed == {"子": "子 is a folder that cannot be listed: check its permissions"}
    assert list(texts(tiny_index)) == ["子/丙", "甲"]
    assert ingest(tiny_corpus, tiny_index, fake_embedder).unchanged == 2


def test_articles_of_a_folder_whose_link_leads_nowhere_are_kept(
    tiny_corpus: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "子").rename(tmp_path / "别处")
    (tiny_corpus / "子").symlink_to(tmp_path / "别处")
    assert ingest(tiny_corpus, tmp_path / "index", fake_embedder).added == ["乙", "子/丙", "甲"]
    (tmp_path / "别处").rename(tmp_path / "再别处")
    summary = ingest(tiny_corpus, tmp_path / "index", fake_embedder)
    assert (summary.removed, list(summary.failed)) == ([], ["子"])


@pytest.mark.parametrize("chunk_tokens", [400, 7])  # with 7, all is built anew
def test_a_second_file_of_a_name_does_not_replace_the_article_that_is_indexed(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder, chunk_tokens: int
) -> None:
    (tiny_corpus / "乙.md").write_text("鱼游。", encoding="utf-8")
    summary = ingest(tiny_corpus, tiny_index, fake_embedder, chunk_tokens=chunk_tokens)
    assert summary.failed == {"乙.md": "乙.md and 乙.txt would have the same id 乙: rename one"}
    assert texts(tiny_index)["乙"] == "\n\n狗追猫，共3.5亿次。\n"
    (tiny_corpus / "乙.txt").unlink()
    assert ingest(tiny_corpus, tiny_index, fake_embedder, chunk_tokens=chunk_tokens).changed == ["乙"]
    assert texts(tiny_index)["乙"] == "鱼游。"


def test_an_article_whose_sidecar_may_not_be_read_fails_alone(
    tiny_corpus: Path, tiny_index: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "甲.meta.toml").write_text('author = "张三"')
    (tiny_corpus / f"{'长' * 82}.md").write_text("鱼游。", encoding="utf-8")
    with as_nobody(tmp_path):
        (tiny_corpus / "甲.meta.toml").chmod(0)
        summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert (summary.added, summary.unchanged) == (["长" * 82], 2)
    assert summary.failed == {"甲.md": "甲.meta.toml cannot be read (Permission denied): check its permissions"}


def test_a_file_whose_name_was_taken_is_indexed_as_soon_as_the_other_is_gone(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "乙.md").write_text("鱼游。", encoding="utf-8")
    assert list(ingest(tiny_corpus, tiny_index, fake_embedder, patient=True).failed) == ["乙.md"]
    (tiny_corpus / "乙.txt").unlink()
    assert ingest(tiny_corpus, tiny_index, fake_embedder, patient=True).changed == ["乙"]


def test_articles_in_a_folder_whose_name_is_not_utf_8_fail_by_name(
    tiny_corpus: Path, tiny_index: Path, fake_embedder: FakeEmbedder
) -> None:
    (tiny_corpus / "子").rename(tiny_corpus / os.fsdecode(b"\xff"))
    summary = ingest(tiny_corpus, tiny_index, fake_embedder)
    assert (summary.removed, summary.unchanged) == (["子/丙"], 2)
    assert summary.failed == {"?/丙.txt": "?: the name is not UTF-8: rename it"}
