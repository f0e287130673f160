"""Whether what was cited still stands in the articles of an index: for an export, and for an answer of long ago."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from lxml import html

from rag.errors import ExportError
from rag.export import COMMENT, FORMAT, citation_data, unescaped
from rag.library import Library
from rag.text import sentence_spans
from rag.types import Answer, Article

SIMILAR = 0.6  # ratio of difflib from which a sentence is taken for the changed quote
STATES = ("stands", "moved", "changed", "gone")
_COMMENT = re.compile(rf"((?:^>.*\n)+)\n?^<!-- {COMMENT} (\{{.*\}}) -->$", re.MULTILINE)
_MALFORMED = (  # what reading a file raises that was not exported, or is damaged
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    html.etree.LxmlError,
)


@dataclass(frozen=True)
class Cited:
    """A quote as it was cited: in which answer (from 1) under which mark, and where it stood in which article.

    `sha256` is the content hash of the article then.
    """

    answer: int
    marker: int
    article: str
    title: str
    start: int
    end: int
    sha256: str
    quote: str


@dataclass(frozen=True)
class Standing:
    """What has become of a quote.

    `state`: "stands" at its place, "moved" elsewhere in its article (or with its article to another path), "changed"
    into `now`, the nearest sentence, or "gone". `article`, `start` and `end` say where it, or `now`, stands; of a gone
    quote, where another article has the same words; None where there is none. `same_content`: the article is what it
    was; a quote that is changed or gone was then altered in the export, or the rules of the cleaning have changed.
    """

    cited: Cited
    state: str
    article: str | None = None
    start: int | None = None
    end: int | None = None
    now: str = ""
    same_content: bool = False

    def to_json(self) -> dict[str, Any]:
        """All of it, ready for json.dumps."""
        return asdict(self)


def cited_in(answer: Answer, number: int = 1) -> list[Cited]:
    """The quotes of an answer, or the nearest sentences of a refusal."""
    cited = answer.citations or answer.nearest
    return [Cited(**citation_data(citation, number), quote=citation.quote) for citation in cited]


def verify(cited: Iterable[Cited], library: Library) -> list[Standing]:
    """What has become of each quote in the articles of a library."""
    return [_standing(one, library) for one in cited]


def _standing(cited: Cited, library: Library) -> Standing:
    try:
        article = library.article(cited.article)
    except KeyError:
        return _elsewhere(cited, library)
    same = article.sha256 == cited.sha256
    if article.text[cited.start : cited.end] == cited.quote:
        return Standing(cited, "stands", article.id, cited.start, cited.end, cited.quote, same)
    starts = [match.start() for match in re.finditer(re.escape(cited.quote), article.text)]
    if starts:
        start = min(starts, key=lambda at: abs(at - cited.start))
        return Standing(cited, "moved", article.id, start, start + len(cited.quote), cited.quote, same)
    if nearest := _nearest(cited.quote, article):
        start, end = nearest
        return Standing(cited, "changed", article.id, start, end, article.text[start:end], same)
    return Standing(cited, "gone", same_content=same)


def _elsewhere(cited: Cited, library: Library) -> Standing:
    """A quote whose article is not there any more: moved with it to another path, or gone."""
    found = [article for article in map(library.article, library.article_ids()) if cited.quote in article.text]
    if not found:
        return Standing(cited, "gone")
    article = max(found, key=lambda a: (a.sha256 == cited.sha256, a.title == cited.title))
    start, same = article.text.index(cited.quote), article.sha256 == cited.sha256
    state = "moved" if same or article.title == cited.title else "gone"
    return Standing(cited, state, article.id, start, start + len(cited.quote), cited.quote, same)


def _nearest(quote: str, article: Article) -> tuple[int, int] | None:
    """The sentence that is most like a quote, if one is similar."""
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(quote)
    best, ratio = None, SIMILAR
    for start, end in sentence_spans(article.text):
        matcher.set_seq1(article.text[start:end])
        if matcher.real_quick_ratio() >= ratio and matcher.quick_ratio() >= ratio and (now := matcher.ratio()) >= ratio:
            best, ratio = (start, end), now
    return best


def read_export(path: Path) -> list[Cited]:
    """The quotes of a file that was exported, by its suffix, or of Answers as JSON, one a line or alone.

    Raises ExportError where it cannot be read or was not exported by this program.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{path} cannot be read: {error}", f"文件 {path} 读不出来（{error}）：请检查路径") from error
    readers = {".md": _in_markdown, ".html": _in_html, ".htm": _in_html}
    try:
        return list(readers.get(path.suffix.lower(), _in_json)(text))
    except _MALFORMED as error:
        raise ExportError(
            f"{path} is no export of a conversation ({type(error).__name__}: {error}): give a file that was exported",
            f"{path} 不是导出的对话（{error}）：请给出从页面导出的 .md、.html 或 .json 文件",
        ) from error


def _in_markdown(text: str) -> Iterator[Cited]:
    found = _COMMENT.findall(text)
    if f"<!-- {FORMAT} " not in text or len(found) != text.count(f"<!-- {COMMENT} "):
        raise ValueError("a quote or the data below it is not as it was written")
    for lines, data in found:
        quote = "\n".join(line[1:].removeprefix(" ") for line in lines.removesuffix("\n").split("\n"))
        yield _cited(json.loads(data), unescaped(quote))


def _in_html(text: str) -> Iterator[Cited]:
    document = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    if not document.xpath(f"//meta[@name='generator'][starts-with(@content, '{FORMAT} ')]"):
        raise ValueError("its generator is another one")
    for element in document.iter("blockquote"):
        data = {str(name).removeprefix("data-"): str(value) for name, value in element.items()}
        yield _cited(data, "".join(map(str, element.itertext())))


def _in_json(text: str) -> Iterator[Cited]:
    try:
        rows = [json.loads(text)]
    except ValueError:
        rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    if rows[0].get("format") == FORMAT:
        rows = rows[0]["answers"]
    for number, row in enumerate(rows, 1):
        for citation in row["citations"] or row["nearest"]:
            data = {**citation, "answer": number, "sha256": citation["article_sha256"]}
            yield _cited(data, citation["quote"])


def _cited(data: Mapping[str, Any], quote: object) -> Cited:
    """A quote from its data. Raises one of _MALFORMED where they cannot be meant."""
    answer, marker, start, end = (int(data[name]) for name in ("answer", "marker", "start", "end"))
    article, title, sha256, words = map(_text, (data["article"], data["title"], data["sha256"], quote))
    if not (words and 0 <= start < end):
        raise ValueError(f"a quote of {len(words)} characters cannot stand from {start} to {end}")
    return Cited(answer, marker, article, title, start, end, sha256, words)


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError(f"text is expected, not {type(given).__name__}")
    given.encode()  # half a surrogate pair, a ValueError, is in no article and cannot be printed
    return given
