"""The page's words: the same keys and slots in each language, and each key used somewhere."""

import ast
import re
import string
from pathlib import Path

import pytest

from rag.errors import IndexMissing, RagError
from views.messages import LANGUAGES, catalogue, error_text, plain, t

ROOT = Path(__file__).parent.parent
FILES = [path.read_text(encoding="utf-8") for path in [*(ROOT / "views").glob("**/*.py"), ROOT / "app.py"]]
CODE = "\n".join(FILES)
HAVE_DOCSTRINGS = ast.Module | ast.FunctionDef | ast.ClassDef


def slots(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_slots(language: str) -> None:
    assert {key: slots(s) for key, s in catalogue(language).items()} == {
        key: slots(s) for key, s in catalogue("zh").items()
    }
    assert all(sentence.strip() for sentence in catalogue(language).values())


def test_every_sentence_is_used() -> None:
    families = tuple(re.findall(r't\(f?"(\w+_)(?:"|\{)', CODE))  # t("flag_" + …), t(f"flag_{…}")
    unused = [key for key in catalogue("zh") if f'"{key}"' not in CODE and f"'{key}'" not in CODE]
    assert [key for key in unused if not key.startswith(families)] == []


def test_no_chinese_sentence_of_the_page_stands_in_its_code() -> None:
    nodes = [node for text in FILES for node in ast.walk(ast.parse(text))]
    docstrings = {ast.get_docstring(node, clean=False) for node in nodes if isinstance(node, HAVE_DOCSTRINGS)}
    strings = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert [s for s in strings if re.search(r"[\u4e00-\u9fff]{2}", s) and s not in docstrings] == [LANGUAGES["zh"]]


def test_a_sentence_has_its_values() -> None:
    assert t("mark_label", marker=3, title="甲") == "出处 3，《甲》"
    with pytest.raises(KeyError):
        t("no such key")


def test_words_of_an_article_are_no_markdown() -> None:
    assert plain("![图](https://a.b) :red[*强*]") == "\\!\\[图\\]\\(https\\:\u2060//a\\.b\\) \\:red\\[\\*强\\*\\]"
    assert plain(":material/home:") == "\\:\u2060material/home\\:"  # :material/… is read as an icon also where escaped
    assert plain("WWW.a.b li@a.b @b") == "WWW\u2060\\.a\\.b li@\u2060a\\.b @b"  # as links are
    assert plain("《小红书》 · 刘萍") == "《小红书》 · 刘萍"


def test_every_error_is_one_chinese_sentence_that_says_what_to_do() -> None:
    assert error_text(IndexMissing("there is none", "还没有索引：请运行它")) == "还没有索引：请运行它。"
    assert "请" in error_text(RagError("x"))
