"""Words that make a question polite, or stand in its place, and ask nothing: 你好，请问…；能不能告诉我…；…谢谢."""

import re
from dataclasses import replace

from rag.text import ASKS_WHEN, simplify
from rag.types import Question

# What 下 is part of: 请问下一步怎么走, 请看下面三个问题; not in 介绍下方太.
_NEXT = (
    r"[面方列述边](?=[的这那几两三四五六七八九十\d：:，,\s]|一[个段篇]|问题|文章|材料)"
    "|一[届代步个期批轮次季年周月]|个[月周季]|[周月年](?=[的有会要，,发上开]|$)|半年|[次届代期批轮季]"
)
_BIT = f"(?:一下|下(?!{_NEXT}))"
_A_BIT = f"{_BIT}?"
_LOOK = (
    rf"(?:(?:查查|看看|找找|搜搜|问问|说说|讲讲|聊聊|告诉我(?!们)|(?:查|看|找|搜|问|说|讲|解释|介绍){_BIT})"
    rf"{_A_BIT}(?![是的]))"
)
_FOR_ME = "(?:帮我|帮忙|给我|跟我|替我)"
_COULD_YOU = "(?:(?:能不能|能否|可不可以|可以|可否|能|麻烦|劳驾|请)[你您]?)*"
_ARTICLES_SAY = (
    r"(?:(?:这些|库里的?)?(?:文章|资料|报道)(?:里|中)?(?:面)?)?"
    r"(?:(?:有没有|是否|是不是)(?:提到|说到|写到|讲到|谈到|提及|提|说|写|讲|谈)过?)?"
)
_BEFORE = re.compile(
    r"(?:[\s，,。！!：:~～]"
    r"|(?:你好呀?|您好|嗨)(?=[\s，,。！!~～请我想能麻帮])|(?:hi|hello|hey)\b"
    rf"|请问{_A_BIT}|请教{_A_BIT}"
    rf"|我?[很还就]?(?:想要?|需要)(?:了解|知道|请问|请教|问|弄清楚|搞清楚|搞明白|弄明白|确认){_A_BIT}(?!的是)"
    rf"|{_COULD_YOU}(?:{_FOR_ME}?{_LOOK}|{_FOR_ME}(?:[查看找搜](?!到)|解释|介绍)){_ARTICLES_SAY}"
    r"|(?:(?:can|could|would) you |please )+tell me\b|(?:i(?:'d| would) like|i want) to know\b"
    r")+",
    re.IGNORECASE,
)
_THANKS = "谢谢[你您啦了]?|多谢|感谢|麻烦[你您]?了|拜托[你您]?了?|求(?:解答?|告知)|thanks|thank you"
_AFTER = re.compile(
    rf"(?:[\s，,。！!~～]+|(?<=[?？吗呢吧么]))(?:{_THANKS})[\s。！!~～]*$",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf"(?<=[，,。！!])\s*请问{_A_BIT}[，,：:]?")
_ASKS = re.compile(
    rf"[?？]|谁|什么|啥|多少|几|哪|为何|怎|如何|是否|{ASKS_WHEN}|[吗呢么]$|\b(?:who|what|why|how|when|where|which)\b",
    re.IGNORECASE,
)
_GREETING = r"你好[呀啊]?|您好|大家好|嗨|哈[啰喽]|在吗|早上好|下午好|晚上好|早安|晚安|hi|hello|hey"
_WHO = r"(?:那?[你您]是(?:谁|什么|哪位)|[你您]叫什么(?:名字)?|who are you)"
_FINE = (
    r"(?:好[的吧啊]?|行|可以了?|嗯+|哦+|噢|ok(?:ay)?|知道了|明白了?|懂了|收到|了解了|没事了?|不用了|再见|拜拜|bye|辛苦了"
    rf"|{_THANKS})"
)
_ON_ITS_OWN = {  # what stands in the place of a question
    "greeting": re.compile(rf"(?:(?:{_GREETING})[\W_]*)+", re.IGNORECASE),
    "who": re.compile(rf"(?:(?:{_GREETING})[\W_]*)?{_WHO}[呀啊呢]?[\W_]*", re.IGNORECASE),
    "fine": re.compile(rf"(?:{_FINE}[啦了哈呀啊]?[\W_]*)+", re.IGNORECASE),
    "more": re.compile(r"(?:请?(?:继续|接着|再)(?:往下)?说?(?:下去|一下)?|还有[呢吗么]|还有别的吗|更多)[\W_]*"),
}
FEWEST = 3  # letters of a question that stands by itself


def asks(text: str) -> bool:
    """Whether a text has a word or a mark that asks."""
    return bool(_ASKS.search(simplify(text)))


def courtesy_of(text: str) -> str:
    """What a text is that stands in the place of a question: a "greeting", "who" answers, "fine", "more"; else ""."""
    simple = simplify(text).strip()
    return next((kind for kind, pattern in _ON_ITS_OWN.items() if pattern.fullmatch(simple)), "")


def without_courtesy(text: str) -> str:
    """A question without what only makes it polite; as it is where the rest would not ask anything."""
    simple = simplify(text)
    if len(simple) != len(text):  # offsets in one are not those in the other
        return text
    before = _BEFORE.match(simple)
    start = before.end() if before else 0
    after = _AFTER.search(simple, start)
    end = after.start() if after else len(text)
    cuts = [(m.start(), m.end()) for m in _INSIDE.finditer(simple, start, end)]
    kept = zip([start, *(b for _, b in cuts)], [*(a for a, _ in cuts), end], strict=True)
    rest = "".join(text[a:b] for a, b in kept).strip()
    return rest if asks(rest) and sum(char.isalnum() for char in rest) >= FEWEST else text


def plain(question: Question) -> Question:
    """A question, and what was asked before it, without courtesy, and without turns that were nothing else."""
    history = []
    kept = True
    for message in question.history:
        if message.role == "user":
            kept = not courtesy_of(message.content)
        if kept:
            history.append(message)
    return replace(question, history=tuple(history)).changed(without_courtesy)
