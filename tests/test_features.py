import pytest

from rag.features import asks_for, leaves_it_open


@pytest.mark.parametrize(
    "question",
    [
        "货卖出去了没有？",
        "两边写的一样吗，我没看懂",
        "规矩松没松",
        "贵不贵？",
        "有没有人买",
        "还是没人买",
        "是否要交",
        "交吗",
    ],
)
def test_a_question_leaves_open_which_is_true(question: str) -> None:
    assert leaves_it_open(question)


@pytest.mark.parametrize(
    "question",
    [
        "为什么没有人买？",
        "时不时打折的是谁？",
        "动不动就涨价的是哪家",
        "差不多多少钱？",
        "谁不买？",
        "按能不能排序，数据可以分成哪几类？",
        "他问“是不是错了”，该先讲清什么？",
        "小红书为什么还是亏损？",
    ],
)
def test_a_question_leaves_nothing_open(question: str) -> None:
    assert not leaves_it_open(question)


@pytest.mark.parametrize(
    ("question", "kind", "asked"),
    [
        ("近几年小红书为什么做出海？", "number", False),
        ("前几年谁来过？", "number", False),
        ("小红书目前几家门店？", "number", True),
        ("为什么很多大品牌不来？", "number", False),
        ("用户最多大年纪？", "number", True),
        ("最好在哪里开店？", "place", True),
        ("会员卡在哪里办？", "place", True),
        ("habU栽在哪儿了？", "place", False),
        ("habU栽在哪儿了？", "reason", True),
        ("小红书地图什么时候上线？", "reason", False),
        ("用户使用意愿占比多少？", "reason", False),
        ("他们图什么？", "reason", True),
        ("合作平台名单", "several", True),
        ("黑名单功能是谁做的？", "several", False),
        ("大桥是什么时候通车的？", "definition", False),
        ("打印店几点关门？", "date", True),
        ("他的话有哪几点？", "date", False),
        ("总部在什么地方？", "place", True),
    ],
)
def test_what_a_question_asks_for(question: str, kind: str, asked: bool) -> None:
    assert (kind in asks_for(question)) is asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("九零后占百分之几", "number"),
        ("换了几回带头的", "number"),
        ("青螺厂啥时候又开工了？", "date"),
        ("岳途咋不去科兰建仓？", "reason"),
        ("怎么突然断网了", "reason"),
        ("没干成，症结在哪", "reason"),
        ("这是哪两位做的？", "person"),
        ("小红书CMO叫什么", "person"),
        ("四小龙都是谁", "several"),
        ("视觉脑是啥？", "definition"),
        ("721原则指的是？", "definition"),
        ("怎么样算“屏蔽报警”", "definition"),
    ],
)
def test_everyday_wordings_ask_for_the_same_kinds_of_thing(question: str, kind: str) -> None:
    assert kind in asks_for(question)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("一共有哪几条", "number"),
        ("他怎么算出来的", "definition"),
        ("产品叫什么", "person"),
        ("这份说明指向什么", "definition"),
    ],
)
def test_a_like_wording_does_not(question: str, kind: str) -> None:
    assert kind not in asks_for(question)
