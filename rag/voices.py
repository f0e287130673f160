"""Who says so: whose word a quoted sentence is, told from its reporting verb and who stands before it.

Rules, not a model: they speak up where the sentence names its source or shows that it judges, and say "unclear" else.
"""

import re

from rag.surnames import SURNAMES

OFFICIAL, MEDIA, PARTY, MERCHANT, ANONYMOUS, AUTHOR, UNCLEAR = VOICES = (
    "official",  # an organisation, an authority, or a person who speaks for one
    "media",  # another medium, which the article cites
    "party",  # a person with a name, who tells of his own
    "merchant",  # a merchant without a name
    "anonymous",  # anybody else without a name, and hearsay
    "author",  # the author judges, guesses or advises
    "unclear",
)
CHINESE = dict(zip(VOICES, ("官方", "媒体", "当事人", "匿名商家", "匿名人士", "作者观点", "未注明"), strict=True))
CONTEXT = 60  # code points around a quotation in which its speaker is looked for

_DONE = "(?<![未没])(?<!没有)"  # who has not answered says nothing
_SAYS = (
    rf"{_DONE}(?:表示|(?<!号)[指声宣]?称(?!为|之|号|呼|得上|不上|霸)|(?<![小述来再话虽据听可如])说(?![明法服起到来不话])|透露|指出|认为|回应(?!速度|率|时间)|公告|告诉|坦言|直言"
    r"|强调|介绍(?!页|信)|补充(?!协议|材料)|写道|爆料|反馈(?!渠道|率|机制)|吐槽|解释(?!权)|提醒(?=[，,：:说大]|我们)|感叹|回忆|反思|提出(?!的)|谈到|发声|承认|否认|披露)"
)
_NEAR = r"[^，。；！？,;!?\n]{0,24}?"
_MEDIUM = (
    r"(?:《[^》]{1,12}(?:报|周刊|日报|晚报|时报|新闻|财经|杂志)》|彭博社?|路透社?|新华社|法新社|央视|财新|澎湃新闻|36氪|晚点"
    r"|[\u4e00-\u9fff]{1,6}(?:日报|晚报|时报|新闻网|通讯社)|(?:有|多家|国内|海外|外国|当地|据)媒体|媒体报道)"
)
_OFFICE = (
    r"(?:创始人|创办人|CEO|CMO|CFO|COO|CTO|首席[\u4e00-\u9fff]{1,4}官|董事长|总裁|总经理|副总|高管|发言人|新闻官"
    r"|局长|部长|主任|(?<!商家)负责人|合伙人)"
)
_BODY = (
    r"(?:官方|公告|声明|通报|财报|年报|招股书|白皮书|内部信|[网信监管部门委办局院署会]{2,4}(?=表示|称|公告|要求|指出|[\u4e00-\u9fff]{0,4}约谈)"
    r"|公司|集团|平台|方面)"
)
_MERCHANT = r"(?:商家|卖家|店主|店家|个体户|经销商|供应商)"
_PEOPLE = (
    r"(?:网友|用户|消费者|读者|粉丝|博主|员工|人士|机构负责人|从业者|买手|主播|投资人|朋友|创业者|店员"
    r"|专家|律师|分析师)"
)
_SOME = r"(?:有|一位|一名|某|某位|多位|多名|部分|不少|许多|一些|很多|几位|上述|受访|据|被邀请|受邀)"
_NAME = rf"(?<![\u4e00-\u9fff])[{SURNAMES}][\u4e00-\u9fff]{{1,2}}?"

_HEARSAY = re.compile(r"据悉|据称|据说|据传|被传|传闻|听说|坊间|有消息称|消息称|爆料|传出")
_JUDGES = re.compile(
    r"或许|也许|恐怕|可能(?!面临|会导致)|大概率|估计|想必|似乎|看来|不难(?:看出|发现)|可以看出|由此可见|可见[,，]|显然|毕竟|未必|难免|势必|注定"
    r"|我们(?:都知道|认为|可以|不难)|在我看来|笔者|个人认为|从(?:底层逻辑|某种程度|这个角度|长远)[^，,。]{0,6}|在某种程度|当然[,，]|并非是|值得(?:注意|思考|肯定)|问题在于|可惜|遗憾"
    r"|应该|应当|需要(?:更|进一步)|不妨|更像是|意味着"
)
_QUOTED = re.compile(r"[“「『][^”」』]*[”」』]?")

_RULES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (MEDIA, re.compile(rf"{_MEDIUM}{_NEAR}(?:{_SAYS}|报道|引用|援引|消息)|据{_MEDIUM}|(?:引用|援引){_MEDIUM}")),
    (MERCHANT, re.compile(rf"{_SOME}{_NEAR}{_MERCHANT}(?!负责人){_NEAR}{_SAYS}|{_MERCHANT}们?{_SAYS}")),
    (ANONYMOUS, re.compile(rf"{_SOME}{_NEAR}{_PEOPLE}{_NEAR}{_SAYS}|{_PEOPLE}们?{_SAYS}")),
    (
        OFFICIAL,
        re.compile(rf"{_OFFICE}{_NEAR}{_SAYS}|{_BODY}{_NEAR}{_SAYS}|来自[^，,。]{{1,12}}的?(?:数据|公告)显示|官方数据"),
    ),
    (
        PARTY,
        re.compile(
            rf"(?:{_NAME}|[\u4e00-\u9fff]先生|[\u4e00-\u9fff]女士)(?:曾|也|还|向[^，,。]{{1,10}}|对[^，,。]{{1,10}}|则|对此){{0,3}}{_SAYS}"
        ),
    ),
    (
        OFFICIAL,
        re.compile(
            rf"[\u4e00-\u9fffA-Za-z]{{2,12}}(?:给出|[作做]出)?{_DONE}(?:宣布|回应(?!速度|率|时间)|公布|披露|公告|(?:发布|发出)(?:声明|公告))"
        ),
    ),
    (ANONYMOUS, _HEARSAY),
)


def voice_of(text: str, start: int, end: int) -> str:
    """Whose word the sentence at a span of an article's text is: one of VOICES.

    A reporting verb counts with who stands before it; where the sentence is (part of) a quotation, its speaker is also
    looked for right before and right after it. Words inside of quotation marks report nothing themselves.
    """
    told = _QUOTED.sub("“”", text[start:end])
    if voice := _reported(told):
        return voice
    if _is_quotation(text, start, end):
        before = text[max(0, start - CONTEXT) : start].rsplit("\n\n", 1)[-1]
        after = text[end : end + CONTEXT].split("\n\n", 1)[0]
        return _reported(_QUOTED.sub("“”", after)) or _reported(_QUOTED.sub("“”", before)) or UNCLEAR
    return AUTHOR if _JUDGES.search(told) else UNCLEAR


def _reported(told: str) -> str:
    """Who is named as the one who says it, by the first rule that fits; "" where nobody is."""
    return next((voice for voice, pattern in _RULES if pattern.search(told)), "")


def _is_quotation(text: str, start: int, end: int) -> bool:
    """Whether a sentence stands inside of quotation marks, or is nothing but a quotation."""
    inside = text.rfind("“", max(0, start - 400), start) > text.rfind("”", max(0, start - 400), start)
    sentence = text[start:end].strip()
    return inside or (sentence[:1] in "“「『" and sentence.rstrip("。！？.!?")[-1:] in "”」』")
