"""What a file holds decides, not what it is called: other things under the name of an article are refused."""

import io
import random
import zipfile
from pathlib import Path

import pytest

from ingest.load import load_article
from rag.errors import CorpusError


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("文.txt", "猫吃鱼。" * 50)
    return file.getvalue()


NOISE = random.Random(7).randbytes(2000)
OTHERS = {
    "image": bytes.fromhex("89504e470d0a1a0a0000000d49484452") + NOISE,
    "archive": zipped(),
    "gzip": b"\x1f\x8b\x08\x00" + NOISE,
    "program for Linux": b"\x7fELF\x02\x01\x01" + bytes(9) + NOISE,
    "program for Windows": b"MZ\x90\x00\x03\x00" + NOISE,
    "zero bytes": b"abc\x00def" * 50,
    "SQLite": b"SQLite format 3\x00" + bytes(100) + NOISE,
}
SUFFIXES = [".txt", ".md", ".html", ".pdf", ".docx"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", OTHERS)
def test_other_things_under_the_name_of_an_article_are_refused_in_chinese(kind: str, suffix: str) -> None:
    with pytest.raises(CorpusError) as refused:
        load_article(Path(f"文{suffix}"), Path(), OTHERS[kind])
    assert refused.value.chinese != str(refused.value)


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".docx"])
def test_a_pdf_under_another_name_is_told_what_it_is(suffix: str) -> None:
    with pytest.raises(CorpusError, match=r"PDF file under a wrong name|not a readable DOCX"):
        load_article(Path(f"文{suffix}"), Path(), b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF")


def test_markup_under_the_name_of_a_text_is_text_and_stays_so() -> None:
    article = load_article(Path("文.txt"), Path(), "<svg onload='alert(1)'>猫吃鱼。</svg>".encode())
    assert article.text == "<svg onload='alert(1)'>猫吃鱼。</svg>"
