"""Lines that are nothing but a dateline, and the days that they state."""

import re
from collections.abc import Sequence
from datetime import date

from ingest.day import parse_date

EVENT = re.compile(r"(?:地点|地址|主题|嘉宾|主办|报名|会议|活动|参会)[^\n:]{0,6}:")
_NO_MEDIUM = re.compile(  # but 第一人民医院, 自然资源局
    r"[将于从至起止到截届的是了在]|自(?!然)|(?<!数)据|第(?![一二三四五六七八九十]{1,3}[人中小医])"
    r"|[前后]$|^\d+$|\d+[年月日号点时天万亿]"
)
MEDIUM = re.compile(
    r"(?:网|报|社|(?<!创)刊|杂志|传媒|电视台|新闻|财经|观察|App|客户端|公众号|研究院|编辑部)$", re.IGNORECASE
)
PRESS = re.compile(  # 财报, 官网, 旅行社 and 行业新闻 are no newspapers
    r"(?:(?<![财海预简年季周月汇通公申填播警])报|(?<![联官电管全铁路外内])网|(?<![行作公])社|周刊|[^业司园点地内际要]新闻|电视台|杂志)$"
)
OFFICE = re.compile(  # venues are left out: 2025年4月3日 国际会议中心 is an event
    r"(?:(?<![内全东西南北中])部|(?<![结格布开大全])局|(?<![主承举协创])办|处|委|(?<!百)科|办公室|政府|公司|集团"
    r"|(?:委员|董事|监事|理事|居委|业委|协|学|工|商|基金)会)$"
)
HOUSE = re.compile("(?:大学|学院|[中小]学|学校|幼儿园|医院|银行|法院|中心|街道|社区)$")  # issuers, before their date
_HAPPENED = re.compile(
    "创刊|成立|收购|设立|组建|改制|更名|注册|入股|投资|签约|加入|加盟|入职|合并|开业|上市|访问|召开|举行"
)
PLACE = re.compile(
    "(?:IP属地)?(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川"
    "|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门)|原创|转载"
)


def days_of(units: Sequence[re.Match[str]], today: date | None) -> list[tuple[str, str]]:
    """Days of a line that is nothing but a dateline, with their kind.

    published, written, updated, effective: by their label; issued: an office and its date alone; bare: a date alone;
    else plain.
    """
    line = _Dateline(units)
    if not line.dated or line.is_list_of_staff or line.says_more or line.is_event or line.is_span_of_days:
        return []
    days = (parse_date(unit["day"], today) for unit in line.dated)
    return [(day, kind) for day, kind in zip(days, line.kinds(), strict=False) if day]


class _Dateline:
    """What a line is made of, but for asides and the names of editors."""

    def __init__(self, units: Sequence[re.Match[str]]) -> None:
        self.units = [unit for unit in units if not (unit["aside"] or unit["editor"])]
        self.dated = [unit for unit in self.units if unit["day"]]
        self.labels = [_label(unit) for unit in self.dated]
        self.words = [unit for unit in self.units if unit["word"] and not PLACE.fullmatch(unit["word"])]
        self.printed = _names_newspaper(self.units)
        self.signed = any(unit["author"] or unit["writer"] or unit["spaced_name"] for unit in self.units)
        self.edited = any(unit["editor"] for unit in units)

    @property
    def is_list_of_staff(self) -> bool:
        """Whether only an editor is named in it, as in 编辑 招聘 2025年4月3日."""
        return self.edited and not self.signed

    @property
    def says_more(self) -> bool:
        """Whether other words stand in it than the name of a medium, as in 自2025年4月3日 起 施行."""
        other = any(_NO_MEDIUM.search(unit["word"]) or not unit["word"].isalnum() for unit in self.words)
        return other or len(self.words) > 2 + self.printed

    @property
    def is_event(self) -> bool:
        """Whether it says when something is, as in 时间：2025年4月3日 地点：上海."""
        pairs = [unit["pair"] for unit in self.units if unit["pair"]]
        if not pairs or (all(self.labels) and "plain" not in self.labels):
            return False
        return not (all(self.labels) or self.signed) or any(EVENT.match(pair) for pair in pairs)

    @property
    def is_span_of_days(self) -> bool:
        """Whether it has several days without a label, or eight digits that may be anything."""
        return not all(self.labels) and (len(self.dated) > 1 or self.dated[0]["day"].isdigit())

    def kinds(self) -> list[str]:
        """The kind of each day; none where it is the day of an event: 2025年4月3日 国际会议中心."""
        timed = self.dated[0]["time"]
        if len(self.units) == 1 and not self.labels[0] and not timed:
            return ["bare"]
        named = any(self.labels) or self.printed or not all(unit["word"] or unit["day"] for unit in self.units)
        before = self.dated[0].start() if timed else 0  # 虎嗅 2025-04-03 10:00; after the time it is an event
        if named or all(MEDIUM.search(unit["word"]) or unit.end() <= before for unit in self.words):
            return [label or "plain" for label in self.labels]
        return ["issued"] if _is_issued(self.units) else []


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
    return bool(PRESS.search(units[0]["word"])) and not any(
        _HAPPENED.search(word) or word[-1] == "会" for word in between
    )


def _is_issued(units: Sequence[re.Match[str]]) -> bool:
    """Whether a line is an office and its day, in either order."""
    if len(units) != 2 or any(unit["time"] for unit in units):
        return False
    word = units[0]["word"] or units[1]["word"]
    issuer = OFFICE.search(word) or (units[0]["word"] and HOUSE.search(word))
    return bool(issuer) and not _HAPPENED.search(word)
