"""What a question asks for and the articles do not state: a number, a time, who, where, why."""

import re
from collections.abc import Sequence
from itertools import zip_longest

from rag.features import asks_for, asks_for_several
from rag.quantity import lacks_rate, states_number
from rag.rivals import tells_of_another
from rag.text import ASKS_DAY, ASKS_HOUR, ASKS_WHEN, ASKS_YEAR, hanzi_value, in_standard_words, normalize
from rag.told_of import tells_of

NO_NUMBER = "文章谈到了这件事，但没有找到所问的数字。下面是最相近的原文，供参考。"
NO_TIME = "文章谈到了这件事，但没有找到所问的时间。下面是最相近的原文，供参考。"
NO_PERSON = "文章谈到了这件事，但没有找到所问的人。下面是最相近的原文，供参考。"
NO_PLACE = "文章谈到了这件事，但没有找到所问的地点。下面是最相近的原文，供参考。"
NO_REASON = "文章谈到了这件事，但没有找到所问的原因。下面是最相近的原文，供参考。"
UNSAID = "文章谈到了这个话题，但没有找到问题所问的内容。下面是最相近的原文，供参考。"
_UNSAID = {"number": NO_NUMBER, "date": NO_TIME, "person": NO_PERSON, "place": NO_PLACE, "reason": NO_REASON}
_WHICH_ONE = re.compile(r"哪一?[家个位所支]")  # 在哪家公司 asks for a name, not for a place
_ASKS_TIME = re.compile(rf"{ASKS_WHEN}|{ASKS_YEAR}|{ASKS_DAY}|{ASKS_HOUR}|\bwhen\b", re.IGNORECASE)
_STATES_TIME = re.compile(
    r"\d|[一二两三四五六七八九十半几数]+个?[年月日号天周]|世纪|年代|[今去前昨明当同次]年|[今昨明当同]天"
    r"|(?<![线以网])上个?[周月](?![边期活转])|(?<![资成基根])本[周月](?![期转])|下个?[周月](?!边)"
    r"|周[一二三四五六日末]|春节|元旦|国庆|双十|端午|中秋|[春夏秋冬][天季]|[寒暑]假"
    r"|[年月][初中末底]|季度|[今明昨当次]日|正月|腊月|清明|廿"
)
_ASKS_DAY = re.compile(rf"{ASKS_DAY}|几日")  # that a year alone does not tell; 这几日 alone asks for none
_STATES_DAY = re.compile(
    r"\d\s*(?:[月号]|日(?![之以]?内|的[^，。]{0,3}期))|[一二三四五六七八九十][月日号]|\d[-/.]\d|[天周季节旬昨]|[年月][初中末底]|[今明次当]日|工作日|q[1-4]"
    r"|正月|腊月|初[一二三四五六七八九十]|廿|[春夏秋冬]|元旦|清明|国庆|双十|端午|中秋|假"
)
_ASKS_HOUR = re.compile(ASKS_HOUR)
_ASKS_WHEN = re.compile(rf"{ASKS_WHEN}|\bwhen\b", re.IGNORECASE)  # a time of history or of day answers it, too
_OF_HISTORY = re.compile(
    r"[唐宋元明清秦汉隋晋金辽](?:朝(?![阳晖鲜])|代|末|初)|民国|战国|春秋|王朝|时期|(?<![多近数常十百])年间"
)
_OF_DAY = re.compile(r"凌晨|清晨|黎明|[早晚][上间晨]|上午|中午|正午|下午|傍晚|黄昏|[深半午夜]夜|夜[间里晚]|白天")
_STATES_HOUR = re.compile(rf"[一两二三四五六七八九十]点|全天|通宵|天[黑亮]|{_OF_DAY.pattern}")
_ASKS_HOW_LONG = re.compile(  # 这几年 is no question
    r"^(?!.*(?:为[什何啥]|怎|如何|什么|谁|哪|多少|吗[？?]?$)).*(?<![十好这那近前早头上第来去没])几(?:[天周年]|个月|个?(?:小时|钟头|星期)|分钟)(?![级间]|[之以]?[前后来])"
)
_STATES_HOW_LONG = re.compile(
    r"(?:\d|[一二两俩三四五六七八九十百千万半数几多每整])\s*[多余几来]?\s*(?:个|工作|自然|交易|营业|会计|财|赛)*"
    r"(?:[秒分时刻天日周月季年载岁代辈夜晚期]|小时|钟头|星期|世纪|礼拜|[上下]午)|\d[-/.:]\d"
    r"|\dh|t\+\d|[全当次隔]年|[全当次隔即][天日晚时刻]|[次按][日周月季]|永久|终[身生]|随时|立即|马上|一直|通宵"
)
_HAPPENED_ONCE = re.compile("成立|创[立办建]|上线|上市|开业|关[闭门停]|下[架线]|倒闭|推出|发布|收购|去世|出生")
LONGEST_PLAIN_NAME = 10  # code points, of one without quotation marks or Latin letters
LONGEST_CLAUSE = 16  # code points; in a longer one there may be a name
_ASKS_NAME = re.compile(
    r"叫什么|真名|什么名字|哪一?[家位所支]|哪个(?:公司|品牌|平台|机构|学校|单位|人|明星|演员|主播|老师|教授)|是谁"
    r"|谁[来是]?[写作创提发说讲领接主负设]"
)
_ASKS_MORE = re.compile(r"[，,].*(?:什么|怎|为何|哪|谁)")
_IN_NAME = re.compile(r"[《》“”「」『』A-Za-z·]")
_BEFORE_NAME = re.compile(r"^(?:[是叫为由]|[原取本]名|名为|前身是)+")
_IN_NO_NAME = re.compile(r"^[约这那的]|[是了有。]|的$|\d\s*[家个名位种年天%万亿]|[一二两三四五六七八九十几][家个名位]")
_BETWEEN = re.compile("[，,、；;]")
_AROUND = " ，,。、：:；;！!？?"
_LATER_ONE = re.compile(r"第\s*[0-9一二三四五六七八九十百]+\s*[期批届轮代]")  # 首期 is no 第二期
_OF_SERIES = re.compile(r"(?P<number>[0-9]+|[一二三四五六七八九十百]+)\s*(?P<what>[期批届轮代])")


def missing(question: str, sentences: Sequence[str], titles: str = "", headings: Sequence[str] = ()) -> str:
    """What a refusal says of what is missing in sentences: a number, a time, the 第二期 that is asked about; else "".

    A question may ask for none of these. What the titles of the articles name (第六届) need not stand in the sentences,
    nor what the heading above each of them says of its number (配送费).
    """
    text = " ".join(sentences)
    later = {one for named in _LATER_ONE.findall(normalize(question)) for one in _of_series(named) if one[0] > 1}
    if later - _of_series(normalize(f"{titles} {text}")):
        return UNSAID
    stated = any(_states_number(question, titles, *told) for told in zip_longest(sentences, headings, fillvalue=""))
    if not stated or lacks_rate(question, normalize(text)):
        return NO_NUMBER
    asked, told = in_standard_words(question), normalize(text)
    if not tells_of(asked, text, "person"):
        return NO_PERSON
    if not tells_of(asked, text, "place"):
        return NO_PLACE
    if not tells_of(asked, text, "name"):
        return UNSAID
    if _ASKS_HOW_LONG.search(asked) and not _STATES_HOW_LONG.search(told):
        return NO_TIME
    if not _ASKS_TIME.search(asked):
        return ""
    if not tells_of(asked, f"{titles} {text}", "date"):
        return NO_TIME
    if _ASKS_DAY.search(asked) and not _STATES_DAY.search(told):
        return NO_TIME
    if _STATES_TIME.search(told):
        return ""
    if _ASKS_HOUR.search(asked):
        return "" if _STATES_HOUR.search(told) else NO_TIME
    by_day = not _HAPPENED_ONCE.search(asked) and _OF_DAY.search(told)
    return "" if _ASKS_WHEN.search(asked) and (by_day or _OF_HISTORY.search(told)) else NO_TIME


def _states_number(question: str, titles: str, sentence: str, above: str) -> bool:
    if not states_number(question, sentence, above):
        return False
    asks_one = "number" in asks_for(question) and not asks_for_several(question)
    return not (asks_one and tells_of_another(question, sentence, f"{titles} {above}"))


def lacks_name(question: str, words: Sequence[str]) -> bool:
    """Whether a question asks for one name and none of the words that may answer it is one: 约70家公司, or its own."""
    asked = normalize(in_standard_words(question))
    asks = _ASKS_NAME.search(asked)
    if not words or not asks or asks_for_several(asked) or "number" in asks_for(asked):
        return False
    if _ASKS_MORE.search(asked, asks.end()):  # 是哪位，他说了什么
        return False
    return not any(_may_be_name(word.strip(_AROUND), asked) for word in words)


def _may_be_name(words: str, asked: str) -> bool:
    if normalize(words) in asked:
        return False
    parts = [_BEFORE_NAME.sub("", part) for part in _BETWEEN.split(words)]
    short = any(0 < len(part) <= LONGEST_PLAIN_NAME and not _IN_NO_NAME.search(part) for part in parts)
    return short or len(words) > LONGEST_CLAUSE or bool(_IN_NAME.search(words))


def unsaid(question: str) -> str:
    """What a refusal says of a question that no passage answers: which kind of thing is missing, if it asks for one."""
    kinds = asks_for(question)
    if "several" in kinds:
        kinds.discard("number")  # 看哪几个指标
    notices = [_UNSAID[kind] for kind in kinds & _UNSAID.keys()]
    return notices[0] if len(notices) == 1 and not _WHICH_ONE.search(question) else UNSAID


def _of_series(text: str) -> set[tuple[float, str]]:
    """The members of series that a normalised text names: (2, 期) of 第二期, 第2期 and 二期."""
    named = ((one["number"], one["what"]) for one in _OF_SERIES.finditer(text))
    values = ((float(number) if number.isdecimal() else hanzi_value(number), what) for number, what in named)
    return {(value, what) for value, what in values if value is not None}
