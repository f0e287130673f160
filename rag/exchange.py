"""那2023年呢, 淘宝呢: the last question with what is named anew in the place of what it named."""

import re

from rag.mentions import PRONOUN, unlisted, with_head
from rag.surnames import COMMON_SURNAMES
from rag.text import CJK, numeral
from rag.words import general_words

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
_YEARS_ON = re.compile(r"(?:再?过了?)?(?P<years>[一二两三四五六七八九十]+|\d{1,2})年(?:之|以)?(?P<way>[后前])")
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
_MEASURE = re.compile("[率额量数费金价税活]$")  # 日活, 客单价: what has a number, whatever it is of
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
    """那2023年呢, 拼多多的Temu呢: the last question with the new time or subject in the place of the old.

    What may be a subject or a detail (淘宝呢, 直播呢) is asked beside the whole last question; what is more than a name
    (如果退货呢) only takes the topic along.
    """
    if (on := _YEARS_ON.fullmatch(new)) and (year := _YEAR.search(last)):
        years = numeral(on["years"])
        new = f"{int(year[0]) + (years if on['way'] == '后' else -years)}年"
    if TIME.fullmatch(new):
        return _RANGE.sub(new, last, count=1) if TIME.search(last) else f"{new} {last}"
    latin = LATIN.search(new)
    if latin and not COMMON_LATIN.fullmatch(latin[0]):
        if model := re.search(rf"[{CJK}]{{0,{latin.start()}}}{_MODEL}", last):
            return f"{last[: model.start()]}{new}{last[model.end() :]}"
        return asked_of(new, topic, last) or f"{new} {last}"
    if is_name(new) and PERSON.fullmatch(new) and PERSON.match(topic) and (of_another := asked_of(new, topic, last)):
        return of_another
    if unlisted(new) == [new] and not latin and not _MEASURE.search(new):
        return f"{last} {text}"
    return with_topic(topic.partition("的")[0] if _MEASURE.search(topic) else topic, text, last)


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
