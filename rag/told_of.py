"""What a question asks the number, the time or the kin of, and what is no answer since it tells another thing.

一年赚了多少钱 is not answered by what was sold, and 哪天关门 not by the day of the opening.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.rivals import PLACES
from rag.text import normalize

# What stands behind a word that only says which thing, or when: 收购后, 融资的公司.
_SAYS_WHICH = r"[之以]?[前后]|时(?!间)|那[年天]|的(?!$|[?。]|时间|日|年|金?额|钱|数|费|比例|总|具体|是|多少)"
_MEASURED = (  # what else there may be so much of, of which a sentence tells that does not tell what is asked for
    r"营收|收入|营业额|销售额|成交|交易额|gmv|估值|市值|融资|利润|用户|[月日]活|粉丝|下载|播放|阅读|点赞|订单|销量|份额|占比"
    r"|单价|均价|运价|售价|费|租金|房租|工资|[年月底]薪|补[贴助]|救助|门票|押金|保证金|佣金|投资"
)
_BEGINS = r"开[业张店播服]|上[线架]|推出|成立|发布|启动|开始|创[办立]|诞生|入驻"


@dataclass(frozen=True)
class _Rule:
    """Where words of a question ask for something (`asked`), a text must have some of the words `told`.

    It need not where it has none of `others`, the words of other things: there are more ways to tell it than are known.
    Without `others` it must.
    """

    asked: re.Pattern[str]
    told: re.Pattern[str]
    others: re.Pattern[str]


def _rule(asked: str, told: str, others: str = "") -> _Rule:
    return _Rule(re.compile(rf"(?:{asked})(?!{_SAYS_WHICH})"), re.compile(told), re.compile(others))


def _of(what: str, told: str, others: str = _MEASURED) -> _Rule:
    """The rule of how much of something there is, which is asked beside 多少: 盈利家居 may be a name."""
    near = rf"(?:多少|几)[^，。,.]{{0,4}}(?:{what})|(?:{what})(?=[^，。,.]{{0,10}}(?:多少|几|占比|百分之|多[大高])|呢)"
    return _rule(near, told, others)


def _kin(who: str, told: str) -> _Rule:
    """The rule of a relation of somebody: 谁是他妻子, 他妻子叫什么."""
    return _rule(rf"(?:{who})(?:的名字)?(?:是谁|是哪|叫)|谁是[^，。,.]*(?:{who})(?=$|[?。])", told)


_RULES: dict[str, Sequence[_Rule]] = {  # of normalised text
    "money": (
        _of(r"利润(?!率)|盈利|赚(?!钱)|亏", r"利润|盈利|净利|净收[益入]|溢利|纯收入|赚|挣|创利|损失|亏|赔|套现"),
        _of(r"营收|营业额|销售额|成交额|交易额|流水|gmv", r"收|营业|卖|销|业绩|产值|成交|交易|流水|gmv|规模"),
        _of(r"估值", r"估值|市值|身价|价值"),
        _of(r"市值", r"市值|市场价值"),
        _rule(r"罚[了款金没]|被?罚多少", r"罚|处以?\s*\d|没收|滞纳", _MEASURED),
        _of(r"提成|抽成|佣金", r"提成|抽|佣|扣|分成|返|费|[归拿给]"),
        _rule(r"融资(?!租赁)|注资", r"融|投|轮|[注增]资|筹|募|集资", _MEASURED),
        _rule(
            r"收购|并购|买下(?!来?的[^？?])",
            r"收购|并购|买|花|作价|[对开出]价|换股|拿[下到]|交易|[受转]让|控股|股权",
            _MEASURED,
        ),
        _of(r"预算", r"预算|经费|成本|费用|资金|花|投[入资]|支出|拨款|人均|总价|中标|造价"),
        _of(r"首付", r"首[付期]", others=""),
        _of(r"赞助", r"赞助|冠名", others=""),
        _of(r"报名", r"报[名考]|考生|参赛"),
        _of(r"奖金", r"奖|获得|冠军|年终|全勤"),
        _of(r"学费", r"学费|学杂费|免费|收费|培养费|学年"),
        _of(r"违约金", r"违约|赔|解约|退租"),
    ),
    "audience": (
        _of(r"[月日]活", r"活|用户|人|[md]au|访问"),
        _of(r"用户", r"用户|人|活|[md]au|访问|注册|下载|粉|会员|户"),
        _of(r"粉丝|涨粉", r"粉|关注|订阅"),
        _of(r"下载量", r"下载|安装|装机"),
        _of(r"播放量", r"播放|看|点击|浏览"),
    ),
    "date": (
        _rule(
            r"关门|关[闭停张]|停[业运播更产刊]|下[架线]|倒闭",
            r"[关停撤至到期]|下[架线]|倒闭|破产|清算|注销|解散|退出|告别|谢幕|终止|结束|歇业|打烊|末班|截止|不再|取消",
            _BEGINS,
        ),
        _rule(
            r"[港上深北纽]交所|纳斯达克|敲钟|ipo",
            r"上市|敲钟|挂牌|ipo|招股|公开募股|交易所|[港上深北纽]交所|纳斯达克|登陆|[港美]股|发行|首发",
        ),
        _rule(r"通车", r"通车|开[通行]|运[营行]|首班|投入使用|[投启]用|建成|竣工|贯通"),
        _rule(r"开庭", r"[庭审]|宣判|传票"),
        _rule(
            r"几点(?:结束|散场)|[演开放播业][到至]几点",
            r"[至到~～—–-]|结束|[散止完闭关收幕]|打烊|末班|时长|小时|通宵|全天|天亮",
        ),
        _rule(
            r"当[上选]?[^，。？?]{0,10}(?:校长|主任|经理|总裁|ceo)",
            r"[任当接聘选]|上位|担|履新|成为|执掌|升",
            r"创[办立]|成立|始建|出生|毕业",
        ),
    ),
    "person": (
        _kin(r"妻子|老婆|太太|爱人|丈夫|老公|配偶", r"[妻婚嫁娶夫]|老[婆公]|太太|爱人|配偶|领证|另一半|伉俪|皇后|王妃"),
        _kin(r"父亲|母亲|爸爸|妈妈|父母", r"[父母爸妈子女儿爹娘]"),
        _kin(r"儿子|女儿|孩子|子女", r"[子女儿孩娃父母爸妈]|千金|宝宝"),
    ),
    "place": (
        _rule(
            r"哪[里儿]的?人(?![才员群口])|什么地方的?人(?![才员群口])|籍贯|老家[在是]哪|出生[在于]哪|在哪[里儿]?出生",
            rf"出生|生于|籍|老家|老乡|同乡|[家故]乡|来自|长大|[省市县镇村]|人氏|[^个家本何别商他这那路前老新名用]人(?=[^㐀-鿿]|$)|{PLACES}",
        ),
        _rule(  # 选了哪条路 asks for no street
            r"(?<!走)(?:[在于到住近沿][^，。？?走选]{0,4}哪一?条路(?![线径子])|哪一?条(?:马路|大?街|街道|巷子?|弄堂?|胡同))",
            r"[路街道巷弄里]|胡同",
        ),
    ),
    "name": (  # of which nearly every one says what it is
        _rule(r"哪一?[家个]?出版(?:社|公司)", r"出|书[局店馆]|社|[a-z]|中信|三联|译林"),
        _rule(
            r"哪一?[所个](?:大学|学校|高校|院校|学院|[中小]学)|[学读念][的于在是过]{0,3}哪一?所(?=$|[?。])",
            r"[学院校]|毕业|考[入上取进]|录取|[就攻在念]读|念|[硕博]士|本科|[a-z]"
            r"|清华|北大|复旦|交大|浙大|北外|哈佛|耶鲁|斯坦福|牛津|剑桥",  # are named without 大学
        ),
    ),
}


def tells_of(question: str, text: str, *kinds: str) -> bool:
    """Whether a text may tell what a question asks for of some kinds (money, audience, date, person, place, name).

    It does not where it tells of other things alone. A question may name more than one thing: 营收和净利润各是多少 is
    answered by a sentence on each.
    """
    asked, told = normalize(question), normalize(text)
    rules = [rule for kind in kinds for rule in _RULES[kind] if rule.asked.search(asked)]
    return not rules or any(rule.told.search(told) or not rule.others.search(told) for rule in rules)
