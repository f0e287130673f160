"""What the lines at either end of a plain article state of it: its date, its author, its publisher.

Nothing is invented: where a date or a name is not written as one, or two of them disagree, it is unknown.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import takewhile

from ingest.byline_units import DAY, LONGEST_NAME, REPORTER, SENTENCE_END, Line, lines_of
from ingest.datelines import EVENT, HOUSE, MEDIUM, OFFICE, PLACE, PRESS, days_of
from ingest.day import parse_date, resolve_partial
from ingest.rule_sets import rule_named
from rag.text import CJK

STATED, INFERRED = "stated", "inferred"
ISSUED = 4  # lines with words at either end of a file where an office and a date alone are a dateline

_DISPATCH = re.compile(  # 新华社北京4月3日电（记者张三）
    r"(?!据|援引|来自)[^\s,。\d]{2,15}?\s*(?:(?P<y>\d{4})\s*年)?\s*(?P<day>\d{1,2}\s*月\s*\d{1,2}\s*日)\s*[电讯](?=[\s,:()】])"
    r"(?:\s*\((?:[^()]{0,8}记者)\s*(?P<author>[^()]{2,20})\))?"
)
_REPRINT = re.compile(  # （原载《江东日报》2024年8月9日第7版）
    rf"\(?(?:本文)?原(?:载|刊)于?\s?:?(?=[^《》]*《(?P<publisher>[^《》]{{2,{LONGEST_NAME}}})》)(?=.*?(?P<day>{DAY}))[^。]{{0,60}}\)?"
)
_RELEASE = re.compile(  # 澜州，2025年5月15日——某公司今日公布…
    rf"(?P<open>\()?\s*(?![^,]*[于在自摄至截])[{CJK}]{{2,8}}\s*,\s*(?P<day>{DAY})\s*(?(open)\)|(?:/[^/]{{2,9}}/\s*)?-{{1,2}})"
    r"(?!-|\s*\d)(?=[^。]*(?:今[日天]|宣布|发布|公布))"
)
_SUPPLIED = re.compile(rf"(?P<publisher>\S{{2,{LONGEST_NAME}}})\s+供稿")  # 某协会　供稿
_REFERENCE = re.compile(r"\s*[\[［(（【]?\d{1,3}[\]］)）】.、]")  # [4]《某文》，来源：爱范儿，2020-02-05
_ASKED = re.compile(r"[?!]\s*$")  # by somebody, or of somebody: 作者：王总，今年开了几家店？
_REPORTER_SAYS = re.compile(rf"{REPORTER}(?=\s*:)")
_LISTS = re.compile(r"^(?:相关|推荐|热门|精选|最新|更多|往期|全部|延伸)\S{0,8}$|上一篇|下一篇|(?:相关|延伸)阅读|评论")
_NO_NAME = re.compile(r"[是了在@\"“”:]|https?|www\.|^[图摄]|获悉|采访|^(?:[您你]|大家|各位)好|谢谢")
_NO_PERSON = re.compile(
    rf"{MEDIUM.pattern}|{HOUSE.pattern}|(?:公司|集团|政府|专栏|原创|记者|作者|主编|编辑)$", re.IGNORECASE
)
_JOURNAL = re.compile("(?:观察|刊|传媒|客户端|公众号)$")  # in 《》, beside what PRESS finds
_FIGURE = re.compile(r"[图表](?:片|表|\s?\d|$)|!\[|\|")
_NOTE = re.compile("(?:注释?|说明|单位|(?:数据|资料)来源):")  # between a figure and its source


def find_date(raw: str, title: str | None = None, today: date | None = None) -> tuple[str, str] | None:
    """The publication date that a plain article states, as (ISO date, "stated" or "inferred"); None without one.

    Only datelines in the head or the foot count, never a date in a sentence, a heading or the title; an office and a
    date only on the first and last ISSUED lines. All of them must agree. Where there is no other, the day of the
    newspaper that printed it (原载《江东日报》…) counts, then the day of the writing (成文日期, 签订日期), which is
    inferred, then that of an update. A dispatch (新华社北京4月3日电) takes its year from the same day in the head or
    from the update, and is then inferred.
    """
    lines = lines_of(raw, title)
    found = _days_by_kind(lines, today)
    dispatches, inferred = _dispatches(lines, found["updated"], today)
    stated = found["published"] | found["plain"]
    if found["plain"] and not found["published"]:
        stated |= found["bare"]  # dates that stand alone all through a text head the parts of a chronicle
    last = (found[kind] for kind in ("foot", "printed", "written", "updated"))
    for days in (stated, dispatches, inferred, *last):
        if days:
            how = INFERRED if days is inferred or days is found["written"] else STATED
            return (next(iter(days)), how) if len(days) == 1 else None
    return None


def _days_by_kind(lines: Sequence[Line], today: date | None) -> defaultdict[str, set[str]]:
    """The days of the datelines by what they count as.

    published, written, updated: by their label, in the head or the foot; printed: of a newspaper; plain: others of the
    head; foot: others of the foot; bare: alone on a line, in the head and between it and the foot.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    listing = any(line.zone == "foot" and _LISTS.search(line.text) for line in lines)
    for at, line in enumerate(lines):
        if line.zone != "body" and (reprint := _REPRINT.fullmatch(line.text)):
            found["printed"] |= {parse_date(reprint["day"], today) or ""} - {""}
        event = any(EVENT.match(near.text) for near in lines[max(0, at - 3) : at + 4])
        for day, kind in days_of(line.dateline(), today):
            if kind == "bare" and line.zone != "foot":
                found["bare"].add(day)
            if kind == "effective" or (kind == "issued" and ISSUED <= at < len(lines) - ISSUED):
                continue
            if kind in ("published", "written", "updated") and line.zone != "body":
                found[kind].add(day)
            elif line.zone == "head" and not (line.marked or event):
                found["plain"].add(day)
            elif line.zone == "foot" and not (line.marked or event or listing):
                found["foot"].add(day)
    return found


def states_metadata(line: str, raw: str = "") -> bool:
    """Whether a line of a `raw` file is a dateline, a byline or a label such as 来源：, and no sentence."""
    lines = [found for found in lines_of(line) if not SENTENCE_END.search(found.text)]
    dated = any(days_of(found.dateline(), None) for found in lines)
    named = any(_named(lines, field, raw) for field in ("author", "writer", "publisher"))
    return dated or named or any(_supplier(found) for found in lines)


def states_metadata_alone(line: str) -> bool:
    """Whether a line states metadata and nothing that may be asked for.

    That is the day of an event, a contract or a rule, another label's value, and what is said of an author.
    """
    lines = lines_of(line)
    units = [unit for found in lines if found.dateline() for unit in found.byline()]
    asked = any(unit["dated"] or unit["written"] or unit["effective"] or unit["pair"] for unit in units)
    told = any(unit["word"] for unit in units) and not any(unit["day"] for unit in units)
    bare = bool(units) and not (asked or told or _REFERENCE.match(line))
    return (bare and states_metadata(line)) or any(_supplier(found) for found in lines)


def _dispatches(lines: Sequence[Line], updated: set[str], today: date | None) -> tuple[set[str], set[str]]:
    """Days of dispatches and press releases in the head: those with their year, and those with that of the context."""
    head = [line.text for line in lines if line.zone == "head"]
    found = [match for text in head if (match := _DISPATCH.match(text))]
    full = {parse_date(match[0], today) for text in head for match in re.finditer(DAY, text, re.IGNORECASE)}
    stated = {day for match in found if match["y"] and (day := parse_date(f"{match['y']}年{match['day']}", today))}
    released = [match for text in head if (match := _RELEASE.match(text))]
    stated |= {day for match in released if (day := parse_date(match["day"], today))}
    inferred = set()
    for match in found:
        same_day = {day for day in full if day and resolve_partial(match["day"], day) == day}
        if not match["y"]:
            inferred |= {day for near in same_day | updated if (day := resolve_partial(match["day"], near))}
    return stated, inferred


def find_author(raw: str) -> str | None:
    """The author that a byline in the head or the foot names (作者：X, 文｜X, By X); None where bylines disagree."""
    lines = lines_of(raw)
    reporters = {m["author"] for line in lines if line.zone == "head" and (m := _DISPATCH.match(line.text))} - {None}
    return _only(_named(lines, "author") or reporters or _named(lines, "writer"))


def find_publisher(raw: str) -> str | None:
    """The publisher that a line in the head or the foot names (来源：Y, 公众号：Y); None where lines disagree."""
    lines = lines_of(raw)
    named = _named(_without_captions(lines), "publisher", raw)
    printed = {m["publisher"] for line in lines if line.zone != "body" and (m := _REPRINT.fullmatch(line.text))}
    return _only(named or printed or {name for line in lines if (name := _newspaper(line) or _supplier(line))})


def _without_captions(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines but those below a figure or a table: 来源 there is the figure's."""
    below = False
    for line in lines:
        if not below:
            yield line
        below = bool(_FIGURE.match(line.text)) or (below and bool(_NOTE.match(line.text)))


def _newspaper(line: Line) -> str | None:
    """The newspaper that a dateline of the head begins with, or that it names as where the text was printed."""
    units = [unit for unit in line.dateline() if not unit["aside"]] if line.zone == "head" and not line.marked else []
    if not days_of(units, None):
        return None
    if journals := [unit["journal"] for unit in units if unit["journal"]]:
        return journals[0]
    words = [unit["word"] for unit in units if unit["word"]]
    alone = len(words) == 1 and len(units) == 2
    first = words[0] if words and (alone or words[0] == units[0]["word"]) else ""
    titled = line.text.startswith(f"《{first}》") and _JOURNAL.search(first)
    return first if titled or PRESS.search(first) else None


def _supplier(line: Line) -> str | None:
    """The office that supplied a text: 某协会　供稿."""
    found = _SUPPLIED.fullmatch(line.text) if line.zone != "body" else None
    known = found and any(kind.search(found["publisher"]) for kind in (OFFICE, HOUSE, MEDIUM))
    return found["publisher"] if found and known else None


def _named(lines: Iterable[Line], field: str, raw: str = "") -> set[str]:
    """What the bylines in the head and the foot of a raw file name as author or publisher.

    An interview names nobody: who asks (记者：…) does so several times, or in a whole sentence.
    """
    names = set()
    lines = list(lines)
    turns = Counter(label[0] for text in {line.text for line in lines} if (label := _REPORTER_SAYS.match(text)))
    for line in lines:
        says = _REPORTER_SAYS.match(line.text)
        asks = _ASKED.search(line.text) or (says and (turns[says[0]] > 1 or SENTENCE_END.search(line.text)))
        units = line.byline() if line.zone != "body" and not asks else []
        if not units or ((units[0]["word"] or units[0]["pair"]) and not any(unit["day"] for unit in units)):
            continue
        named = [(unit[field], _undotted(unit["name"], field)) for unit in units if unit[field]]
        spaced = [_undotted(unit["spaced_name"], field) for unit in units if unit["spaced_name"] and field == "author"]
        names |= {name for label, name in named if _is_name(name) and not (label == "来源" and _is_origin(name, raw))}
        if together := "、".join(name for name in spaced if _is_name(name)):  # 记者 张三　实习记者 李四
            names.add(together)
    return names


def _undotted(name: str, field: str) -> str:
    """A name up to a dot behind which something else stands: 林若溪·浙江, 江东商报·副刊; whole of 马克·吐温."""
    first, *rest = name.split("·")
    person = takewhile(lambda part: not (PLACE.fullmatch(part) or _NO_PERSON.search(part)), rest)
    return "·".join([first, *(person if field != "publisher" else ())]).strip(" /:-'。")


def _is_name(name: str) -> bool:
    return len(name) <= LONGEST_NAME and bool(re.search(rf"[{CJK}A-Za-z]", name)) and not _NO_NAME.search(name)


def _is_origin(name: str, raw: str) -> bool:
    """Whether a name is of where goods come from, whose line the cleaning keeps: 来源：云南保山潞江坝."""
    line = f"来源：{name.replace('。', '.')}"  # a sentence is kept, whatever it says
    rules = (rule_named(f"common/{rule}") for rule in ("source-line", "source-line-beside-goods"))
    return not any(rule.is_for(raw) and rule.pattern.match(line) for rule in rules)


def _only(names: set[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None
