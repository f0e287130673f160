"""What a number is told of, where that is another country or brand than the question asks about."""

import re
from difflib import SequenceMatcher

from rag.text import is_foreign, normalize

ALIKE = 0.7  # of the letters of two Latin names, from which one may be a slip of the other: Steem, Steam

_REGIONS = {
    "中国": "香港 澳门 台湾",
    "东南亚": "泰国 越南 印尼 印度尼西亚 马来西亚 菲律宾 新加坡 缅甸 柬埔寨 老挝",
    "欧洲": "英国 法国 德国 意大利 西班牙 葡萄牙 荷兰 比利时 瑞士 奥地利 波兰 捷克 匈牙利 希腊 瑞典 挪威"
    " 芬兰 丹麦 爱尔兰 俄罗斯 乌克兰",
    "北美": "美国 加拿大",
    "拉美": "墨西哥 巴西 阿根廷 智利 秘鲁 哥伦比亚",
    "中东": "沙特 阿联酋 以色列 土耳其 伊朗 伊拉克 卡塔尔",
    "非洲": "埃及 南非 尼日利亚 肯尼亚 摩洛哥",
    "东亚": "日本 韩国 朝鲜 蒙古",
    "南亚": "印度 巴基斯坦",
    "大洋洲": "澳大利亚 澳洲 新西兰",
}
_OWN = "中国"  # in the names of many that are there: 中国计算机学会
_LIES_IN = {country: region for region, countries in _REGIONS.items() for country in countries.split()}
PLACES = "|".join(sorted({*_REGIONS, *_LIES_IN}, key=len, reverse=True))  # a regular expression of their names
_PLACE = re.compile(PLACES)
_HOME, _ABROAD = re.compile("国内(?!外)"), re.compile("海外|国外|境外")
_MORE_THAN_ONE = re.compile(  # of which each may be one
    f"{_ABROAD.pattern}|国内外|欧美|日韩|港澳|[中英]美|出海|全球|世界|国际|各国|新马泰|亚洲"
)
_NAME = re.compile(
    r"(?<![A-Za-z0-9])[A-Z][a-z]+[A-Za-z]+(?![A-Za-z])|(?<![A-Za-z0-9])[a-z]+[A-Z][A-Za-z]+"
    r"|(?<![A-Za-z0-9])[A-Z]{5,}(?![A-Za-z0-9])"
)  # no KOL, no app
_TERM = re.compile("AARRR|AIDMA|AISAS|ASEAN|BRICS|COVID|EBITDA|HTTPS|RARRA|[SPI]aaS|SCRUM|SMART")


def tells_of_another(question: str, text: str, around: str = "") -> bool:
    """Whether a text names other countries or brands than a question does, and none that the question names.

    `around` is what else says of whom the text tells: its title, the heading above it. A country lies in its region.
    A question in another language names them otherwise.
    """
    if is_foreign(question):
        return False
    return _of_another_place(question, text, around) or _of_another_name(question, text, around)


def _of_another_place(question: str, text: str, around: str) -> bool:
    whole = f"{around} {text}"
    if _side(question) and _side(whole) and _side(question) != _side(whole):
        return True
    asked, told = set(_PLACE.findall(question)), set(_PLACE.findall(whole))
    if not asked or not told - {_OWN} or _MORE_THAN_ONE.search(text):
        return False
    return not any(other in (one, _LIES_IN.get(one)) or _LIES_IN.get(other) == one for one in asked for other in told)


def _side(text: str) -> str:
    """国内 or 海外, where a text speaks of the one and not of the other; "" where it does not."""
    countries = {place for place in _PLACE.findall(text) if _OWN not in (place, _LIES_IN.get(place))}
    home, abroad = bool(_HOME.search(text)), bool(countries or _ABROAD.search(text))
    return "" if home == abroad else "海外" if abroad else "国内"


def _of_another_name(question: str, text: str, around: str) -> bool:
    asked, told = ([name for name in _NAME.findall(one) if not _TERM.fullmatch(name)] for one in (question, text))
    named = normalize(f"{around} {text}")
    if not asked or not told or any(normalize(name) in named for name in asked):
        return False
    return not any(_alike(one, other) for one in asked for other in told)


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio() >= ALIKE
