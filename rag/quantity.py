"""What a question for a number wants counted, and whether words state such a number."""

import re

from rag.text import blanks, figures, in_standard_words, normalize
from rag.told_of import tells_of

# What must stand after a number that answers 多少家, 多少钱, … : the measure word itself, or one that counts the same.
_MEASURES = {
    **dict.fromkeys(
        "人名位", "[人名位万亿]|家(?=[商企公品])|个(?:人|员工|用户|商家|客户|粉丝|博主|成员|同事|店员|工人|学生|老师)"
    ),
    **dict.fromkeys("家店", "[家店个间万余多]"),
    **dict.fromkeys("单件笔", "[单件笔万亿]"),
    **dict.fromkeys("钱元块", "[元块钱美港万亿wk%]|[日欧韩新]元(?![旦宵])|英镑"),
    "岁": "[岁后]",  # 28岁, 90后
    "成": "[%‰成半]",
}
_FREE = re.compile(r"免费(?!用户|会员|版)")
_TABLE_ROW = re.compile(r" \| .*\d|(?:^|[,\t])\s*\d+(?:\.\d+)?\s*(?:[,\t]|$)")  # 胶装,A4,8,1本
_SIGNS = re.compile(r"[¥$€£]\s*\d")  # of money, before its number
_ASKS_MEASURE = re.compile(r"多少(?P<measure>[人名位家店单件笔钱元块])")
_ASKS_FEW = re.compile(  # 几家 beside another word that asks is only some
    r"^(?!.*(?:为[什何啥]|怎|如何|什么|谁|哪)).*(?<![十好这那第])几(?:[美港日欧](?=元))?(?:(?P<measure>[人名位家店单件笔元块])|成|个点|款|倍)"
)
_ASKS_AGE = re.compile(r"(?:年龄|年纪|岁数)[^，。？?]{0,6}(?:多少|多大|几)|多大(?:年纪|岁数|了)|(?<![十好])几岁|多少岁")
_ASKS_MONEY = re.compile(
    r"(?:租金|房租|[月年日]租|价格|价钱|[报出开要]价|[月年底]薪|薪[水资酬]|工资|[^经消免付]费(?!了?多少(?:时间|精力|[天年月个]))|付费(?!用户|会员|商家|人)|票价|售价)[^，。？?]{0,8}(?:多少|几何)|多少钱"
)
_STAFF = "员工|职员|职工|店员|工人|人员"
_FEES = "费|佣金|抽成"
_NAMED = {
    "租": "租|每月|每平",
    "薪|工资": "薪|工资|报酬|待遇|收入|[月年]入|到手|月均",
    "[^经消免付花耗]费": _FEES,
    "票价": "票|全程|单张|看台|内场",
    _STAFF: f"{_STAFF}|人手|团队|雇|招",
}  # kinds of money and people, and how told
_FEE = re.compile(r"(?P<of>[\u4e00-\u9fff]{2})费")  # 停车每小时5元 tells 停车费
_ASKS_STAFF = re.compile(rf"多少(?:个|名|位)?(?:{_STAFF})|(?:{_STAFF})[^，。？?年薪工]{{0,4}}(?:多少|几)[个名位人]")
_ASKS_SHARE = re.compile(r"占比|比例|比重|份额|几成|百分之几|占[^，。？?]{0,4}(?:多少|多大)")
_IS_RATE = r"(?<![费税利汇概比效频功])率(?![先领军队部兵])"  # and is called after what it is the rate of
_ASKS_RATE = re.compile(  # 丢件率是多少, 退货率高不高，百分之几
    rf"(?P<of>(?![的之其])[\u4e00-\u9fff](?![的之其])[\u4e00-\u9fff]){_IS_RATE}"
    r"(?:高不高[，,]?)?[^，,。？?]{0,8}(?:多少|百分之几|几成|几个(?:百分)?点|多[高大低])"
)
_RATE = re.compile(rf"[\u4e00-\u9fff][\u4e00-\u9fff]{_IS_RATE}|占比|份额")
_CALLED = {  # rates that have other names, by the two characters before 率
    **dict.fromkeys(("占有", "市占"), "份额|占比|占有|市占"),
    "增长": "增长|增速|增幅|同比",
    "入住": "入住|出租",
    "通过": "通过|及格",
    "死亡": "死亡|病死",
}
_SHARE = re.compile(r"[%‰]|[\d一二三四五六七八九]成|分之")
_ASKS_NUMBER = re.compile(r"多少(?!年|天|岁|时间)|占比|how (?:many|much)", re.IGNORECASE)
_IS_NONE = re.compile(r"(?:不需要?|不用|不必|无需|无须|不[收交]|免[收缴交除]?|没有)(?P<what>[^，。；,;]{3,8})")
_COUNTED = re.compile(  # 多少保证金, 收不收保证金, 是否要交, 要交保证金吗
    r"(?P<before>[^，。,]{0,8})(?:多少[钱元块个]?|(?![时动])(\w)[不没]\2|是否|有没有|(?:需要?|要|用|得)(?=[^，。？?,]{0,60}吗))"
    r"(?P<after>[^，。？?,]*)"
)
_OF_A_MEASURE = re.compile(  # 艺术节的预算是多少, 北屏有多少家
    r"(?P<measure>(?:(?![了过的总共是为有])[\u4e00-\u9fff]){2})(?<![年月天日])(?:[是为有]|达到?|大约|约)?(?:多少|几何)[^，。,？?]{0,3}[？?]?$"
)
_LEAST_COUNTED = 3  # code points that name what is counted: 不需要缴纳保证金 answers 要交多少保证金
_NUMERAL = (
    r"(?:\d|[零一二两三四五六七八九十百千万亿数几半]|[过上破近超逾](?=[百千万亿]))"
    r"\s*+(?:[多余几来]\s*+)?(?:[万亿]\s*+)?"
)
_COUNT = re.compile(
    r"[一二两三四五六七八九十百千万亿半](?:[个家款人位倍元块名次种条层座所]|成)|[过上破近超逾][百千万亿]"  # GMV 过亿
)
_ASKS_FIRMS = re.compile("多少(?:起|次|轮|个?公司|个?企业|个?品牌)")  # 有多少公司融资
_CLAUSE_END = re.compile("[，,。；;？?！!]")
# Where one of these is asked for, money or an audience in the question is not what is counted: 融资的公司有多少人.
_MEASURES_OF_OTHERS = {"money": tuple("人名位家店单件岁"), "audience": tuple("钱元块家店单件岁成")}
_YEAR = re.compile(  # 20年 may be how long; 较2022年增长 is of another
    r"(?<![\d较比从自由])(?:(?:20|19)(\d{2})(?=\s*年(?!前|后|内|间|来|以))|(\d{2})(?=\s*年(?:\d|[一二三四上下全]|[初末底])))"
)
_ANY_YEAR = re.compile(r"(?<!\d)(?:20|19)?(\d{2})(?=\s*[年财q])|fy\s*(?:20)?(\d{2})|(?:20|19)(\d{2})(?!\d)")
_OF_THAT_YEAR = re.compile(  # which only says what is asked of: 成立于2013年的小红书
    r"于\s*\d{4}年?|\d{4}年(?=[^，。,？?]{0,4}(?:成立|创[办立]|上市|出生|毕业|建成)的)"
)
_SINCE = re.compile(r"(?:成立|创[办立]|建)于\s*\d{4}年|\d{4}年(?:成立|创[办立]|起|宣布)|自\s*\d{4}年[^，。]{0,6}起")
_YEARS = re.compile(r"\d{4}\s*年?\s*[-—–~～至到]\s*\d{4}")  # a year between them is among them
_DATE = re.compile(
    r"(?:19|20)\d{2}-\d{1,2}(?:-\d{1,2})?|\d+\s*(?:年|月|日(?!元(?![旦宵]))|号|点(?!\d)|时(?!间)|:\d+)"
    r"|[零一二三四五六七八九十〇]+(?:年|月|日)"
)


def wanted_measure(question: str) -> str:
    """The measure word that the number asked for should have, a key of _MEASURES; "" where any will do."""
    for measure, asks in (("岁", _ASKS_AGE), ("钱", _ASKS_MONEY), ("成", _ASKS_SHARE), ("人", _ASKS_STAFF)):
        if asks.search(question):
            return measure
    asked = _ASKS_MEASURE.search(question) or _ASKS_FEW.search(question)
    return (asked["measure"] or "") if asked else ""


def counts(figure: str, measure: str) -> bool:
    """Whether a figure ends in a measure word, or in one that counts the same; true for no measure word."""
    ends = f"{_NUMERAL}(?:{_MEASURES[measure]})$|^百分之" if measure else ""
    return bool(re.search(ends, normalize(figure)))


def what_is_asked(question: str) -> str:
    """What a question asks the number of, or whether there is any: what stands after 多少 or 收不收, else before."""
    asked = _COUNTED.search(normalize(question))
    return (asked["after"] or asked["before"]) if asked else ""


def measure_asked(question: str) -> str:
    """The last two characters of what a question asks how much it is or has, 预算 of 预算是多少; "" if not known."""
    asked = _OF_A_MEASURE.search(normalize(question))
    return asked["measure"] if asked else ""


def speaks_of(asked: str, text: str) -> bool:
    """Whether a text has _LEAST_COUNTED code points in a row of what is asked for."""
    size = _LEAST_COUNTED
    return any(asked[at : at + size] in text for at in range(len(asked) - size + 1))


def says_there_is_none(question: str, text: str) -> bool:
    """Whether a text says that there is none of what a question asks for the number of, or whether there is any."""
    asked = what_is_asked(question)
    return any(speaks_of(asked, match["what"]) for match in _IS_NONE.finditer(normalize(text)))


def states_number(question: str, text: str, above: str = "") -> bool:
    """Whether a text gives a number such as the question asks for; true where it asks for none.

    That there is none of what is counted is such a number, and that it is free of charge. Dates, and figures that the
    question itself states, are not the number that is asked for, nor is one of another year. A share may be told in
    too many ways (一半, 三分之一) to ask for its measure; pay, rent, a fee, staff, profit and their like must be called
    so, here or in the heading `above`. A row of a table has its unit elsewhere.
    """
    question = in_standard_words(question)
    measure = wanted_measure(question)
    if says_there_is_none(question, text) or (measure == "钱" and _FREE.search(text)):
        return True
    if _TABLE_ROW.search(text):
        measure = ""  # its unit stands in the head of the table
    text = normalize(text)
    kinds = [told for named, told in _NAMED.items() if measure in ("钱", "人") and re.search(named, question)]
    around = f"{normalize(above)} {text}"
    fee = _FEE.search(question)
    if fee and fee["of"] in around:
        kinds = [told for told in kinds if told != _FEES]
    if not all(re.search(told, around) for told in kinds):
        return False
    signed = measure in ("钱", "元", "块") and _SIGNS.search(text)
    if measure not in ("", "成") and not signed and not re.search(f"{_NUMERAL}(?:{_MEASURES[measure]})", text):
        return False
    if not (_ASKS_NUMBER.search(question) or _ASKS_FEW.search(question)):
        return True
    if not _says_what_of(question, measure, around) or _is_of_another_year(question, text):
        return False
    return bool(_COUNT.search(text)) or bool(figures(without_dates(text)) - figures(question))


def lacks_rate(question: str, text: str) -> bool:
    """Whether a question asks for a rate that a text does not name, and the text has another one, or no share."""
    asked = _ASKS_RATE.search(question)
    if not asked:
        return False
    of = asked["of"]
    text_without = re.sub(rf"{of}[\u4e00-\u9fff]{{1,4}}{_IS_RATE}", "", text)  # 退货纠纷率 is no 退货率
    if re.search(_CALLED.get(of, of), text_without):
        return False
    return bool(_RATE.search(text)) or not _SHARE.search(text)


def _says_what_of(question: str, measure: str, text: str) -> bool:
    """Whether a text names what the clause of a question that asks for a number asks it of, as far as that is known."""
    clauses = [
        c for c in _CLAUSE_END.split(question) if _ASKS_NUMBER.search(c) or _ASKS_FEW.search(c) or c.endswith("呢")
    ]
    asked = " ".join(clauses) or question
    if _ASKS_FIRMS.search(asked):
        return True
    kinds = [kind for kind, others in _MEASURES_OF_OTHERS.items() if measure not in others]
    return tells_of(asked, text, *kinds)


def _is_of_another_year(question: str, text: str) -> bool:
    """Whether a question names a year and a text begins with another: 2023年的财报 tells no revenue of 2024."""
    asked = {"".join(year) for year in _YEAR.findall(_OF_THAT_YEAR.sub("", normalize(question)))}
    text = _SINCE.sub("", text)
    told = _YEAR.search(text)
    if not asked or not told or asked & {"".join(year) for year in _ANY_YEAR.findall(text)} or _YEARS.search(text):
        return False
    return not figures(without_dates(text[: told.start()])) - figures(question)  # 营收63亿元（2022年：50亿元）


def without_dates(text: str) -> str:
    """The text with blanks for its dates and times of day, as long as before."""
    return _DATE.sub(blanks, text)
