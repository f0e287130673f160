"""Whether a sentence says the opposite of the words that it is cited from: 上升 of 下降, 收门票 of 不收门票."""

import re
from collections.abc import Hashable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from rag.negation import NOT_DENIED_BY_BU, NOT_DENIED_BY_WU
from rag.text import CJK, figures, index_terms, normalize, numeral

SAME_WORDS = 0.5  # share of a clause's terms in another, from which both speak of the same thing
SAME_FIGURE = 0.2  # the same, where both state the same figure, which is no date
NEARLY = 0.8  # of the nearest clause's share: others so near may be meant as well

# What cannot both be said of one thing. A clause that has words of both sides is not judged by them.
_OPPOSITES = (
    (
        r"上[升涨调扬]|增[长加至到持]|提[升高]|[升涨]至|[升涨]到|升[为值]|攀升|扩大|走高|涨了",
        r"下[降跌调滑]|减[少至持]|降低|[降跌]至|[降跌]到|降为|贬值|缩[小减]|萎缩|走低|跌了",
    ),
    (r"盈利|净利|净赚|赚了", r"亏损|净亏"),
    (
        r"(?<!不)超过?(?!市)|(?<!不)[高多大]于|逾|突破|以上",
        r"不[足到](?=[\s\d一二三四五六七八九十百千半])|(?<!不)[低少小]于|未[达满]|不超过|以下|(?<![最附])近(?=\s*\d)",
    ),
    (r"(?<!未)达到|[高已]达", r"不[足到](?=[\s\d一二三四五六七八九十百千半])|未达(?!成)"),
    (r"[年已]满(?=\s*\d)", r"未满"),
    (r"[高多]达", r"低至|少至"),
    (r"最[高大多快早]", r"最[低小少慢晚]"),
    (r"[快高多优早]于", r"[慢低少劣晚]于"),
    (r"可能|或许|也许|或将|有望", r"一定|必[然定将]|肯定|势必|已经|已[^\W\d_]"),
    (
        r"计划(?=[在于将投建推开到今明\d])|打算|有意|准备|即将|将[于在会]|拟[于在将]?",
        r"已经|(?<!早)已(?!久)|建成|[完落]成",
    ),
    (r"部分|一些|少数|个别", r"全部|所有|全体|一律|每[个位家名]"),
    (r"暂(?!停)", r"永[远久]|从[来不]|始终"),
    (r"[仍还正]在", r"(?<!未)结束|终止"),
    (r"独自|独立|单独|一人", r"共同|一[起同]|联[合手]"),
    (r"上午", r"下午|晚上"),
    (r"之前|以前|截止前", r"之后|以后|截止后"),
    (r"同意|支持|赞成", r"反对"),
    (r"成功", r"失败"),
    (r"领先", r"落后"),
    (r"进口|流入|买入", r"出口|流出|卖出"),
    (r"加[快速]", r"放缓"),
    (r"延长|推迟", r"缩短|提前"),
)
_PAIRS = tuple((re.compile(one), re.compile(other)) for one, other in _OPPOSITES)
_DENIAL = re.compile(  # and what it reaches
    rf"(?:并非|没有?|(?<![不无])不(?![{NOT_DENIED_BY_BU}到超])|不得(?!不|已)|无(?![{NOT_DENIED_BY_WU}])|未(?!来|[达满](?!成))|禁止|严禁|拒绝|谢绝"
    r"|否认|免(?=[交收缴费付征除]))(?P<reach>\W?\w{1,8})"
)
_NO_DENIAL = re.compile(r"不[得能可会]不|无不|不无|[会是能]不[会是能]|有没有")
_WHO = re.compile(r"由(?P<who>[^\W\d_]{2,8}?)(?P<does>承担|负责|支付|缴纳|提供|出资|管理|运营|负担)")
_CURRENCY = re.compile(r"美[元金]|欧元|日元|港[元币]|英镑|韩元|卢布|泰铢|人民币|(?<=[\d万亿千百])\s*元")
_CALLED = {"美金": "美元", "港币": "港元", "元": "人民币"}
_COUNT = re.compile(  # 五个车 of 五个车间, 九年, 第三名; one is seldom a count, 十几 and 三十多 are about as many
    rf"(?<![几数\d.一二两三四五六七八九十百千万])(?P<number>\d{{1,3}}(?![\d.,])|[二两三四五六七八九十]{{1,3}}|(?<=第)一)\s*(?P<of>个?[{CJK}])"
)
_NO_MEASURE = "几多余来百千万亿点元块分"  # 分 is a part as well as a minute
_TEMPERATURE = re.compile(r"(?P<below>零下|(?<!\d)-)?\s*(?P<degrees>\d+(?:\.\d+)?)\s*(?:°c|摄氏度|度)")
_DATE = re.compile(r"\d+\s*[年月日号]")
_END = re.compile(r"[，；：。！？;:!?\n]|,(?!\d{3})")


@dataclass(frozen=True)
class _Clause:
    """A clause, normalised."""

    text: str

    @cached_property
    def terms(self) -> set[str]:
        return set(index_terms(self.text))

    @cached_property
    def figures(self) -> set[str]:
        """But for those of dates."""
        return figures(_DATE.sub(" ", self.text))

    @cached_property
    def denied(self) -> list[str]:
        """What each denial in it reaches."""
        return [match["reach"] for match in _DENIAL.finditer(_NO_DENIAL.sub(" ", self.text))]

    @cached_property
    def counts(self) -> dict[str, set[int]]:
        """Small numbers, in digits or as numerals, by what they count."""
        counts: dict[str, set[int]] = {}
        for match in _COUNT.finditer(self.text):
            if match["of"][-1] not in _NO_MEASURE:
                counts.setdefault(match["of"], set()).add(numeral(match["number"]))
        return counts

    @cached_property
    def temperatures(self) -> set[tuple[bool, str]]:
        return {(bool(match["below"]), match["degrees"]) for match in _TEMPERATURE.finditer(self.text)}

    @cached_property
    def currencies(self) -> set[str]:
        return {_CALLED.get(name := match[0].strip(), name) for match in _CURRENCY.finditer(self.text)}

    def nearness(self, other: "_Clause") -> float:
        """Share of its terms in another clause; 0 where it is small or the figures differ: they are of two things."""
        if _is_disjoint(self.figures, other.figures):
            return 0
        share = len(self.terms & other.terms) / max(1, len(self.terms))
        return share if share >= (SAME_FIGURE if self.figures & other.figures else SAME_WORDS) else 0

    def contradicts(self, other: "_Clause") -> bool:
        """Whether only one of two clauses on one thing denies it, or they say opposites of it, but not both.

        Also where they count it otherwise, in another currency, or on the other side of zero degrees.
        """
        opposite = any(_stand_apart(self.text, other.text, *pair) for pair in _PAIRS)
        return (
            _denies(self, other) != opposite
            or _is_disjoint(self.currencies, other.currencies)
            or _is_disjoint(self.temperatures, other.temperatures)
            or any(_is_disjoint(self.counts[of], other.counts[of]) for of in self.counts.keys() & other.counts.keys())
        )


def says_the_opposite(text: str, cited: Sequence[str], around: str) -> bool:
    """Whether a clause of a text says the opposite of the clause that is nearest to it in the cited sentences.

    Who does something is another one where `around`, the normalised passages, names both: 顾客 may be the 消费者 of the
    article, 商家 may not where it speaks of both.
    """
    sources = _clauses("\n".join(cited))
    for clause in _clauses(text):
        nearness = [clause.nearness(source) for source in sources]
        near = [s for s, share in zip(sources, nearness, strict=True) if share and share >= NEARLY * max(nearness)]
        if near and all(clause.contradicts(s) or _is_of_another(clause, s, around) for s in near):
            return True
    return False


def _clauses(text: str) -> list[_Clause]:
    return [_Clause(clause) for clause in _END.split(normalize(text)) if any(map(str.isalnum, clause))]


def _denies(clause: _Clause, other: _Clause) -> bool:
    """Whether one of two clauses denies words of the other, which denies nothing."""
    if bool(clause.denied) == bool(other.denied):
        return False
    denied, said = (clause.denied, other) if clause.denied else (other.denied, clause)
    return any(set(index_terms(reach)) & said.terms for reach in denied)


def _stand_apart(text: str, other: str, one: re.Pattern[str], opposite: re.Pattern[str]) -> bool:
    has, also = ((bool(one.search(t)), bool(opposite.search(t))) for t in (text, other))
    return has[0] != has[1] and also == (has[1], has[0])


def _is_disjoint(some: Set[Hashable], others: Set[Hashable]) -> bool:
    return bool(some and others) and not some & others


def _is_of_another(clause: _Clause, source: _Clause, around: str) -> bool:
    said, cited = _WHO.search(clause.text), _WHO.search(source.text)
    if not said or not cited or said["does"] != cited["does"]:
        return False
    return not set(index_terms(said["who"])) & set(index_terms(cited["who"])) and said["who"] in around
