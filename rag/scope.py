"""A scope as it is given, what meets it, and how it is told to a reader."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date

from rag.errors import ScopeError
from rag.types import ALL, Article, Metadata, Scope

UNMET = "文章库里没有符合这个范围的文章（{conditions}）。请放宽范围后再问。"
UNMET_TOGETHER = "文章库里没有同时符合这几个条件的文章（{conditions}）。请放宽范围后再问。"
ABSENT_WITHIN = "在这个范围内（{scope}）没有找到与这个问题有关的内容。可以换个说法再问，或放宽范围。"
_KEYS = tuple(field.name for field in fields(Scope))
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def read_scope(given: object) -> Scope:
    """A scope from {"since", "until", "sources", "tags", "articles"}, any of them; the empty one from None.

    Raises ScopeError, a ValueError, for anything else.
    """
    if given is None:
        return ALL
    if not isinstance(given, Mapping):
        raise ScopeError(f'"scope" must be an object, not {type(given).__name__}', "范围的写法不对")
    if unknown := sorted(map(str, given.keys() - set(_KEYS))):
        raise ScopeError(f'"scope" has unknown keys {unknown}: it may have {list(_KEYS)}', "范围里有不认识的条件")
    since, until = _day("since", given.get("since")), _day("until", given.get("until"))
    if since and until and since > until:
        raise ScopeError(f'"since" ({since}) is after "until" ({until})', f"开始日期（{since}）晚于结束日期（{until}）")
    return Scope(since, until, *(_names(key, given.get(key)) for key in _KEYS[2:]))


def _day(key: str, value: object) -> str | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ScopeError(
            f'"{key}" must be a date as YYYY-MM-DD, not {value!r}',
            "日期要写成 2025-01-31 这样，不能是" + (f" {value}" if value else "空的"),
        ) from None


def _names(key: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ScopeError(f'"{key}" must be a list of names, not {value!r}', "来源、标签、文章不能是空的")
    return tuple(name.strip() for name in value)


def meets(scope: Scope, id_: str, article: Metadata) -> bool:
    """Whether an article, of which this is the id, meets every condition of a scope; names in any case and spacing."""
    if (scope.since or scope.until) and not article.published:
        return False
    published = article.published or ""
    return (
        (not scope.since or published >= scope.since)
        and (not scope.until or published <= scope.until)
        and (not scope.sources or _any_is(scope.sources, (article.author, article.publisher)))
        and (not scope.tags or _any_is(scope.tags, article.tags))
        and (not scope.articles or id_ in scope.articles)
    )


def _any_is(wanted: tuple[str, ...], names: tuple[str | None, ...]) -> bool:
    return not set(map(_folded, wanted)).isdisjoint(_folded(name) for name in names if name)


def _folded(name: str) -> str:
    return "".join(name.split()).casefold()


def conditions(scope: Scope) -> Iterator[Scope]:
    """Each condition of a scope as a scope of its own; a range of dates is one condition."""
    parts = (
        Scope(since=scope.since, until=scope.until),
        Scope(sources=scope.sources),
        Scope(tags=scope.tags),
        Scope(articles=scope.articles),
    )
    return (part for part in parts if part != ALL)


def describe_scope(scope: Scope, articles: Mapping[str, Metadata] | Mapping[str, Article]) -> str:
    """A scope in Chinese, articles by their titles where they are known; "" for the empty scope."""
    titles = {id_: f"《{articles[id_].title}》" for id_ in scope.articles if id_ in articles}
    days = {
        (True, True): f"{scope.since} 至 {scope.until}",
        (True, False): f"{scope.since} 起",
        (False, True): f"截至 {scope.until}",
    }.get((bool(scope.since), bool(scope.until)), "")
    lists = {
        "来源": scope.sources,
        "标签": scope.tags,
        "文章": tuple(titles.get(id_, id_) for id_ in scope.articles),
    }
    named = [f"{name}：{'、'.join(values)}" for name, values in lists.items() if values]
    return "；".join(filter(None, [f"日期：{days}" if days else "", *named]))


def unmet_notice(scope: Scope, articles: Mapping[str, Metadata]) -> str:
    """Why no article meets a scope: the conditions that not one of them meets, else all of them together."""

    def is_met(part: Scope) -> bool:
        return any(meets(part, id_, article) for id_, article in articles.items())

    unmet = [part for part in conditions(scope) if not is_met(part)]
    if unmet:
        return UNMET.format(conditions="；".join(describe_scope(part, articles) for part in unmet))
    return UNMET_TOGETHER.format(conditions=describe_scope(scope, articles))
