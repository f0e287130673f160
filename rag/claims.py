"""What a sentence of an LLM claims: not where it says that it stands, and not that the articles say nothing of it."""

import re

from rag.drafts import Draft
from rag.text import index_terms, normalize

SAME_QUESTION = 0.8  # share of a question's terms that are the reader's, from which it only repeats what was asked

# Words that only say where something stands, or greet: a claim without them is the same claim.
_TEXTS = r"(?:资料|材料|文章|文中|原文|上下文|文本|文档)"
_GIVEN = r"(?:以上|上述|上面|所?提供|给出|给定|已知|现有|目前|相关|这些|该|本|您|你|所|的|我)*"
_SAYS = r"(?:显示|提到|提及|指出|介绍|记载|写道|说明|可知|所述)"
_WHERE = re.compile(
    rf"(?:(?:^|(?<=[，,；;：:]))\s*(?:"
    rf"(?:根据|依据|依照|按照?|据|从|基于|结合){_GIVEN}{_TEXTS}\d{{0,2}}[中里内]?的?(?:内容|信息|描述|来看|{_SAYS})*[，,：:]"
    rf"|{_GIVEN}{_TEXTS}\d{{0,2}}[中里内]?(?:明确|还|也)?{_SAYS}(?![的了过屏])[，,：:]?"
    r"|(?:综上(?:所述)?|总(?:之|的来说|体来说|体而言|而言之|结来说)|简(?:而言之|单来说|言之)|由此可[见知])[，,：:]"
    r"))+"
)
_GREETING = re.compile(r"^(?:(?:好的|当然(?:可以)?|[您你]好|很?抱歉|对不起|不好意思|很?遗憾(?:的是)?)[，,！!。]\s*)+")

# That the articles do not say it: 资料未提及 of the prompt, and whatever else models write for it.
_NOT_STATED = re.compile(r"资料[中里内]?(?:并|均|都)?(?:未|没有?)(?:提及|提到)")
_NOT = r"(?:并|均|都|也|还|尚|暂|似乎|目前|里|对此)*(?:没有?|未|不曾|缺[乏少]|无)(?:有|能|曾)?"
_SAY = (
    r"(?:明确|直接|具体|详细|进一步)*地?"
    r"(?:提[及到供]|说明?|[写指标注]明|写|涉及|给出|包[含括]|记[载录]|披露|介绍|谈[及到]?|透露|回答|显示|列出|讨论|描述|交代|指出|答案)"
)
_RELATED = r"(?:任何|其他|更多|足够|直接|明确|具体|确切|相关|有关|对应|该|此|这[个一]?|与.{1,20}?|关于.{1,20}?)"
_ABOUT_IT = r"(?:内容|信息|资料|数据|记载|说明|答案|描述|介绍|报道)"
_BEFORE = r"(?:但是?|而|不过|然而|且|因此|所以|也|在|从|对于?|关于.{1,16}?|至于.{1,16}?|具体.{1,10}?|其|我)*"
_TEXTS_LACK = re.compile(rf"^{_BEFORE}{_GIVEN}{_TEXTS}[中里内]?{_NOT}(?:{_SAY}|{_RELATED}|{_ABOUT_IT})")
_FOUND_NOTHING = re.compile(
    rf"^{_BEFORE}{_NOT}(?:找到|检索到|查[询找]?到|发现|{_SAY})?{_RELATED}*的?{_ABOUT_IT}$|^{_NOT}(?:提[及到]|说明|写明)$"
)
_CANNOT_ANSWER = re.compile(
    rf"^(?:因此|所以|故|也|我|暂时?|目前|还|[根依]据{_GIVEN}{_TEXTS})*(?:无法|不能|难以|没法|无从)(?:从|根据|依据)?.{{0,16}}?"
    r"(?:得知|知道|知晓|确定|判断|获[知取]|得出|找到|回答|给出|作答|推断|确认)"
)
_UNKNOWING = re.compile(r"^我?(?:不知道|不清楚|不确定)$")
_ENGLISH_LACKS = re.compile(
    r"\b(?:materials?|articles?|passages?|sources?|documents?|context|texts?)\b.*\b(?:do|does|did)(?: not|n't)"
    r" (?:mention|say|state|contain|provide|specify|include)"
    r"|\bnot (?:mentioned|stated|found|specified|provided)\b.*\b(?:materials?|articles?|passages?|sources?)\b"
)
_CLAUSE = re.compile(r"(?:[^，,；;]|,(?=\d{3}))+[，,；;]?")
_GOES_ON = re.compile(
    r"^(?:但是?|不过|然而|而是?)?(?:只是?|仅仅?|也|还)*(?:提到|提及|指出|说明|写道|显示)了?(?!的)[，,：:]?|^(?:但是?|然而)(?!愿)"
)

# What is no claim, where nothing supports it: it is left out without a word.
_CLOSING = re.compile(
    r"^(?:希望.{0,12}(?:帮助|帮到|有用|满意)|(?:如果?|若)[您你]?.{0,12}(?:更多|其他|疑问|问题|需要|帮助|了解)|欢迎|祝[您你]"
    r"|请(?:[您你])?(?:随时|告诉我|告知|提供更多)|(?:谢谢|感谢)|(?:让|由)?我来(?:为[您你])?(?:回答|解答)|以上(?:就?是|内容|信息|回答)"
    r"|[您你]好|好的|当然|很?抱歉|对不起)"
)


def claim_of(text: str) -> tuple[str, bool]:
    """A sentence without what only says where it stands or that the articles lack something; and whether it says that.

    福利社关闭，资料未提及原因。 claims 福利社关闭。 The claim of 资料没有提到这一点。 is empty.
    """
    said = _WHERE.sub("", _GREETING.sub("", text)).strip()
    names_texts = bool(re.search(_TEXTS, normalize(text)))
    kept: list[str] = []
    declined = False
    for clause in _CLAUSE.findall(said):
        if denies_that_it_stands(clause, first=not kept, names_texts=names_texts):
            declined = True
        else:
            kept.append(_GOES_ON.sub("", clause) if declined and not kept else clause)
    if not declined:
        return said, False
    claim = "".join(kept).rstrip("，,；;")
    if claim and claim[-1].isalnum() and not said[-1].isalnum():
        claim += said[-1]
    return claim, True


def denies_that_it_stands(clause: str, *, first: bool, names_texts: bool) -> bool:
    """Whether a clause says that the articles do not say what is asked.

    One that names none of them does only as the `first` of its sentence: of others its subject may stand before. That
    something cannot be answered is said of the articles only where the sentence names them.
    """
    plain = normalize(clause).strip(" ,;.。!！*")
    if _ENGLISH_LACKS.search(plain):
        return True
    plain = plain.replace(" ", "")
    if _NOT_STATED.search(plain) or _TEXTS_LACK.search(plain):
        return True
    alone = _FOUND_NOTHING.search(plain) or _UNKNOWING.search(plain)
    return first and bool(alone or (names_texts and _CANNOT_ANSWER.search(plain)))


def repeats(claim: str, asked: str, titles: set[str]) -> bool:
    """Whether a sentence only asks again what was asked, or is the title of an article, as in a list of sources."""
    terms = set(index_terms(claim))
    if claim.endswith(("？", "?")):
        return len(terms & set(index_terms(asked))) >= SAME_QUESTION * len(terms)
    return normalize(claim).strip("《》。. ") in titles


def is_no_claim(draft: Draft) -> bool:
    """Whether a sentence greets, leads in, asks, is a heading, or says that it cannot answer."""
    text = draft.text.strip()
    return (
        draft.heading
        or text.endswith(("：", ":", "？", "?"))
        or bool(_CLOSING.search(text) or _CANNOT_ANSWER.search(text))
    )
