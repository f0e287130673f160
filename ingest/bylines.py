"""What the lines at either end of a plain article state of it: its date, its author, its publisher.

Nothing is invented: where a date or a name is not written as one, or two of them disagree, it is unknown.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
_OTHERS = (
    r"责任编辑|责编|编\s?辑|校对|译者|翻译|审校|监制|排版|题图|头图|图片?|插画|视频|出品|摄影|设计|整理|主编|值班|供图"
)
_REPORTER = r"(?:[^\s:|\d]{1,6})?记者"
_AUTHOR = (  # 楼主 answers in a thread, too
    rf"(?:本文|原文|文章|原)?作\s?者|撰\s?文|撰稿|文|发帖人|楼主(?=.*\d{{4}})|{_REPORTER}|by"
)
_WRITER = (
    r"采访(?=\s*[:/])|采写|执笔"  # the author where no other is named; 采访｜X is a title that names who was asked
)
_PUBLISHER = (
    r"(?:文章|本文|信息|稿件|内容)?来源|稿源|(?:来源|微信)?公众号|(?:发布|发文)(?:机构|单位|机关)"
    r"|发布(?:者|方)?(?=\s*:)"
)
_LABEL = f"{_AUTHOR}|{_WRITER}|{_PUBLISHER}|{_OTHERS}"
_COUNTED = "(?:阅读|浏览|点击|访问|评论|点赞|收藏|转发|分享|字数|热度)(?:[量数]|[次人]数)?"
_DAY = (  # what parse_date is asked about: it refuses what only looks like a date
    r"(?<!\d)\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?:\s?[日号號])?|(?<!\d)\d{8}|[〇○零一二三四五六七八九]{4}年"
    r"[一二三四五六七八九十]+月[一二三四五六七八九十]+[日号號]|\b[a-z]{3,9}\.?\s*\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}"
    r"|\b\d{1,2}(?:st|nd|rd|th)?[\s-]+[a-z]{3,9}\.?,?[\s-]+\d{4}"
)
_UNIT = re.compile(  # what datelines and bylines are made of
    r"(?:(?P<updated>(?:最[后近])?(?:更新|修改|编辑)(?:时间|日期|于|在)?|(?:last\s+)?(?:updated|modified)(?:\s+(?:on|at))?)"
    r"|(?P<published>(?:发布|发表|刊发|发稿|刊登|公示)(?:时间|日期|于|在)?|首发于"
    rf"|[刊载]于\s*《(?P<journal>[^《》]{{2,{LONGEST_NAME}}})》|(?:date\s+)?(?:published|posted)(?:\s+(?:on|at))?)"
    r"|(?P<written>(?:成文|发文|印发|制表|采访|记录|签订|签署)(?:时间|日期))"
    r"|(?P<effective>生效(?:时间|日期)?)"
    rf"|(?P<dated>日期|时间|\bdate))?\s*:?\s*(?P<day>{_DAY})(?:(?<=[日号號])|(?!\d))"
    rf"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?(?P<time>[T,]?\s*{TIME})?(?P<suffix>\s*(?:发布|发表|刊发)(?!时间|日期)[于在]?)?"
    rf"|(?P<counter>{_COUNTED}\s*:?\s*\(?[\d.,]+\s*[万wk+]*次?\)?|{_COUNTED}\s*:\s*次?(?=\s|$)|[\d.,]+\s*[万wk+]*\s*"
    r"[人次条个]?(?:阅读|浏览|评论|点赞|收藏|转发|分享|围观|分钟|赞|字|views?|comments?|reads?|likes?))"
    rf"|{_EDGE}(?:(?P<author>{_AUTHOR})|(?P<writer>{_WRITER})|(?P<publisher>{_PUBLISHER})|(?P<other>{_OTHERS}))"
    rf"\s*[:|丨/]\s*(?P<name>.*?)"
    rf"(?=\s{{2,}}|[,;()|丨·\]】]|\s+\d{{4}}\D|{_DAY}|$|[\s/]+(?:{_LABEL})\s*[:|丨/]"
    rf"|\s+[{CJK}]{{2,8}}\s*:|\s+(?:{_REPORTER}|{_OTHERS})\s|\s+[刊载]于\s*《)"
    rf"|(?:^by|(?:^|(?<=\s))(?:{_REPORTER}|作者))\s+(?P<spaced_name>[^\s:|丨/,\d][^:|丨/,\d]*?)"
    rf"(?=\s{{2,}}|[,(]|$|\s+\d|\s*[|丨·]|\s+(?:通讯员|实习生)|\s+(?:{_REPORTER}|{_OTHERS})\s)"
    rf"|(?P<aside>{_EDGE}(?:总?第\s?[\d一二三四五六七八九十百]+\s?[期版]|[A-Z]?\d+版|(?:观点|评论|要闻|理论|副刊|头)版)"
    rf"(?=[\s,;|丨·)\]】]|$))|(?P<editor>(?<=\s)(?:责任编辑|责编|编\s?辑)\s+[{CJK}·]{{2,4}}(?=[\s,;|丨)]|$))"
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
_RELEASE = re.compile(  # 澜州，2025年5月15日——某公司今日公布…
    rf"(?P<open>\()?\s*(?![^,]*[于在自摄至截])[{CJK}]{{2,8}}\s*,\s*(?P<day>{_DAY})\s*(?(open)\)|(?:/[^/]{{2,9}}/\s*)?-{{1,2}})"
    r"(?!-|\s*\d)(?=[^。]*(?:今[日天]|宣布|发布|公布))"
)
_SUPPLIED = re.compile(rf"(?P<publisher>\S{{2,{LONGEST_NAME}}})\s+供稿")  # 某协会　供稿
_REFERENCE = re.compile(r"\s*[\[［(（【]?\d{1,3}[\]］)）】.、]")  # [4]《某文》，来源：爱范儿，2020-02-05
_MARKED = re.compile(r"\s*(?:#{1,6}\s|[-*+]\s|\d+[.、]\s|>|\|)")
_MARKUP = re.compile(
    r"!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)]*\)|\*\*|__|[`\[\]]|^\s*\*(?=[^*\s][^*]*\*\s*$)|(?<=[^*\s])\*\s*$|^\s*(?:#{1,6}\s|[-*+]\s|>)\s*"
)
_SENTENCE_END = re.compile(r"[。!?…]")
_ASKED = re.compile(r"[?!]\s*$")  # by somebody, or of somebody: 作者：王总，今年开了几家店？
_REPORTER_SAYS = re.compile(rf"{_REPORTER}(?=\s*:)")
_EVENT = re.compile(r"(?:地点|地址|主题|嘉宾|主办|报名|会议|活动|参会)[^\n:]{0,6}:")
_LISTS = re.compile(r"^(?:相关|推荐|热门|精选|最新|更多|往期|全部|延伸)\S{0,8}$|上一篇|下一篇|(?:相关|延伸)阅读|评论")
_NO_NAME = re.compile(r"[是了在@\"“”:]|https?|www\.|^[图摄]|获悉|采访|^(?:[您你]|大家|各位)好|谢谢")
_NO_MEDIUM = re.compile(  # but 第一人民医院, 自然资源局
    r"[将于从至起止到截届的是了在]|自(?!然)|(?<!数)据|第(?![一二三四五六七八九十]{1,3}[人中小医])"
    r"|[前后]$|^\d+$|\d+[年月日号点时天万亿]"
)
_JOURNAL = re.compile("(?:观察|刊|传媒|客户端|公众号)$")  # in 《》, beside what _PRESS finds
_MEDIUM = re.compile(
    r"(?:网|报|社|(?<!创)刊|杂志|传媒|电视台|新闻|财经|观察|App|客户端|公众号|研究院|编辑部)$", re.IGNORECASE
)
_PRESS = re.compile(  # 财报, 官网, 旅行社 and 行业新闻 are no newspapers
    r"(?:(?<![财海预简年季周月汇通公申填播警])报|(?<![联官电管全铁路外内])网|(?<![行作公])社|周刊|[^业司园点地内际要]新闻|电视台|杂志)$"
)
_OFFICE = re.compile(  # venues are left out: 2025年4月3日 国际会议中心 is an event
    r"(?:(?<![内全东西南北中])部|(?<![结格布开大全])局|(?<![主承举协创])办|处|委|(?<!百)科|办公室|政府|公司|集团"
    r"|(?:委员|董事|监事|理事|居委|业委|协|学|工|商|基金)会)$"
)
_HOUSE = re.compile("(?:大学|学院|[中小]学|学校|幼儿园|医院|银行|法院|中心|街道|社区)$")  # issuers, before their date
_HAPPENED = re.compile(
    "创刊|成立|收购|设立|组建|改制|更名|注册|入股|投资|签约|加入|加盟|入职|合并|开业|上市|访问|召开|举行"
)
_PLACE = re.compile(
    "(?:IP属地)?(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川"
    "|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)|原创|转载"
)
_FIGURE = re.compile(r"[图表](?:片|表|\s?\d|$)|!\[|\|")
_NOTE = re.compile("(?:注释?|说明|单位|(?:数据|资料)来源):")  # between a figure and its source


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
            if kind == "effective" or (kind == "issued" and ISSUED <= at < len(lines) - ISSUED):
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

    published, written, updated, effective: by their label; issued: an office and its date alone; bare: a date alone;
    else plain.
    """
    signed = any(unit["author"] or unit["writer"] or unit["spaced_name"] for unit in units)
    if any(unit["editor"] for unit in units) and not signed:
        return []  # 编辑 招聘 2025年4月3日
    units = [unit for unit in units if not (unit["aside"] or unit["editor"])]
    dated = [unit for unit in units if unit["day"]]
    labels = [_label(unit) for unit in dated]
    days = [parse_date(unit["day"], today) for unit in dated]
    words = [unit for unit in units if unit["word"] and not _PLACE.fullmatch(unit["word"])]
    printed = _names_newspaper(units)
    if (
        not days
        or len(words) > 2 + printed
        or any(_NO_MEDIUM.search(u["word"]) or not u["word"].isalnum() for u in words)
    ):
        return []
    pairs = [unit for unit in units if unit["pair"]]
    sure = all(labels) and "plain" not in labels
    if pairs and not (sure or ((all(labels) or signed) and not any(_EVENT.match(u["pair"]) for u in pairs))):
        return []  # 时间：2025年4月3日 地点：上海
    if not all(labels) and (len(days) > 1 or dated[0]["day"].isdigit()):
        return []  # a span of days, or eight digits that may be anything
    if len(units) == 1 and not labels[0] and not dated[0]["time"]:
        labels = ["bare"]
    elif not any(labels) and not printed and all(unit["word"] or unit["day"] for unit in units):
        before = dated[0].start() if dated[0]["time"] else 0  # 虎嗅 2025-04-03 10:00; after the time it is an event
        if not all(_MEDIUM.search(u["word"]) or u.end() <= before for u in words):
            if not _is_issued(units):
                return []
            labels = ["issued"]
    return [(day, label or "plain") for day, label in zip(days, labels, strict=True) if day]


def _label(unit: re.Match[str]) -> str:
    if unit["published"] or unit["suffix"]:
        return "published"
    kind = next((kind for kind in ("updated", "written", "effective") if unit[kind]), "")
    return kind or ("plain" if unit["dated"] else "")


def _names_newspaper(units: Sequence[re.Match[str]]) -> bool:
    """Whether a line is a newspaper, names and a day, in this order: 南岸日报·专栏　石砚秋　2024-06-05."""
    between = [unit["word"] for unit in units[1:-1]]
    if not between or not all(between) or not units[0]["word"] or not units[-1]["day"]:
        return False
    return bool(_PRESS.search(units[0]["word"])) and not any(
        _HAPPENED.search(word) or word[-1] == "会" for word in between
    )


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
    named = any(_named(lines, field) for field in ("author", "writer", "publisher"))
    return dated or named or any(_supplier(found) for found in lines)


def states_metadata_alone(line: str) -> bool:
    """Whether a line states metadata and nothing that may be asked for.

    That is the day of an event, a contract or a rule, another label's value, and what is said of an author.
    """
    lines = _lines(line)
    units = [unit for found in lines if found.dateline() for unit in found.byline()]
    asked = any(unit["dated"] or unit["written"] or unit["effective"] or unit["pair"] for unit in units)
    told = any(unit["word"] for unit in units) and not any(unit["day"] for unit in units)
    bare = bool(units) and not (asked or told or _REFERENCE.match(line))
    return (bare and states_metadata(line)) or any(_supplier(found) for found in lines)


def _dispatches(lines: Sequence[_Line], updated: set[str], today: date | None) -> tuple[set[str], set[str]]:
    """Days of dispatches and press releases in the head: those with their year, and those with that of the context."""
    head = [line.text for line in lines if line.zone == "head"]
    found = [match for text in head if (match := _DISPATCH.match(text))]
    full = {parse_date(match[0], today) for text in head for match in re.finditer(_DAY, text, re.IGNORECASE)}
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
    lines = _lines(raw)
    reporters = {m["author"] for line in lines if line.zone == "head" and (m := _DISPATCH.match(line.text))} - {None}
    return _only(_named(lines, "author") or reporters or _named(lines, "writer"))


def find_publisher(raw: str) -> str | None:
    """The publisher that a line in the head or the foot names (来源：Y, 公众号：Y); None where lines disagree."""
    lines = _lines(raw)
    named = _named(_without_captions(lines), "publisher")
    printed = {m["publisher"] for line in lines if line.zone != "body" and (m := _REPRINT.fullmatch(line.text))}
    return _only(named or printed or {name for line in lines if (name := _newspaper(line) or _supplier(line))})


def _without_captions(lines: Iterable[_Line]) -> Iterator[_Line]:
    """The lines but those below a figure or a table: 来源 there is the figure's."""
    below = False
    for line in lines:
        if not below:
            yield line
        below = bool(_FIGURE.match(line.text)) or (below and bool(_NOTE.match(line.text)))


def _newspaper(line: _Line) -> str | None:
    """The newspaper that a dateline of the head begins with, or that it names as where the text was printed."""
    units = [unit for unit in line.dateline() if not unit["aside"]] if line.zone == "head" and not line.marked else []
    if not _datelines(units, None):
        return None
    if journals := [unit["journal"] for unit in units if unit["journal"]]:
        return journals[0]
    words = [unit["word"] for unit in units if unit["word"]]
    alone = len(words) == 1 and len(units) == 2
    first = words[0] if words and (alone or words[0] == units[0]["word"]) else ""
    titled = line.text.startswith(f"《{first}》") and _JOURNAL.search(first)
    return first if titled or _PRESS.search(first) else None


def _supplier(line: _Line) -> str | None:
    """The office that supplied a text: 某协会　供稿."""
    found = _SUPPLIED.fullmatch(line.text) if line.zone != "body" else None
    known = found and any(kind.search(found["publisher"]) for kind in (_OFFICE, _HOUSE, _MEDIUM))
    return found["publisher"] if found and known else None


def _named(lines: Iterable[_Line], field: str) -> set[str]:
    """What the bylines in the head and the foot name as author or publisher.

    An interview names nobody: who asks (记者：…) does so several times, or in a whole sentence.
    """
    names = set()
    lines = list(lines)
    turns = Counter(label[0] for text in {line.text for line in lines} if (label := _REPORTER_SAYS.match(text)))
    for line in lines:
        says = _REPORTER_SAYS.match(line.text)
        asks = _ASKED.search(line.text) or (says and (turns[says[0]] > 1 or _SENTENCE_END.search(line.text)))
        units = line.byline() if line.zone != "body" and not asks else []
        if not units or ((units[0]["word"] or units[0]["pair"]) and not any(unit["day"] for unit in units)):
            continue
        named = [unit["name"].strip(" /:-'") for unit in units if unit[field]]
        spaced = [unit["spaced_name"].strip(" /:-'") for unit in units if unit["spaced_name"] and field == "author"]
        names |= {name for name in named if _is_name(name)}
        if together := "、".join(name for name in spaced if _is_name(name)):  # 记者 张三　实习记者 李四
            names.add(together)
    return names


def _is_name(name: str) -> bool:
    return len(name) <= LONGEST_NAME and bool(re.search(rf"[{CJK}A-Za-z]", name)) and not _NO_NAME.search(name)


def _only(names: set[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None
