"""那2023年呢, 淘宝呢: the last question with what is named anew in the place of what it named."""

import re

from rag.mentions import PRONOUN, unlisted, with_head, words
from rag.rivals import PLACES
from rag.surnames import COMMON_SURNAMES
from rag.text import CJK, numeral
from rag.words import LONGEST, general_words

LATIN = re.compile(r"[A-Za-z][\w&.+-]*[A-Za-z0-9]")
COMMON_LATIN = re.compile(
    r"app|c[emtf]o|coo|gmv|roi|kol|mcn|ai|pdf|ip|id|pc|vip|dau|mau|wh(?:at|ich|o|en|ere|y)|how|is|are|was|were|do|does|did|an?|the|of|in"
    r"|to|and|there|about|its?|they|their|this|that|he|she",
    re.IGNORECASE,
)
_MODEL = r"[A-Za-z][A-Za-z0-9&.+-]*(?: ?\d+[A-Za-z]*)?(?![A-Za-z0-9])"  # of a thing: X5, Note 9, iPhone 15 Pro
TIME = re.compile(
    r"(?:\d{2,4}年|[今去前明]年)(?:\d{1,2}月份?|第?[一二三四]季度|[上下]半年)?(?:\d{1,2}[日号])?"
    r"|(?:\d{1,2}|十[一二]?|[一二三四五六七八九])月份?(?:\d{1,2}[日号])?|第?[一二三四]季度|[上下]半年|[今明昨后前]天|[上这本下]个?[月周]|上个?季度|第[一二三四五六七八九十\d]+[天周年]"
)
_YEARS_ON = re.compile(
    r"(?:再?过了?)?(?P<years>[一二两三四五六七八九十]+|\d{1,2})年(?:之|以)?(?P<way>[后前])|(?P<next>[前上后下次])一?年"
)
_AFTER_TIME = re.compile("(?:[一总]共|合计|的时候|那会儿|那时候?|的)$")
_YEAR = re.compile(r"(?<!\d)\d{4}(?=年)")
_RANGE = re.compile(rf"(?:{TIME.pattern})(?:\s*[到至~～—–-]\s*(?:{TIME.pattern}))?")
ELLIPSIS = re.compile(
    r"^(?:那么?|然后|还有|and\b)?[，, ]*"
    r"(?:(?P<new>[^，,。？?！!]{1,16}?)呢[？?！!。]*|(?:what|how) about (?P<english>[^?]+)\??)$",
    re.IGNORECASE,
)
OF_A_TIME = re.compile(
    rf"^(?:那么?)?[，, ]*(?P<new>{TIME.pattern})(?:的时候|那会儿|那时候?|当时)?(?:又?[是有])?"
    r"(?:多少|几[个次家款种]|什么样?|怎么样|如何)[？?了呢的 ]*$"
)
# 章小蕙又是什么时候: the same is asked again.
AGAIN = re.compile(
    r"^(?:那么?)?[，, ]*(?P<new>[^，,。？?！!它他她这那]{2,12}?)又是?"
    r"(?:什么(?:时候)?|多少|几[个次家年]|怎么样?|如何|为什么|哪[个些年天里儿]|谁)[？?了呢的 ]*$"
)
_MEASURE = re.compile("[率额量数费金价税活]$")  # 日活, 客单价: what has a number, whatever it is of
_FIGURE = re.compile(
    r"gmv|roi|dau|mau|[^\W_的它他她这那]{0,8}(?:[率额量数费金价税活]|营收|收入|利润|[估市]值|成本|份额|增速|亏损|用户|粉丝|员工)",
    re.IGNORECASE,
)
_LONGEST_FIGURE = 4  # letters, of one that no 的 sets apart: 净利润
_ASKS_FIGURE = re.compile(r"(?:大[概约]|[一总]共|现在|目前)*(?:是|有|达到?|为)?(?:多少|多[高大]|几个点|几成)")
_ASKS_WHO = re.compile(r"是(?:谁|哪一?[位个]人?)[？?]?$")
_PERSONS = re.compile(
    r"^[^是]{0,8}(?:人|老板|上司|下属|搭档|同[事伴学]|老[师公婆]|[父母]亲|妻子|丈夫|作者|董事长?|经理|总[监裁]|ceo)$",
    re.I,
)
_NUMBER = r"(?:[一二三四五六七八九十]+|\d+)"
_OF_SERIES = re.compile(rf"(?:第?{_NUMBER}|首)[期届轮批场季代次版档集章步]|第{_NUMBER}[个种家位项点款条]")
_PLACE = re.compile(f"(?:{PLACES})(?:[、和]?(?:{PLACES}))*")
_IN_A_PLACE = re.compile(rf"在?(?P<place>{_PLACE.pattern})(?:市场|地区|那[边里儿]|当地|本土|站)?")
_AT = re.compile(f"(?<![现正存所实])在(?P<where>[{CJK}]{{2,{LONGEST}}})")
_ASKS_ALL_OF_IT = re.compile(  # the whole last question: under a condition, beside something, of a part (加厚的)
    r"^(?:如果|要是|万一|假如|假设|超过|不到|不足|低于|高于|[跟和与同].|比(?![例亚如]).)|^[同环]比$"
    r"|^(?!.*(?:什么|啥|怎|如何|为何|哪|谁|几|多[少久大高长])).+的$"
)
PERSON = re.compile(rf"(?P<name>[{COMMON_SURNAMES}][㐀-鿿]{{1,2}})(?:$|[的在和为对去来]|创业|加入|担任|出生|毕业|离职)")


def with_topic(topic: str, text: str, last: str) -> str:
    """A question with its topic in the place of the pronoun, or before it; as it is where it holds the topic."""
    if not topic or topic in text:
        return text
    topic = with_head(last, topic)
    if PRONOUN.search(text):
        return PRONOUN.sub(lambda _: topic, text, count=1)
    return f"{topic} {text}"


def exchanged(new: str, topic: str, text: str, last: str) -> str:
    """那2023年呢, 那在日本呢, 拼多多的Temu呢: the last question with what is new in the place of the old.

    What may be a subject (淘宝), or asks all of it again (如果退货), is asked beside the whole last question; a detail
    of what was spoken of (保证金) only takes the topic along.
    """
    new = _reckoned(new, last)
    if TIME.fullmatch(new):
        return _at(new, last)
    if _ASKS_ALL_OF_IT.search(new) and not PRONOUN.search(new):
        return f"{last} {text}"
    if of_its_kind := of_series(new, last) or _elsewhere(new, last) or _of_figure(new, last):
        return of_its_kind
    latin = LATIN.search(new)
    if latin and not COMMON_LATIN.fullmatch(latin[0]):
        if model := re.search(rf"[{CJK}]{{0,{latin.start()}}}{_MODEL}", last):
            return f"{last[: model.start()]}{new}{last[model.end() :]}"
        return asked_of(new, topic, last) or f"{new} {last}"
    if is_name(new) and PERSON.fullmatch(new) and PERSON.match(topic) and (of_another := asked_of(new, topic, last)):
        return of_another
    if _may_be_subject(new) and not latin:
        return f"{last} {text}"
    if (asks := _ASKS_WHO.search(last)) and _PERSONS.search(new):
        return with_topic(topic, f"{new}{asks[0]}", last)
    return with_topic(topic.partition("的")[0] if _MEASURE.search(topic) else topic, text, last)


def _reckoned(new: str, last: str) -> str:
    """What is new as a time, counted from that of the last question: 两年后, 前一年; 2024年的 is one."""
    time = _AFTER_TIME.sub("", new)
    new = time if TIME.fullmatch(time) else new
    on, year = _YEARS_ON.fullmatch(new), _YEAR.search(last)
    if not (on and year):
        return new
    years = numeral(on["years"]) if on["years"] else 1
    return f"{int(year[0]) + (-years if (on['way'] or on['next']) in '前上' else years)}年"


def _at(time: str, last: str) -> str:
    return _RANGE.sub(time, last, count=1) if TIME.search(last) else f"{time} {last}"


def of_series(new: str, last: str) -> str:
    """第二场 after 第一场卖了多少; "" where the last question names none, or several."""
    own = [named for named in _OF_SERIES.finditer(last) if named[0][-1] == new[-1]]
    if len(own) != 1 or not _OF_SERIES.fullmatch(new):
        return ""
    return f"{last[: own[0].start()]}{new}{last[own[0].end() :]}"


def _elsewhere(new: str, last: str) -> str:
    """日本 or 在日本 after 在美国有多少用户; beside the whole last question, where that is of no one place."""
    place, places = _IN_A_PLACE.fullmatch(new), list(_PLACE.finditer(last))
    if place and len(places) == 1:
        return f"{last[: places[0].start()]}{place['place']}{last[places[0].end() :]}"
    if new.startswith("在") and (at := _AT.search(last)):
        heads = (at["where"][:length] for length in range(LONGEST, 1, -1))
        if where := next((word for word in heads if word in general_words()), ""):
            return f"{last[: at.start()]}{new}{last[at.start('where') + len(where) :]}"
    return f"{last} 在{place['place']}" if place else ""


def _of_figure(new: str, last: str) -> str:
    """净利润, or 2023年的净利润, after 营收是多少 or 有多少用户; "" where the last question asks for no figure."""
    time, asks = TIME.match(new), _ASKS_FIGURE.search(last)
    figure = new[time.end() :].removeprefix("的") if time else new
    if not (asks and _FIGURE.fullmatch(figure)):
        return ""
    before, after = last[: asks.start()], last[asks.end() :]
    if own := _FIGURE.match(after):
        made = f"{before}{asks[0]}{figure}{after[own.end() :]}"
    elif old := _figure_at_end(before):
        made = f"{before.removesuffix(old)}{figure}{asks[0]}{after}"
    else:
        return ""
    return _at(time[0], made) if time else made


def _figure_at_end(text: str) -> str:
    """What a text ends with that is measured: 活跃用户 of 唯品会的活跃用户, 净利润 of 小红书净利润."""
    whole = text.rpartition("的")[2] if "的" in text else ""
    ends = (text[at:] for at in range(max(0, len(text) - _LONGEST_FIGURE), len(text) - 1))
    known = (word for word in ends if word in general_words() or word in words())
    return next(filter(_FIGURE.fullmatch, [whole, *known]), "")


def _may_be_subject(new: str) -> bool:
    """Whether what is new may be what the last question is asked of, 淘宝 or 京东国际, or names nothing (现在)."""
    rest = unlisted(new, ("linking", "framing"))
    if not rest:
        return not (PRONOUN.search(new) or new[0] in "这那我你不")
    whole = rest == [new] and unlisted(new, ("asking",)) == [new]
    return whole and bool(unlisted(new)) and not _MEASURE.search(new)


def asked_of(new: str, topic: str, last: str) -> str:
    """The last question of another name than its topic begins with; "" where it begins with none."""
    name = name_of(topic)
    return last.replace(name, new, 1) if is_name(name) and name in last else ""


def name_of(topic: str) -> str:
    """What a topic begins with: 毛文超 of 毛文超创业, 小红书 of 小红书的月活."""
    person = PERSON.match(topic)
    return person["name"] if person else topic.partition("的")[0]


def is_name(word: str) -> bool:
    """Whether a word is of no general Chinese, ends in none, and measures nothing: 小红书, not 妥投时效 or 日活."""
    if LATIN.fullmatch(word):
        return not COMMON_LATIN.fullmatch(word)
    ends = (word[at:] for at in range(len(word) - 1))
    return unlisted(word) == [word] and not _MEASURE.search(word) and not any(end in general_words() for end in ends)


def names_a_detail(text: str) -> bool:
    """Whether a text is 保证金呢: of what was spoken of, neither at another time nor of another name."""
    ellipsis = ELLIPSIS.match(text.strip())
    new = ellipsis["new"] or "" if ellipsis else ""
    return bool(new) and not (TIME.search(new) or LATIN.search(new) or is_name(new))
