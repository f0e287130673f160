"""What a web page says of itself: meta elements, JSON-LD, and the places where WeChat and others put it."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from ingest.convert.converted import sift

MOST_JSON = 1_000_000  # code points of a JSON-LD block
LONGEST_TITLE = 200  # code points of a title that are compared with the headings
SHORTEST_BEGINNING = 4  # code points of a title that a heading says, too, before it says more
CHINA = timezone(timedelta(hours=8))
# By field the names of meta elements in lower case, the more exact first; among them ArticleTitle, PubDate and
# ContentSource, the standard of Chinese government sites.
META = {
    "title": ("og:title", "articletitle", "twitter:title", "dc.title", "citation_title"),
    "author": ("author", "article:author", "og:article:author", "dc.creator", "citation_author", "parsely-author"),
    "publisher": (
        "og:site_name",
        "contentsource",
        "source",
        "mediaid",
        "publisher",
        "dc.publisher",
        "article:publisher",
    ),
    "published": (
        *("article:published_time", "og:article:published_time", "og:published_time", "datepublished", "publishdate"),
        *("pubdate", "publish_date", "publish_time", "publishtime", "_pubtime", "publication_date", "og:release_date"),
        *(
            "weibo: article:create_at",
            "weibo:article:create_at",
            "dc.date.issued",
            "dcterms.issued",
            "parsely-pub-date",
        ),
        *("citation_publication_date", "sailthru.date"),
    ),
    "url": ("og:url", "twitter:url"),
    "tags": ("keywords", "news_keywords", "article:tag", "og:article:tag", "parsely-tags"),
}
_ARTICLES = re.compile(r"(?i)article|posting|report|webpage")
_SITE = re.compile(r"\s*[_|｜–—]\s*|\s+-\s+|-(?=[^-]{2,20}$)")
_SEPARATOR = re.compile(r"\s*[_|｜–—-]\s*")
_SITE_NAME = re.compile(r".{0,12}(?:网|网站|在线|商城|旗舰店|日报|晚报|商报|时报|周刊)")
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(https?://\S+)\s*-->")
_WECHAT_TIME = re.compile(r"""\bvar\s+(?:ct|oriCreateTime|publish_time)\s*=\s*["']([^"'\n]{4,30})["']""")
_WECHAT_URL = re.compile(r"""\bvar\s+msg_link\s*=\s*["'](https?://mp\.weixin\.qq\.com/[^"'\s]+)["']""")


def read_page_metadata(root: Any, source: str) -> dict[str, str]:
    """The metadata that a page states, by field, each as it is written."""
    return sift(_stated(root, source))


def _stated(root: Any, source: str) -> Iterator[tuple[str, str | None]]:
    is_wechat = bool(root.xpath("//*[@id='js_content' or @id='js_article']"))
    if is_wechat:
        yield from _wechat(root, source)
    metas = _metas(root)
    for field, names in META.items():
        values = [value for name in names for value in metas.get(name, ())]
        if field == "title":
            values = [_without_site(value, root) or value for value in values]
        if field == "url":
            yield field, next(iter(root.xpath("//link[translate(@rel,'CANOIL','canoil')='canonical']/@href")), None)
        if field == "tags":
            yield (
                field,
                ",".join(dict.fromkeys(part.strip() for v in values for part in re.split("[,，;；]", v) if part)),
            )
            continue
        yield from ((field, value) for value in values if _fits(field, value))
    yield from _json_ld(root)
    for name, attribute in (("datePublished", "published"), ("author", "author")):
        for element in root.xpath(f"//*[@itemprop='{name}']"):
            yield attribute, element.get("content") or element.get("datetime") or _text(element)
    yield from (("published", time) for time in _times(root))
    yield "title", _title(root)
    if saved_from := _SAVED_FROM.search(source[:4096]):
        yield "url", saved_from[1]


def _fits(field: str, value: str) -> bool:
    """Some sites give the address of an author's or a publisher's page instead of the name."""
    is_address = bool(re.match("https?://", value))
    return is_address if field == "url" else not is_address


def _metas(root: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        if content := (meta.get("content") or "").strip():
            for key in ("property", "name", "itemprop"):
                if name := meta.get(key):
                    found.setdefault(name.strip().lower(), []).append(content)
    return found


def _text(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _by_id(root: Any, id_: str) -> str | None:
    return next((_text(element) for element in root.xpath("//*[@id=$id]", id=id_)), None)


def _wechat(root: Any, source: str) -> Iterator[tuple[str, str | None]]:
    yield "title", _by_id(root, "activity-name")
    yield "publisher", _by_id(root, "js_name")
    yield "author", _by_id(root, "js_author_name")
    yield "published", _by_id(root, "publish_time")
    for match in _WECHAT_TIME.finditer(source):
        yield "published", _from_timestamp(match[1])
    if address := _WECHAT_URL.search(source):
        yield "url", address[1].replace("&amp;", "&").replace("\\x26amp;", "&").replace("\\x26", "&")


def _from_timestamp(value: str) -> str:
    """The day in China of seconds since 1970; any other value as it is."""
    if not re.fullmatch(r"\d{9,10}", value):
        return value
    return datetime.fromtimestamp(int(value), UTC).astimezone(CHINA).date().isoformat()


def _json_ld(root: Any) -> Iterator[tuple[str, str | None]]:
    for script in root.xpath("//script[@type='application/ld+json']"):
        try:
            things = json.loads((script.text or "")[:MOST_JSON], strict=False)
        except (ValueError, RecursionError):
            continue
        things = things if isinstance(things, list) else [things]
        things += [more for thing in things if isinstance(thing, dict) for more in _list(thing.get("@graph"))]
        for thing in things:
            if isinstance(thing, dict) and _ARTICLES.search(str(thing.get("@type", "article"))[:200]):
                yield "title", _string(thing.get("headline"))
                yield "author", "、".join(name for one in _list(thing.get("author")) if (name := _name(one)))
                yield "publisher", _name(thing.get("publisher"))
                yield "published", _string(thing.get("datePublished") or thing.get("pubDate"))
                yield (
                    "url",
                    next((v for k in ("url", "mainEntityOfPage", "@id") if (v := _address(thing.get(k)))), None),
                )
                yield "tags", ",".join(filter(None, map(_string, _list(thing.get("keywords")))))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _name(value: Any) -> str | None:
    name = _string(value.get("name") if isinstance(value, dict) else value)
    return name if name and _fits("author", name) else None


def _address(value: Any) -> str | None:
    address = _string(value.get("@id") if isinstance(value, dict) else value)
    return address if address and urlsplit(address).scheme in ("http", "https") else None


def _times(root: Any) -> Iterator[str]:
    """Times in the article that are marked as its publication, or the one time in its head, or of the whole page."""
    yield from (_day(time) for time in root.xpath("//time[@pubdate]"))
    for place in (
        "//article/header//time[@datetime]",
        "//article//time[@datetime]",
        "//main//time[@datetime]",
        "//time",
    ):
        times = [time for time in root.xpath(place) if not re.search("(?i)updat|modif", time.get("class") or "")]
        if len({_day(time)[:10] for time in times}) == 1 and not (place == "//time" and _told(times[0])):
            yield _day(times[0])


def _day(time: Any) -> str:
    return time.get("datetime") or _text(time)


def _told(time: Any) -> bool:
    """Whether a time stands in a sentence, a list or beside the text, where it may be the day of anything."""
    return any(above.tag in ("p", "li", "nav", "aside", "footer") for above in time.iterancestors())


def _title(root: Any) -> str | None:
    """The title of the page without the name of the site; without a title the first heading."""
    title = next((_text(element) for element in root.iter("title")), "")
    if not title:
        return next((_text(heading) for heading in root.iter("h1")), None)
    return _without_site(title, root) or _SITE.split(title)[0].strip() or title


def _without_site(title: str, root: Any) -> str | None:
    """The main heading that is a title but for its punctuation, else what both begin with; None without either.

    Where that is the name of the site, it is the heading below that the title ends with.
    """
    headings = [text for heading in root.iter("h1") if (text := _text(heading))]
    whole = (heading for heading in headings if _without_signs(heading) == _without_signs(title))
    first = next((heading for heading in headings if title.startswith(heading)), None)
    if first and _SITE_NAME.fullmatch(first):
        below = (text for heading in root.iter("h1", "h2") if (text := _text(heading)) and text != first)
        first = next((text for text in below if title.endswith(text)), first)
    return next(whole, None) or first or _shared_beginning(title, headings)


def _shared_beginning(title: str, headings: list[str]) -> str | None:
    """The longest beginning of a title, up to what parts it from the name of the site, that a heading goes on from."""
    ends = [match.start() for match in _SEPARATOR.finditer(title[:LONGEST_TITLE])]
    beginnings = (title[:end] for end in reversed(ends) if end >= SHORTEST_BEGINNING)
    return next((part for part in beginnings if any(heading.startswith(part) for heading in headings)), None)


def _without_signs(text: str) -> str:
    return re.sub(r"[\W_]", "", text)
