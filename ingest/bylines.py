"""What the lines at either end of a plain article state of it: its date, its author, its publisher.

Nothing is invented: where a date or a name is not written as one, or two of them disagree, it is unknown.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ingest.day import TIME, fold, parse_date, resolve_partial
from rag.text import CJK

STATED, INFERRED = "stated", "inferred"
HEAD, FOOT = 15, 10  # lines with words at either end of a file where bylines and datelines are looked for
LONGEST_LINE = 80  # code points of a dateline or byline
LONGEST_MARKED_LINE = 2000  # code points of a line with its mark-up; what is behind them is not read
LONGEST_NAME = 20  # code points of an author or a publisher
ISSUED = 4  # lines with words at either end of a file where an office and a date alone are a dateline

_EDGE = r"(?<![^\s,;|丨·(\]】])"  # a byline starts a line or follows a separator
_OTHERS = r"责任编辑|责编|编\s?辑|校对|译者|翻译|审校|监制|排版|题图|头图|出品|摄影|设计"
_REPORTER = r"(?:[^\s:|\d]{1,6})?记者"
_AUTHOR = rf"(?:本文|原文|文章|原)?作\s?者|撰\s?文|撰稿|文|{_REPORTER}|by"
_PUBLISHER = "(?:文章|本文|信息|稿件|内容)?来源|稿源|(?:来源|微信)?公众号|(?:发布|发文)(?:机构|单位|机关)"
_COUNTED = "(?:阅读|浏览|点击|访问|评论|点赞|收藏|转发|分享|字数|热度)(?:[量数]|[次人]数)?"
_DAY = (  # what parse_date is asked about: it refuses what only looks like a date
    r"(?<!\d)\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?:\s?[日号號])?|(?<!\d)\d{8}|[〇○零一二三四五六七八九]{4}年"
    r"[一二三四五六七八九十]+月[一二三四五六七八九十]+[日号號]|\b[a-z]{3,9}\.?\s*\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}"
    r"|\b\d{1,2}(?:st|nd|rd|th)?[\s-]+[a-z]{3,9}\.?,?[\s-]+\d{4}"
)
_UNIT = re.compile(  # what datelines and bylines are made of
    r"(?:(?P<updated>(?:最[后近])?(?:更新|修改|编辑)(?:时间|日期|于|在)?|(?:last\s+)?(?:updated|modified)(?:\s+(?:on|at))?)"
    r"|(?P<published>(?:发布|发表|刊发|发稿|刊登)(?:时间|日期|于|在)?|首发于|(?:date\s+)?(?:published|posted)(?:\s+(?:on|at))?)"
    r"|(?P<written>(?:成文|发文|印发|制表|采访|记录|签订|签署)(?:时间|日期))"
    rf"|(?P<dated>日期|时间|\bdate))?\s*:?\s*(?P<day>{_DAY})(?:(?<=[日号號])|(?!\d))"
    rf"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?(?P<time>[T,]?\s*{TIME})?(?P<suffix>\s*(?:发布|发表|刊发)(?!时间|日期)[于在]?)?"
    rf"|(?P<counter>{_COUNTED}\s*:?\s*\(?[\d.,]+\s*[万wk+]*次?\)?|{_COUNTED}\s*:\s*次?(?=\s|$)|[\d.,]+\s*[万wk+]*\s*"
    r"[人次条个]?(?:阅读|浏览|评论|点赞|收藏|转发|分享|围观|分钟|赞|字|views?|comments?|reads?|likes?))"
    rf"|{_EDGE}(?:(?P<author>{_AUTHOR})|(?P<publisher>{_PUBLISHER})|(?P<other>{_OTHERS}))\s*[:|丨/]\s*(?P<name>.*?)"
    rf"(?=\s{{2,}}|[,;()|丨·\]】]|\s+\d{{4}}\D|{_DAY}|$|[\s/]+(?:{_AUTHOR}|{_PUBLISHER}|{_OTHERS})\s*[:|丨/]"
    rf"|\s+[{CJK}]{{2,8}}\s*:|\s+{_REPORTER}\s)"
    rf"|(?:^by|(?:^|(?<=\s))(?:{_REPORTER}|作者))\s+(?P<spaced_name>[^\s:|丨/,\d][^:|丨/,\d]*?)"
    r"(?=\s{2,}|[,(]|$|\s+\d|\s+(?:通讯员|实习生))"
    rf"|{_EDGE}(?P<pair>[{CJK}]{{2,6}}\s*:\s*[^\s|丨]+)"
    rf"|(?P<word>(?:(?!{_DAY})[^\s|丨/·•,;、()\[\]【】《》:-])+)",
    re.IGNORECASE,
)
_AFFILIATED = re.compile(  # 作者：施雨桐 1,2　陆知远 2*
    rf"(?P<label>{_EDGE}(?:{_AUTHOR})\s*[:|丨/]\s*)(?P<names>(?:[{CJK}·]{{2,12}}\s?\d{{1,2}}(?:,\d{{1,2}})*\*?(?:\s*[,、;]|\s|$)\s*)+)",
    re.IGNORECASE,
)
_DISPATCH = re.compile(  # 新华社北京4月3日电（记者张三）
    r"(?!据|援引|来自)[^\s,。\d]{2,15}?\s*(?:(?P<y>\d{4})\s*年)?\s*(?P<day>\d{1,2}\s*月\s*\d{1,2}\s*日)\s*[电讯](?=[\s,:()】])"
    r"(?:\s*\((?:[^()]{0,8}记者)\s*(?P<author>[^()]{2,20})\))?"
)
_REPRINT = re.compile(  # （原载《江东日报》2024年8月9日第7版）
    rf"\(?(?:本文)?原(?:载|刊)于?\s?:?(?=[^《》]*《(?P<publisher>[^《》]{{2,{LONGEST_NAME}}})》)(?=.*?(?P<day>{_DAY}))[^。]{{0,60}}\)?"
)
_MARKED = re.compile(r"\s*(?:#{1,6}\s|[-*+]\s|\d+[.、]\s|>|\|)")
_MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)]*\)|\*\*|__|[`\[\]]|^\s*(?:#{1,6}\s|[-*+]\s|>)\s*")
_SENTENCE_END = re.compile(r"[。!?…]")
_EVENT = re.compile(r"(?:地点|地址|主题|嘉宾|主办|报名|会议|活动|参会)[^\n:]{0,6}:")
_LISTS = re.compile(r"^(?:相关|推荐|热门|精选|最新|更多|往期|全部|延伸)\S{0,8}$|上一篇|下一篇|(?:相关|延伸)阅读|评论")
_NO_NAME = re.compile(r"[是了在@\"“”:]|https?|www\.|^[图摄]|获悉|采访")
_NO_MEDIUM = re.compile(  # but 第一人民医院, 自然资源局
    r"[将于从至起止到截届的是了在]|自(?!然)|(?<!数)据|第(?![一二三四五六七八九十]{1,3}[人中小医])"
    r"|[前后]$|^\d+$|\d+[年月日号点时天万亿]"
)
_MEDIUM = re.compile(r"(?:网|报|社|刊|杂志|传媒|电视台|新闻|财经|观察|App|客户端|公众号|研究院|编辑部)$", re.IGNORECASE)
_PRESS = re.compile(  # 财报, 官网, 旅行社 and 行业新闻 are no newspapers
    r"(?:(?<![财海预简年季周月汇通公申填播警])报|(?<![联官电管全铁路外内])网|(?<![行作公])社|周刊|[^业司园点地内际要]新闻|电视台|杂志)$"
)
_OFFICE = re.compile(  # venues are left out: 2025年4月3日 国际会议中心 is an event
    r"(?:(?<![内全东西南北中])部|(?<![结格布开大全])局|(?<![主承举协创])办|处|委|(?<!百)科|办公室|政府|公司|集团"
    r"|(?:委员|董事|监事|理事|居委|业委|协|学|工|商|基金)会)$"
)
_HOUSE = re.compile("(?:大学|学院|[中小]学|学校|幼儿园|医院|银行|法院|中心|街道|社区)$")  # issuers, before their date
_HAPPENED = re.compile("成立|收购|设立|组建|改制|更名|注册|入股|投资|签约|加入|加盟|入职|合并|开业|上市|访问|召开|举行")
_PLACE = re.compile(
    "(?:IP属地)?(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川"
    "|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)|原创|转载"
)
_FIGURE = re.compile(r"[图表](?:片|表|\s?\d|$)|!\[|\|")


@dataclass(frozen=True)
class _Line:
    """A line with words or an image, folded and without mark-up.

    `zone`: head, foot or body. `marked`: a heading, list item, quotation or table row.
    """

    text: str
    zone: str
    marked: bool

    def byline(self) -> list[re.Match[str]]:
        """What the line is made of, up to the end of its first sentence: 作者：X，从业十年。 names X."""
        text = _AFFILIATED.sub(_without_affiliations, self.text)
        end = _SENTENCE_END.search(text)
        return list(_UNIT.finditer(text[: min(end.end() if end else LONGEST_LINE, LONGEST_LINE)]))

    def dateline(self) -> list[re.Match[str]]:
        """What the line is made of; empty for a sentence."""
        whole = len(self.text) <= LONGEST_LINE and not _SENTENCE_END.search(self.text)
        return list(_UNIT.finditer(self.text)) if whole else []


def _without_affiliations(byline: re.Match[str]) -> str:
    """The label and the names of authors that stand before the numbers of their affiliations."""
    return byline["label"] + "、".join(re.findall(rf"[{CJK}·]+", byline["names"])) + "  "


def _lines(raw: str, title: str | None = None) -> list[_Line]:
    lines = [line for line in raw.split("\n") if line.startswith("![") or any(char.isalnum() for char in line)]
    folded = [
        line if line.startswith("![") else fold(_MARKUP.sub("", line[:LONGEST_MARKED_LINE])).strip() for line in lines
    ]
    zones = ["head" if at < HEAD else "foot" if at >= len(lines) - FOOT else "body" for at in range(len(lines))]
    name = fold(title or "").strip()
    return [
        _Line(text, "body" if text == name else zone, bool(_MARKED.match(line)))
        for text, zone, line in zip(folded, zones, lines, strict=True)
    ]


def find_date(raw: str, title: str | None = None, today: date | None = None) -> tuple[str, str] | None:
    """The publication date that a plain article states, as (ISO date, "stated" or "inferred"); None without one.

    Only datelines in the head or the foot count, never a date in a sentence, a heading or the title; an office and a
    date only on the first and last ISSUED lines. All of them must agree. Where there is no other, the day of the
    newspaper that printed it (原载《江东日报》…) counts, then the day of the writing (成文日期, 签订日期), which is
    inferred, then that of an update. A dispatch (新华社北京4月3日电) takes its year from the same day in the head or
    from the update, and is then inferred.
    """
    lines = _lines(raw, title)
    found: dict[str, set[str]] = {
        kind: set() for kind in ("published", "plain", "bare", "foot", "printed", "written", "updated")
    }
    listing = any(line.zone == "foot" and _LISTS.search(line.text) for line in lines)
    for at, line in enumerate(lines):
        if line.zone != "body" and (reprint := _REPRINT.fullmatch(line.text)):
            found["printed"] |= {parse_date(reprint["day"], today) or ""} - {""}
        event = any(_EVENT.match(near.text) for near in lines[max(0, at - 3) : at + 4])
        for day, kind in _datelines(line.dateline(), today):
            if kind == "bare" and line.zone != "foot":
                found["bare"].add(day)
            if kind == "issued" and ISSUED <= at < len(lines) - ISSUED:
                continue
            if kind in ("published", "written", "updated") and line.zone != "body":
                found[kind].add(day)
            elif line.zone == "head" and not (line.marked or event):
                found["plain"].add(day)
            elif line.zone == "foot" and not (line.marked or event or listing):
                found["foot"].add(day)
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


def _datelines(units: Sequence[re.Match[str]], today: date | None) -> list[tuple[str, str]]:
    """Days of a line that is nothing but a dateline, with their kind.

    published, written, updated: by their label; issued: an office and its date alone; bare: a date alone; else plain.
    """
    dated = [unit for unit in units if unit["day"]]
    labels = [_label(unit) for unit in dated]
    days = [parse_date(unit["day"], today) for unit in dated]
    words = [unit for unit in units if unit["word"] and not _PLACE.fullmatch(unit["word"])]
    if not days or len(words) > 2 or any(_NO_MEDIUM.search(u["word"]) or not u["word"].isalnum() for u in words):
        return []
    pairs = [unit for unit in units if unit["pair"]]
    if pairs and not (all(labels) and ("plain" not in labels or not any(_EVENT.match(u["pair"]) for u in pairs))):
        return []  # 时间：2025年4月3日 地点：上海
    if not all(labels) and (len(days) > 1 or dated[0]["day"].isdigit()):
        return []  # a span of days, or eight digits that may be anything
    if len(units) == 1 and not labels[0] and not dated[0]["time"]:
        labels = ["bare"]
    elif not any(labels) and all(unit["word"] or unit["day"] for unit in units):
        before = dated[0].start() if dated[0]["time"] else 0  # 虎嗅 2025-04-03 10:00; after the time it is an event
        if not all(_MEDIUM.search(u["word"]) or u.end() <= before for u in words):
            if not _is_issued(units):
                return []
            labels = ["issued"]
    return [(day, label or "plain") for day, label in zip(days, labels, strict=True) if day]


def _label(unit: re.Match[str]) -> str:
    if unit["published"] or unit["suffix"]:
        return "published"
    kind = next((kind for kind in ("updated", "written") if unit[kind]), "")
    return kind or ("plain" if unit["dated"] else "")


def _is_issued(units: Sequence[re.Match[str]]) -> bool:
    """Whether a line is an office and its day, in either order."""
    if len(units) != 2 or any(unit["time"] for unit in units):
        return False
    word = units[0]["word"] or units[1]["word"]
    issuer = _OFFICE.search(word) or (units[0]["word"] and _HOUSE.search(word))
    return bool(issuer) and not _HAPPENED.search(word)


def states_metadata(line: str) -> bool:
    """Whether a line of a raw file is a dateline, a byline or a label such as 来源：, and no sentence."""
    lines = [found for found in _lines(line) if not _SENTENCE_END.search(found.text)]
    dated = any(_datelines(found.dateline(), None) for found in lines)
    return dated or bool(_named(lines, "author") or _named(lines, "publisher"))


def _dispatches(lines: Sequence[_Line], updated: set[str], today: date | None) -> tuple[set[str], set[str]]:
    """Days of news dispatches in the head: those with their year, and those whose year comes from the context."""
    head = [line.text for line in lines if line.zone == "head"]
    found = [match for text in head if (match := _DISPATCH.match(text))]
    full = {parse_date(match[0], today) for text in head for match in re.finditer(_DAY, text, re.IGNORECASE)}
    stated = {day for match in found if match["y"] and (day := parse_date(f"{match['y']}年{match['day']}", today))}
    inferred = set()
    for match in found:
        same_day = {day for day in full if day and resolve_partial(match["day"], day) == day}
        if not match["y"]:
            inferred |= {day for near in same_day | updated if (day := resolve_partial(match["day"], near))}
    return stated, inferred


def find_author(raw: str) -> str | None:
    """The author that a byline in the head or the foot names (作者：X, 文｜X, By X); None where bylines disagree."""
    lines = _lines(raw)
    reporters = {m["author"] for line in lines if line.zone == "head" and (m := _DISPATCH.match(line.text))} - {None}
    return _only(_named(lines, "author") or reporters)


def find_publisher(raw: str) -> str | None:
    """The publisher that a line in the head or the foot names (来源：Y, 公众号：Y); None where lines disagree."""
    lines = _lines(raw)
    figures = {at + 1 for at, line in enumerate(lines) if _FIGURE.match(line.text)}  # 来源 there is the figure's
    named = _named([line for at, line in enumerate(lines) if at not in figures], "publisher")
    printed = {m["publisher"] for line in lines if line.zone != "body" and (m := _REPRINT.fullmatch(line.text))}
    return _only(named or printed or {name for line in lines if (name := _newspaper(line))})


def _newspaper(line: _Line) -> str | None:
    """The newspaper that stands alone with a date on a line of the head."""
    units = line.dateline() if line.zone == "head" and not line.marked else []
    words = [unit["word"] for unit in units if unit["word"]]
    alone = len(words) == 1 and len(units) == 2 and bool(_datelines(units, None))
    return words[0] if alone and _PRESS.search(words[0]) else None


def _named(lines: Iterable[_Line], field: str) -> set[str]:
    """What the bylines in the head and the foot name as author or publisher."""
    names = set()
    for line in lines:
        units = line.byline() if line.zone != "body" else []
        if not units or ((units[0]["word"] or units[0]["pair"]) and not any(unit["day"] for unit in units)):
            continue
        for unit in units:
            name = unit["name"] if unit[field] else unit["spaced_name"] if field == "author" else None
            if name and len(name := name.strip(" /:-'")) <= LONGEST_NAME and _is_name(name):
                names.add(name)
    return names


def _is_name(name: str) -> bool:
    return bool(re.search(rf"[{CJK}A-Za-z]", name)) and not _NO_NAME.search(name)


def _only(names: set[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None
