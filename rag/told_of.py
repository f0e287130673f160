"""What a question asks the number, the time or the kin of must be named by what answers, in its words or others.

一年赚了多少钱 is not answered by what was sold, and 哪天关门 not by the day of the opening.
"""

import re
from collections.abc import Mapping

from rag.text import normalize

_Patterns = Mapping[re.Pattern[str], re.Pattern[str]]

# What stands behind a word that only says which thing, or when: 收购后, 融资的公司.
_SAYS_WHICH = r"[之以]?[前后]|时(?!间)|那[年天]|的(?!$|[?。]|时间|日|年|金?额|钱|数|费|比例|总|具体|是|多少)"


def _compiled(patterns: Mapping[str, str]) -> _Patterns:
    return {re.compile(rf"(?:{asked})(?!{_SAYS_WHICH})"): re.compile(told) for asked, told in patterns.items()}


def _measured(what: str) -> str:
    """The pattern of a question for how much of something there is; 盈利家居 may be a name."""
    return rf"(?:多少|几)[^，。,.]{{0,4}}(?:{what})|(?:{what})(?=[^，。,.]{{0,10}}(?:多少|几|占比|百分之|多[大高])|呢)"


def _asked_of(kin: str) -> str:
    """The pattern of a question for a relation of somebody: 谁是他妻子, 他妻子叫什么."""
    return rf"(?:{kin})(?:的名字)?(?:是谁|是哪|叫)|谁是[^，。,.]*(?:{kin})"


# Words of a normalised question, and those of which a normalised text must have one.
_TOLD: Mapping[str, _Patterns] = {
    "money": _compiled(
        {
            _measured(r"利润(?!率)|盈利|赚(?!钱)|亏"): r"利润|盈利|净利|赚|亏|赔",
            _measured(
                r"营收|营业额|销售额|成交额|交易额|流水|gmv"
            ): r"收|营业|卖|销|业绩|产值|成交|交易|流水|gmv|规模|元",
            _measured(r"估值"): r"估值|市值|身价",
            _measured(r"市值"): r"市值",
            r"罚[了款金没]|被?罚多少": r"罚",
            _measured(r"提成|抽成|佣金"): r"提成|抽|佣|扣|分成|返|费",
            r"融资(?!租赁)|注资": r"融|投|轮|注资|筹|募",
            r"收购|并购|买下(?!来?的[^？?])": r"收购|并购|买|作价|对价|换股|拿下|交易",
            _measured(r"预算"): r"预算|经费|成本|费用|资金|花|投入",
            _measured(r"首付"): r"首付",
            _measured(r"赞助"): r"赞助",
            _measured(r"报名"): r"报名",
            _measured(r"奖金"): r"奖",
            _measured(r"学费"): r"学费|学杂费|免费",
            _measured(r"违约金"): r"违约|赔",
        }
    ),
    "audience": _compiled(
        {
            _measured(r"[月日]活"): r"活|用户|人|[md]au",
            _measured(r"粉丝|涨粉"): r"粉",
            _measured(r"下载量"): r"下载|安装",
            _measured(r"播放量"): r"播放|观看|看",
        }
    ),
    "date": _compiled(
        {
            r"关门|关[闭停张]|停[业运播更产刊]|下[架线]|倒闭": r"[关停撤至到期]|下[架线]|倒闭|退出|告别|终止|结束|歇业",
            r"上市|敲钟|ipo": r"上市|敲钟|挂牌|ipo|招股|交易所",
            r"通车": r"通车|开通|运营|首班|运行",
            r"开庭": r"开庭|庭审|审理|宣判|审判",
            r"出生|生日": r"[生诞岁]",
            r"[去逝过]世": r"逝|[去过离]世|病故|卒|牺牲|死|终年",
            r"结婚": r"[婚嫁娶]",
            r"毕业": r"毕业|[学届]",
            r"[离卸]任|[离辞]职|退休": r"离|卸任|[辞退]|接任|继任|转任|不再",
            r"当[上选]?[^，。？?]{0,10}(?:校长|主任|经理|总裁|ceo)": r"[任当接聘选]|上位|担|履新",
        }
    ),
    "person": _compiled(
        {
            _asked_of(r"妻子|老婆|太太|爱人|丈夫|老公|配偶"): r"妻|老婆|太太|夫|爱人|老公|配偶|[婚嫁娶]",
            _asked_of(r"父亲|母亲|爸爸|妈妈|父母"): r"[父母爸妈子女]",
            _asked_of(r"儿子|女儿|孩子|子女"): r"[子女儿孩]",
        }
    ),
}


def tells_of(question: str, text: str, *kinds: str) -> bool:
    """Whether a text names what a question asks for of some kinds (money, audience, date, person), where it does ask.

    A question may name more than one: 营收和净利润各是多少 is answered by a sentence on each.
    """
    asked, told = normalize(question), normalize(text)
    wanted = [words for kind in kinds for of, words in _TOLD[kind].items() if of.search(asked)]
    return not wanted or any(words.search(told) for words in wanted)
