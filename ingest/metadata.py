"""What a file says about itself: title, author, publisher, date, tags, URL, each stated, inferred or unknown."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ingest.bylines import INFERRED, STATED, find_author, find_date, find_publisher
from ingest.day import fold, parse_date

FIELDS = ("title", "author", "publisher", "published", "url", "tags")
_NAME_DATE = r"\d{4}[-_.]\d{1,2}[-_.]\d{1,2}|\d{8}|\d{4}年\d{1,2}月\d{1,2}[日号]"
_NAME_DATES = [re.compile(rf"(?P<day>{_NAME_DATE})(?![^\W_])"), re.compile(rf"(?<![^\W_])(?P<day>{_NAME_DATE})\Z")]


def gather(
    raw: str,
    path: Path,
    *,
    first_line: str | None = None,
    sidecar: Mapping[str, str] | None = None,
    converted: Mapping[str, str] | None = None,
    rules: Mapping[str, str] | None = None,
    today: date | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """The fields of an article by name, and of each whether it is stated or inferred; unknown ones are in neither.

    The first that knows a field has it: the sidecar, what the converter stated, the rules of a site, the bylines
    and datelines of `raw`, its `first_line` where that is a title, the name of the file. A date or URL that is none
    is passed over. `tags` is a tuple; there is always a title.
    """
    sidecar = sidecar or {}
    fields: dict[str, Any] = {}
    for source in (sidecar, converted or {}, rules or {}):
        for field in FIELDS:
            if field not in fields and (value := _usable(field, source.get(field, ""), today)):
                fields[field] = value
    fields.setdefault("author", find_author(raw))
    fields.setdefault("publisher", find_publisher(raw))
    fields.setdefault("title", first_line)
    provenance = dict.fromkeys(fields, STATED)
    if "published" not in fields and (found := find_date(raw, fields["title"], today) or _date_of_name(path, today)):
        fields["published"], provenance["published"] = found
    for field in sidecar:
        if not sidecar[field]:
            fields[field] = None
    if not fields["title"]:
        fields["title"], provenance["title"] = path.stem, INFERRED
    known = {field: value for field, value in fields.items() if value}
    return known, {field: provenance[field] for field in known}


def _usable(field: str, value: str, today: date | None) -> str | tuple[str, ...] | None:
    """The value of a field in its final form; None for one that cannot be used."""
    if field == "tags":
        return _tags(value)
    if field == "published":
        return parse_date(value, today)
    value = " ".join(value.split())
    return None if field == "url" and not is_url(value) else value or None


def _tags(value: str) -> tuple[str, ...]:
    tags = value.split("\n") if "\n" in value else re.split(r"[`,，、;；\s]+", value)
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def _date_of_name(path: Path, today: date | None) -> tuple[str, str] | None:
    """The full date at the very start or end of a file's name, which is inferred; None where two disagree."""
    name = fold(path.stem).strip()
    matches = [_NAME_DATES[0].match(name), _NAME_DATES[1].search(name)]
    days = {day for match in matches if match and (day := parse_date(match["day"].replace("_", "-"), today))}
    return (days.pop(), INFERRED) if len(days) == 1 else None


def is_url(value: str) -> bool:
    """Whether a text is a web address."""
    return bool(re.fullmatch(r"https?://[^\s/?#]+\S*", value, re.IGNORECASE))
