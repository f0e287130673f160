import pytest

from ingest.chunk import chunk_article
from ingest.clean import find_removals
from rag.features import candidates_of
from rag.sections import headings_of, in_named_section
from rag.types import Article, Passage

HEAD = "# 更新日志\n\n先看这里。\n\n"
RAW = HEAD + "## 4.2.0\n\n### 新增\n\n新增批注。\n\n## 4.1.0\n\n### 新增\n\n新增链接。\n\n修复闪退。\n"


def passages(most: int) -> list[Passage]:
    article = Article("文", "文.md", RAW, find_removals(RAW), "更新日志")
    return [Passage(article, chunk, rank, 1.0) for rank, chunk in enumerate(chunk_article(article, len, most), 1)]


@pytest.mark.parametrize("most", [5, 300])
def test_the_headings_of_a_sentence_are_those_above_it_in_whatever_chunk(most: int) -> None:
    found = {c.text: headings_of(c)[-2:] for c in candidates_of(passages(most))}
    assert found["新增批注。"] == ["4.2.0", "新增"]
    assert found["新增链接。"] == found["修复闪退。"] == ["4.1.0", "新增"]
    assert "新增" not in found["先看这里。"]


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("4.1.0新增了什么？", ["新增链接。", "修复闪退。"]),
        ("4.2.0改了什么？", ["新增批注。"]),
        ("4.1改了什么？", []),
        ("第四天改了什么？", []),
        ("新增了什么？", []),
    ],
)
def test_a_section_is_named_by_the_number_in_its_headings(question: str, texts: list[str]) -> None:
    candidates = candidates_of(passages(300))
    assert [candidates[i].text for i in sorted(in_named_section(question, candidates))] == texts
