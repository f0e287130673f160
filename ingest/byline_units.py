"""The lines of a plain article, and what a dateline or a byline among them is made of: days, labels, names, words."""

import re
from dataclasses import dataclass

from ingest.day import TIME, fold
from rag.text import CJK

HEAD, FOOT = 15, 10  # lines with words at either end of a file where bylines and datelines are looked for
LONGEST_LINE = 80  # code points of a dateline or byline
LONGEST_MARKED_LINE = 2000  # code points of a line with its mark-up; what is behind them is not read
LONGEST_NAME = 20  # code points of an author or a publisher

_EDGE = r"(?<![^\s,;|丨·(\]【】])"  # a byline starts a line or follows a separator
_OTHERS = (
    r"责任编辑|责编|编\s?辑|校对|译者|翻译|审校|监制|排版|题图|头图|图片?|插画|视频|出品|摄影|设计|整理|主编|值班|供图"
)
REPORTER = r"(?:[^\s:|\d]{1,6})?记者"
_AUTHOR = (  # 楼主 answers in a thread, too
    rf"(?:本文|原文|文章|原)?作\s?者|撰\s?文|撰稿|文|发帖人|楼主(?=.*\d{{4}})|{REPORTER}|by"
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
DAY = (  # what parse_date is asked about: it refuses what only looks like a date
    r"(?<!\d)\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?:\s?[日号號])?|(?<!\d)\d{8}|[〇○零一二三四五六七八九]{4}年"
    r"[一二三四五六七八九十]+月[一二三四五六七八九十]+[日号號]|\b[a-z]{3,9}\.?\s*\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}"
    r"|\b\d{1,2}(?:st|nd|rd|th)?[\s-]+[a-z]{3,9}\.?,?[\s-]+\d{4}"
)
# The alternatives of _UNIT, what datelines and bylines are made of, each with an example.
_DATED = (  # 发布时间：2025-04-03 星期四 08:12, 2025年4月3日发布
    r"(?:(?P<updated>(?:最[后近])?(?:更新|修改|编辑)(?:时间|日期|于|在)?|(?:last\s+)?(?:updated|modified)(?:\s+(?:on|at))?)"
    r"|(?P<published>(?:发布|发表|刊发|发稿|刊登|公示)(?:时间|日期|于|在)?|首发于"
    rf"|[刊载]于\s*《(?P<journal>[^《》]{{2,{LONGEST_NAME}}})》|(?:date\s+)?(?:published|posted)(?:\s+(?:on|at))?)"
    r"|(?P<written>(?:成文|发文|印发|制表|采访|记录|签订|签署)(?:时间|日期))"
    r"|(?P<effective>生效(?:时间|日期)?)"
    rf"|(?P<dated>日期|时间|\bdate))?\s*:?\s*(?P<day>{DAY})(?:(?<=[日号號])|(?!\d))"
    rf"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?(?P<time>[T,]?\s*{TIME})?(?P<suffix>\s*(?:发布|发表|刊发)(?!时间|日期)[于在]?)?"
)
_COUNT = (  # 阅读 1.2万, 3 条评论
    rf"(?:{_COUNTED}\s*:?\s*\(?[\d.,]+\s*[万wk+]*次?\)?|{_COUNTED}\s*:\s*次?(?=\s|$)|[\d.,]+\s*[万wk+]*\s*"
    r"[人次条个]?(?:阅读|浏览|评论|点赞|收藏|转发|分享|围观|分钟|赞|字|views?|comments?|reads?|likes?))"
)
_COUNTER = f"(?P<counter>{_COUNT})"
_BUTTON = (  # 【打印】, 字体：大 中 小
    r"[【(](?:打印|关闭|收藏|分享|纠错)[^】)\d]{0,4}[】)]|打印[\s|]*关闭|字[体号]\s*:?[\s\[(【]*大[\s|/]*中[\s|/]*小[\s\])】]*"
)
_DOT = rf"\s+·|·(?=\s|\d|IP|$|{_COUNT}|(?:{_LABEL})\s*[:|丨/])"  # between two things: 张三 · 北京, but 马克·吐温
_FILED = rf"\s+(?:[{CJK}]{{0,6}}报道|发自\s?[{CJK}]{{2,6}})(?=[\s,;|丨)】]|$)"  # 记者 张三 北京报道
_NAMED = (  # 作者：张三, 来源：人民网
    rf"{_EDGE}(?:(?P<author>{_AUTHOR})|(?P<writer>{_WRITER})|(?P<publisher>{_PUBLISHER})|(?P<other>{_OTHERS}))"
    rf"\s*[:|丨/]\s*(?P<name>.*?)"
    rf"(?:{_FILED}|(?=\s{{2,}}|[,;()|丨\]【】]|{_DOT}|\s+\d{{4}}\D|\s*(?:{_BUTTON})|\s+(?:{_COUNT})|{DAY}|$|[\s/]+(?:{_LABEL})\s*[:|丨/]"
    rf"|\s+[{CJK}]{{2,8}}\s*:|\s+(?:{REPORTER}|{_OTHERS})\s|\s+[刊载]于\s*《))"
)
_SPACED = (  # 本报记者 张三, By John Smith
    rf"(?:^by|(?:^|(?<=\s))(?:{REPORTER}|作者))\s+(?P<spaced_name>[^\s:|丨/,\d][^:|丨/,\d]*?)"
    rf"(?:{_FILED}|(?=\s{{2,}}|[,(]|$|\s+\d|\s*[|丨]|{_DOT}|\s+(?:通讯员|实习生)|\s+(?:{REPORTER}|{_OTHERS})\s))"
)
_ASIDE = (  # 第1126期, A3版, 观点版, IP属地浙江, 【打印】
    rf"(?P<aside>{_BUTTON}|IP\s?属地\s*:?\s*[{CJK}]{{2,8}}|{_EDGE}(?:总?第\s?[\d一二三四五六七八九十百]+\s?[期版]|[A-Z]?\d+版|(?:观点|评论|要闻|理论|副刊|头)版)"
    rf"(?=[\s,;|丨·)\]】]|$))"
)
_EDITOR = rf"(?P<editor>(?<=\s)(?:责任编辑|责编|编\s?辑)\s+[{CJK}·]{{2,4}}(?=[\s,;|丨)]|$))"  # 编辑 方樾
_PAIR = rf"{_EDGE}(?P<pair>[{CJK}]{{2,6}}\s*:\s*[^\s|丨]+)"  # 文号：教发〔2025〕7号
_WORD = rf"(?P<word>(?:(?!{DAY})[^\s|丨/·•,;、()\[\]【】《》:-])+)"  # 虎嗅APP
_UNIT = re.compile("|".join((_DATED, _COUNTER, _NAMED, _SPACED, _ASIDE, _EDITOR, _PAIR, _WORD)), re.IGNORECASE)
_AFFILIATED = re.compile(  # 作者：施雨桐 1,2　陆知远 2*
    rf"(?P<label>{_EDGE}(?:{_AUTHOR})\s*[:|丨/]\s*)(?P<names>(?:[{CJK}·]{{2,12}}\s?\d{{1,2}}(?:,\d{{1,2}})*\*?(?:\s*[,、;]|\s|$)\s*)+)",
    re.IGNORECASE,
)
_MARKED = re.compile(r"\s*(?:#{1,6}\s|[-*+]\s|\d+[.、]\s|>|\|)")
_MARKUP = re.compile(  # and the country of an author: [日]村上春树
    rf"(?<=[:：|｜丨/])\s*[\[【〔(（][{CJK}][\]】〕)）]\s?(?=[{CJK}A-Za-z])|"
    r"!\[[^\]]*\]\([^)]*\)|(?<=\])\([^)]*\)|\*\*|__|[`\[\]]|^\s*\*(?=[^*\s][^*]*\*\s*$)|(?<=[^*\s])\*\s*$|^\s*(?:#{1,6}\s|[-*+]\s|>)\s*"
)
SENTENCE_END = re.compile(r"[。!?…]")


@dataclass(frozen=True)
class Line:
    """A line with words or an image, folded and without mark-up.

    `zone`: head, foot or body. `marked`: a heading, list item, quotation or table row.
    """

    text: str
    zone: str
    marked: bool

    def byline(self) -> list[re.Match[str]]:
        """What the line is made of, up to the end of its first sentence: 作者：X，从业十年。 names X."""
        text = _AFFILIATED.sub(_without_affiliations, self.text)
        end = SENTENCE_END.search(text)
        return list(_UNIT.finditer(text[: min(end.end() if end else LONGEST_LINE, LONGEST_LINE)]))

    def dateline(self) -> list[re.Match[str]]:
        """What the line is made of; empty for a sentence."""
        whole = len(self.text) <= LONGEST_LINE and not SENTENCE_END.search(self.text)
        return list(_UNIT.finditer(self.text)) if whole else []


def _without_affiliations(byline: re.Match[str]) -> str:
    """The label and the names of authors that stand before the numbers of their affiliations."""
    return byline["label"] + "、".join(re.findall(rf"[{CJK}·]+", byline["names"])) + "  "


def lines_of(raw: str, title: str | None = None) -> list[Line]:
    """The lines of a raw file; the line that is the title counts as body, wherever it stands."""
    lines = [line for line in raw.split("\n") if line.startswith("![") or any(char.isalnum() for char in line)]
    folded = [
        line if line.startswith("![") else fold(_MARKUP.sub("", line[:LONGEST_MARKED_LINE])).strip() for line in lines
    ]
    zones = ["head" if at < HEAD else "foot" if at >= len(lines) - FOOT else "body" for at in range(len(lines))]
    name = fold(title or "").strip()
    return [
        Line(text, "body" if text == name else zone, bool(_MARKED.match(line)))
        for text, zone, line in zip(folded, zones, lines, strict=True)
    ]
