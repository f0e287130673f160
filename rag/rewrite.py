"""A follow-up as a question that stands alone: without a language model, and the same every time.

A small linear model (rag/mentions.py) says whether a question leans on the one before it, and which words of that one
it leaves out. Rules say where they go, and what little an earlier answer may give.
"""

import re
from collections.abc import Collection, Sequence
from itertools import islice

from rag.exchange import (
    AGAIN,
    COMMON_LATIN,
    ELLIPSIS,
    LATIN,
    OF_A_TIME,
    PERSON,
    TIME,
    asked_of,
    exchanged,
    is_name,
    name_of,
    names_a_detail,
    of_series,
    with_topic,
)
from rag.given import BETWEEN, counted_off, person_named, things_listed, without_notices
from rag.mentions import PERSONS, PRONOUN, left_out, listed, score, unlisted, weights, word_at, words
from rag.text import ASKS_DAY, ASKS_WHEN, ASKS_YEAR, CJK, simplify
from rag.types import Question
from rag.words import LONGEST, general_words

NAME = 8  # letters; the first clause of an answer up to this long is the name that was asked for
SHORT = 10  # letters; a question up to this long seldom names its subject
NAMES = 7  # letters of words that name something; a question with more names its subject
OPENING = 3  # letters; a pointer within them is of the whole question: 那这家公司
LEANS, LEANS_SHORT = -1.0, -2.0  # log odds from which a question leans on the one before it
LOOK_BACK = 12  # messages
READ = 200  # code points of an answer

# Names, as people quote them: no long quotation, and no "word" of an English question.
_QUOTED = re.compile(r"《([^》]{1,120})》|“([^”]{2,120})”|「([^」]{1,120})」|『([^』]{1,120})』")
_ASKING = re.compile(
    r"什么|啥|怎|如何|为何|多[少久大高长远]|哪|谁|几[个次种家款岁点年]|何[时地]|是否|[吗呢吧？?]|(.)[不没]\1"
)
_POINTS = re.compile(
    r"[这那][个些种次项家篇里样时两位笔一首部本儿书歌剧人边款]|该(?:计划|公司|平台|业务|模式|应用|集团|片|书|剧|队|校|品牌|产品)|[它他她]俩"
    r"|上述|前者|后者|其中|(?<![与尤极])其(?![他它实余次])|此[外次]|第[一二三四五六七八九十\d]+[个种家位项点款条]|^.{0,2}里[面边]"
    r"|(?<!留)剩下(?=[的那两三四五六七八九\d])|^其余|^那?后来(?!呢)|那会儿"
    r"|\b(?:its?|they|their|this|that)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"^(?:什么是|何谓)|是(?:(?:什么|啥)(?:意思)?|(?:干嘛|干啥|干什么|做什么)的)[？?]?$")
_THESE = re.compile("(?:就|只有|除了?)[这那]些(?:[之以]?外)?")
_MORE = re.compile(r"还有|别的|其他|后来|然后|接着|具体|详细|展开|继续|比如|举个?例子?")
_OF_WHAT_WAS_SAID = re.compile(
    r"[那这]?(?:有没有|有什么|有|是)?(?:具体|相关)?(?:数据|证据|依据|出处|来源|原话|原文|案例)"
    r"(?:支[持撑])?(?:是(?:什么|哪里|哪儿)|在哪[里儿]?|怎么说的?|吗|呢)"
    r"|你?(?:确定|肯定)吗?|[这那]?是?什么意思|(?:说)?(?:简单|通俗)一?点?[说讲]?|总结一下"
)
_BARE = re.compile(r"为什么|为何|为啥|真的|原因|谁说")
_ASKS_WHEN = re.compile(f"{ASKS_WHEN}|{ASKS_DAY}|{ASKS_YEAR}")
_CHANGES = re.compile("(?:增长|[涨降跌升增减缩翻滑快慢高低贵])+|便宜")  # 下降了多少 tells not of what
_BESIDE = re.compile("^(?:那么?)?(?:如果|要是|万一|假如|假设|一旦|除了|除开|跟|和|与|比|在|对)|[后时比前]$|时候$|的话$")
_DIGIT = re.compile(r"\d")
_GOES_ON = re.compile(
    "那么?(?=要是|如果|假如|万一|最|得(?!物)|能(?!源)|会(?![计员])|还|又|是(?!非)|有(?!赞)|怎|为什么|多[少久大高长远])"
)
# What something does to another, and what that makes of it: the clause before tells of the other.
_ON_IT = re.compile(
    "对它们?(?!的)[^，,。？?]{0,6}(?:影响|威胁|冲击|好处|坏处)"
    "|它们?[能会可以还要将又]*(?:不?[能会])?(?:接[住下过手盘]|承接|抢[到走下]|分[到走]|吃下|取代|替代|顶[上替]|填补|受益|趁机|补位)"
)
_PARTICLES = frozenset("得地所")
_WANTS_LIST = re.compile("哪[些几两三]")
_TWO = re.compile("[他她它]们?俩|两人|[这那]两个?[人家位]|[两二]者|^两[家个款种](?![月年周星小])")
_PEOPLE = re.compile(
    "商家|[卖买]家|顾客|客户|消费者|用户(?![数量])|员工|店主|[骑歌选]手|主播|博主|[达红]人|创作者|供应商|网友|学生|家长|老人|工人"
)
# 北美欧洲那个呢, and 管户外的那个呢: another of the kind that was spoken of.
_ANOTHER_ONE = re.compile(
    r"^(?:那么?)?[，, ]*(?P<which>[^，,。？?！!它他她这那哪]{2,12}那[个款家种篇本部只条场])呢"
    r"(?:(?P<alone>[？?。 ]*)$|[，,])"
)
_HAS_SUCH = re.compile("[有在]|的(?![？?]?$)")  # what it is asked of may have several: SHEIN在欧洲有几个仓
_SHARE = re.compile("(?:大[概约])?占(?:了|到|总|全|整|多少|几|百分)")  # of what the last question asks the number of
_AT_THE_TIME = re.compile(f"^那?(?P<event>[{CJK}]{{1,3}}?)了?[之以]?[前后]")

_ASKED_NAME = re.compile(r"叫什么|叫啥|什么名字|的.*是谁|[靠被由]谁|^谁|哪一?[位家款个]|\bwho\b", re.IGNORECASE)
_ASKS_WHO = re.compile(rf"谁|{_ASKED_NAME.pattern}", re.IGNORECASE)


def stand_alone(question: Question, names: Collection[str] = ()) -> str:
    """The query for a question: itself, or in simplified characters with what it leaves out.

    That is taken from the questions before it. An earlier answer gives words only where the question can hardly mean
    anything else: one of the things that it lists (第二个), or the name that was asked for and given. A question that
    follows another without an answer between them is part of what is asked at once: it takes all of that one along.

    `names` are what the articles call something in quotation marks, and do not speak of everywhere: one in an earlier
    question is the topic, unless a pronoun points elsewhere; no part of it is carried over, but the whole.
    """
    asked: list[str] = []
    typed = answer = listing = ""
    carried: set[str] = set()

    def whole(text: str, *, unanswered: bool = False) -> str:
        for earlier in asked if names else ():
            span = left_out(earlier, text, answer)
            carried.update(name for name in names if not PRONOUN.search(text) or _cuts(span, name, earlier))
        asked[:] = [_marked(earlier, carried) for earlier in asked]
        if names_a_detail(text) and names_a_detail(typed) and asked[-1] != typed:
            asked[-1] = asked[-1].removesuffix(typed).strip() or asked[-1]
        return _made_whole(text, asked, answer, listing, unanswered=unanswered)

    for message in question.history[-LOOK_BACK:]:
        if message.role == "user":
            text = simplify(message.content)
            made = whole(text)
            asked.append(_marked(_of_another(text, made, asked, answer), carried))
            typed, answer = text.strip(), ""
        else:
            answer = simplify(without_notices(message.content)[:READ])
            if not counted_off(typed, listing):  # 第一个 and 第二个 are of one list
                listing = answer
    text = simplify(question.text)
    unanswered = bool(question.history) and question.history[-1].role == "user"
    query = whole(text, unanswered=unanswered)
    typed = "".join([question.text, *(message.content for message in question.history if message.role == "user")])
    if carried and "“" not in typed:
        query = query.replace("“", "").replace("”", "")  # they only kept the name together
    return question.text if query == text else query


def _cuts(span: str, name: str, text: str) -> bool:
    """Whether two code points or more of a span lie in a name, where both stand first in a text: 海领航计划收费."""
    at, named = text.find(span), text.find(name)
    return min(at, named) >= 0 and min(at + len(span), named + len(name)) - max(at, named) > 1


def _marked(text: str, names: Collection[str]) -> str:
    """A text with the longest of the names that it holds in quotation marks, unless something is in such marks."""
    name = max((name for name in names if name in text), key=len, default="")
    return text.replace(name, f"“{name}”", 1) if name and not _quoted(text) else text


def is_follow_up(question: Question) -> bool:
    """Whether a question needs those before it: it refers back, or does not name its subject."""
    asked = [simplify(message.content) for message in question.history if message.role == "user"]
    return bool(asked) and _leans(simplify(question.text), asked[-1])


def refers_back(text: str) -> bool:
    """Whether a question says that it is about what was spoken of before: 它, 这家, 第二个, 那淘宝呢."""
    text = simplify(text)
    return bool(
        PRONOUN.search(text) or _POINTS.search(text) or ELLIPSIS.match(text.strip()) or AGAIN.match(text.strip())
    )


def without_pointers(text: str) -> str:
    """A question with blanks for the words that refer to something before it: 它, 这家, 前者, 第二个."""
    return _POINTS.sub(" ", PRONOUN.sub(" ", text))


def lean_features(text: str, asked: str) -> list[str]:
    """What shows whether a question leans on the one that was asked before it."""
    rest = unlisted(text)
    asking = _ASKING.search(text)
    first = unlisted(text[: asking.start()] if asking else text)
    topic = left_out(asked, "")
    opening, kind = words().get(word_at(text, 0), "other"), "question" if asking else "statement"
    found = [
        "always",
        f"length {min(len(text), 30) // 2}",
        f"names {_letters(rest, 12)}",
        f"names first {_letters(first, 8)}",
        f"{kind}, names first {_letters(first, 8)}",
        f"longest name {_letters([max(rest, key=len, default='')], 6)}",
        f"opens {opening}",
        f"opens {opening}, names first {_letters(first, 4)}",
    ]
    found += ["refers"] * bool(PRONOUN.search(text) or _POINTS.search(text))
    found += ["named"] * _is_named(text)
    found += sorted(f"has {word}" for word in listed(text))
    if topic and topic in text:
        found.append("has the topic")
    elif any(len(run) > 1 and run in asked for run in rest):
        found.append("repeats a part")
    return found


def _letters(runs: Sequence[str], most: int) -> int:
    return min(sum(map(len, runs)), most)


def _is_named(text: str) -> bool:
    """Whether a text quotes a name, or writes one in Latin letters."""
    return bool(_QUOTED.search(text)) or not all(map(COMMON_LATIN.fullmatch, LATIN.findall(text)))


def _leans(text: str, asked: str) -> bool:
    if any(p.match(text.strip()) for p in (ELLIPSIS, OF_A_TIME, AGAIN, _ANOTHER_ONE, _SHARE)) or _asks_of_what_was_said(
        text
    ):
        return True
    if (at := _AT_THE_TIME.match(text)) and at["event"] in asked and len(text) <= SHORT:
        return True
    if _DEFINES.search(text) and unlisted(text) and not PRONOUN.search(text) and not _POINTS.search(text):
        return False
    if _says_of_whom(text):
        return False
    follows = len(text) <= SHORT or _GOES_ON.match(text)
    return score(lean_features(text, asked), weights()["leans"]) > (LEANS_SHORT if follows else LEANS)


def _says_of_whom(text: str) -> bool:
    """Whether a question holds what it refers to: 郑钦文红了，她代言什么; or names much, without a pointer."""
    if _ON_IT.search(text):
        return False
    if pronoun := PRONOUN.search(text):
        before = re.split(r"[，,。？?！!；;]", text[: pronoun.start()])[:-1]
        names_much = _letters(unlisted(" ".join(before)), NAMES + 1) > NAMES
        return names_much or any(map(_is_of_a_name, before))
    pointer = _POINTS.search(text)
    return not (pointer and pointer.start() < OPENING) and _letters(unlisted(text), NAMES + 1) > NAMES


def _is_of_a_name(clause: str) -> bool:
    """Whether a clause has a subject that holds no word of general Chinese, 郑钦文, not 海关扣货; or is 那京东呢."""
    if _BESIDE.search(clause):
        return False
    if clause.endswith("呢"):
        return True
    pairs = [[run[at : at + 2] for at in range(len(run) - 1)] for run in unlisted(clause) if not _DIGIT.search(run)]
    return _is_named(clause) or any(two and not any(word in general_words() for word in two) for two in pairs)


def _made_whole(text: str, asked: Sequence[str], answer: str, listing: str, *, unanswered: bool = False) -> str:
    """A question with what it leaves out; `asked` are the questions before it, complete, the last one last.

    `listing` is the answer whose things it may count off.
    """
    if not asked or not text.strip():
        return text
    if not _leans(text, asked[-1]) and not (unanswered and len(text) <= SHORT and _is_general(text)):
        return text
    if _asks_for_more(text):
        return f"{asked[-1].rstrip('？?')} {text}"
    typed, text = text, _with_both_named(text, asked, answer)
    if text != typed:
        return _of_the_other(text, asked)
    if another := _ANOTHER_ONE.match(text.strip()):
        return _of_another_one(another["which"] if another["alone"] is not None else "", text, asked)
    topic = _referent(text, asked, answer)
    if _says_only_how(text):
        return " ".join([*unlisted(asked[-1], ("asking", "linking")), text])
    ellipsis = ELLIPSIS.match(text.strip())
    if counted := counted_off(text, listing):
        before = counted_off(asked[-1], listing)
        if before and ellipsis and (of_another := of_series(ellipsis["new"] or "", asked[-1])):
            return of_another.replace(before, counted, 1)
        return f"{topic.removesuffix(before).strip()} {counted} {text}".strip()
    if again := OF_A_TIME.match(text.strip()) or AGAIN.match(text.strip()):
        return exchanged(again["new"], topic, text, asked[-1])
    if ellipsis:
        return exchanged(ellipsis["new"] or ellipsis["english"], topic, text, asked[-1])
    if unanswered and not PRONOUN.search(text) and not _POINTS.search(text):
        return f"{asked[-1].rstrip('？?')} {text}"
    return with_topic(topic, text, asked[-1])


def _of_another_one(which: str, text: str, asked: Sequence[str]) -> str:
    """What is asked of another one than the last question is of, or beside that, where it is of what may have several.

    `which` is what alone the question names; empty where it asks more than that.
    """
    topics = [_quoted(question) or left_out(question, "") for question in reversed(asked)]
    name = name_of(topics[0])
    if not is_name(name) or _HAS_SUCH.search(asked[-1].partition(name)[2]):
        return f"{asked[-1]} {text}"
    others = (topic for topic in topics[1:] if topic and name not in topic)
    return f"{next(others, '')} {asked[-1].replace(name, which, 1) if which else text}".strip()


def _quoted(text: str) -> str:
    """The first name in quotation marks, without them; empty where there is none."""
    found = _QUOTED.search(text)
    return next(filter(None, found.groups())) if found else ""


def _with_both_named(text: str, asked: Sequence[str], answer: str) -> str:
    """A question with what 前者 and 后者 mean in their place, unless it stands in the list that was asked for."""
    wants_list = _WANTS_LIST.search(asked[-1]) and things_listed(answer)
    pair = None if wants_list or not re.search("前者|后者", text) else _pair(asked)
    return text.replace("前者", pair[0]).replace("后者", pair[1]) if pair else text


def _of_the_other(text: str, asked: Sequence[str]) -> str:
    """前者 or 后者呢, named: the last question of that one of the two; any other question as it is."""
    ellipsis, pair = ELLIPSIS.match(text.strip()), _pair(asked) or ("", "")
    if not ellipsis:
        return text
    for new, old in (pair, pair[::-1]):
        if ellipsis["new"] == new and old in asked[-1]:
            return asked[-1].replace(old, new, 1)
    return f"{asked[-1]} {text}"


def _pair(asked: Sequence[str]) -> tuple[str, str] | None:
    """The two things that the latest question of two is about, or the latest two questions that differ in a name."""
    later, name = "", ""
    for question in reversed(asked):
        topic = left_out(question, "")
        match BETWEEN.split(topic):
            case [first, second] if first and second and " " not in topic:
                return first, second
        first = name_of(topic)
        if name and first and first != name and question.replace(first, name, 1) == later:
            return first, name
        later, name = question, first
    return None


def _referent(text: str, asked: Sequence[str], answer: str) -> str:
    """What a question refers to: a name just given, else the last topic, else an earlier one that fits 他 or 它."""
    pronoun = PRONOUN.search(text)
    about_a_person = pronoun is not None and pronoun[0] in PERSONS
    if pronoun and pronoun[0].endswith("们"):
        together, in_turn = _pair(asked[-1:]), _pair(asked[-2:]) or ("", "")
        if together or all(map(PERSON.match, in_turn)) or (all(in_turn) and pronoun[0] == "它们"):
            return "和".join(together or in_turn)
        if pronoun[0] != "它们" and (people := _PEOPLE.findall(asked[-1])):
            of = left_out(asked[-1], text, answer)
            return of if not of or people[-1] in of else f"{of}的{people[-1]}"
    if about_a_person and _ASKS_WHO.search(asked[-1]) and (name := person_named(answer, asked[-1])):
        return name
    if (pronoun or _POINTS.search(text)) and _ASKED_NAME.search(asked[-1]):
        given = re.split(r"[，,；;。？?！!\n]", answer)[0]
        short = about_a_person and len(given) <= NAME and unlisted(given)
        if name := _quoted(answer) or (re.sub("^[是叫由靠]", "", given) if short else ""):
            return name
    topics = [_quoted(question) or left_out(question, text, answer) for question in reversed(asked)]
    if _TWO.search(text) and is_name(topics[0]) and not BETWEEN.search(topics[0]):
        others = (topic for topic in topics[1:] if topic not in topics[0] and is_name(topic))
        return " ".join([*islice(others, 1), topics[0]])
    if pronoun and (named := next((topic for topic in topics if topic and topic in text[: pronoun.start()]), "")):
        return named
    fitting = (topic for topic in topics if topic and bool(PERSON.match(topic)) is about_a_person)
    return next(fitting, topics[0]) if pronoun else topics[0]


def _says_only_how(text: str) -> bool:
    """Whether a question names nothing but when, why or how much: 哪天, 为什么, 下降了多少; and points at nothing."""
    if PRONOUN.search(text) or _POINTS.search(text) or TIME.search(text):
        return False
    if (_BARE.search(text) and not unlisted(text)) or _SHARE.match(text):
        return True
    rest = unlisted(text, ("asking", "linking"))
    asks = _ASKING if rest else _ASKS_WHEN
    return bool(asks.search(text)) and all(map(_CHANGES.fullmatch, rest))


def _asks_for_more(text: str) -> bool:
    """Whether a question only wants more of what was asked before it, 具体点 or 后来呢, or asks of what was said."""
    rest = _THESE.sub(" ", text)
    says_more = (rest != text or _MORE.search(rest)) and not unlisted(_MORE.sub(" ", rest))
    points = any(p.search(rest) for p in (PRONOUN, _POINTS, TIME, _BARE))
    return bool(says_more and not points) or _asks_of_what_was_said(text)


def _asks_of_what_was_said(text: str) -> bool:
    return bool(_OF_WHAT_WAS_SAID.fullmatch(text.strip(" ？?。！!")))


def _of_another(text: str, made: str, asked: Sequence[str], answer: str) -> str:
    """A question as those after it see it: 淘宝呢, asked beside the last, is the last of 淘宝; 具体点 is the last."""
    if asked and _asks_for_more(text):
        return asked[-1]
    ellipsis = ELLIPSIS.match(text.strip())
    if not (ellipsis and asked and made == f"{asked[-1]} {text}" and is_name(ellipsis["new"] or "")):
        return made
    return asked_of(ellipsis["new"], _referent(text, asked, answer), asked[-1]) or made


def _is_general(text: str) -> bool:
    """Whether a text is made of words of general Chinese alone: 实际完成得怎么样."""
    letters = "".join(filter(str.isalnum, text))
    ends = {0}  # where such words may end
    for at in range(len(letters)):
        following = (letters[at : at + length] for length in range(1, LONGEST + 1) if at in ends)
        ends |= {
            at + len(word)
            for word in following
            if word in words() or word in _PARTICLES or (len(word) > 1 and word in general_words())
        }
    return len(letters) in ends
