import pytest

from rag.opposites import says_the_opposite
from rag.text import normalize


def opposite(text: str, *cited: str) -> bool:
    return says_the_opposite(text, cited, normalize("".join(cited)))


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("换汇手续费由商家承担。", "换汇手续费无需商家承担，商家无需开设外汇账户。"),
        ("平台不收取技术服务费。", "除基于主协议收取的技术服务费外，平台暂不另外收费。"),
        ("本次活动收取门票。", "本次活动不收门票。"),
        ("可以在园区内使用明火。", "禁止在园区内使用明火。"),
        ("公司同意向用户退款。", "公司拒绝向用户退款。"),
        ("公司证实了收购传闻。", "公司否认了收购传闻。"),
        ("孕妇可以服用该药品。", "孕妇禁止服用该药品，以免影响胎儿。"),
        ("未满18周岁的居民方可报名。", "年满18周岁以上的居民方可报名。"),
        ("年满18周岁以下方可报名。", "年满18周岁以上方可报名。"),
        ("估值尚未达到310亿美元。", "估值已经达到310亿美元。"),
    ],
)
def test_a_denial_of_a_noun_or_by_another_word_than_not_is_seen(text: str, cited: str) -> None:
    assert opposite(text, cited)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("日活用户数上升了54%。", "短短一天内，日活用户数就下降了 54%。"),
        ("市场份额从3.7%升至6.5%。", "市场份额为6.5%,2018年四季度跌至3.7%。"),
        ("公司去年盈利3亿元。", "公司去年亏损3亿元。"),
        ("接入率超过40%。", "支付渠道的接入率不足 40%。"),
        ("估值不到310亿美元。", "估值已经达到310亿美元。"),
        ("估值有望达到310亿美元。", "估值已经达到310亿美元。"),
        ("平台永远不收取服务费。", "平台暂不收取服务费。"),
        ("计划一定在明年扩大。", "计划可能在明年扩大。"),
        ("公司已经投资5亿元建成工厂。", "公司计划投资5亿元建设工厂。"),
        ("全部商家收到了邀请。", "部分商家收到了邀请。"),
        ("公司的市场份额低于同行。", "公司的市场份额高于同行。"),
        ("会议于3月5日下午9点召开。", "会议于3月5日上午9点召开。"),
    ],
)
def test_the_opposite_direction_limit_certainty_or_extent_is_seen_either_way(text: str, cited: str) -> None:
    assert opposite(text, cited)
    assert opposite(cited, text)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("估值为310亿元人民币。", "估值达到310亿美元。"),
        ("最终以美元结算到商家的账户。", "最终以人民币结算到商家的账户。"),
        ("税费由商家承担。", "税费由消费者承担,商家只需按时发货。"),
    ],
)
def test_another_currency_or_another_bearer_is_seen(text: str, cited: str) -> None:
    assert opposite(text, cited)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("商家不用承担换汇手续费。", "换汇手续费无需商家承担。"),
        ("商家免交保证金。", "商家不需要缴纳保证金。"),
        ("不允许在园区内使用明火。", "禁止在园区内使用明火。"),
        ("市场份额没有下降。", "市场份额上升。"),
        ("税费由顾客承担。", "税费由消费者承担,商家只需按时发货。"),
        ("日活用户数增长了20%，环比下降了5%。", "日活用户数环比下降5%,同比增长20%。"),
        ("2024年营收增长。", "2024年亏损扩大,2023年成本下降。"),
        ("2024年营收增长。", "2024年成本下降。"),
        ("公司反响不好。", "公司反响很差。"),
        ("公司完成了收购计划。", "公司有收购的计划。"),
        ("商家有没有退款都可以。", "商家退款都可以。"),
        ("A轮融资3,000万美元。", "A轮融资3000万美金。"),
        ("", "甲。"),
    ],
)
def test_the_same_in_other_words_or_of_another_thing_is_no_opposite(text: str, cited: str) -> None:
    assert not opposite(text, cited)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("共有五个车间。", "共有3个车间，每个车间50人。"),
        ("他在公司工作了九年。", "他在公司工作了八年。"),
        ("利润增长了五倍。", "利润增长了两倍。"),
        ("会议于五月三日上午9点召开。", "会议于3月5日上午9点召开。"),
        ("比赛第三名是张伟。", "比赛第一名是张伟，第二名是李娜。"),
        ("冬季最低气温为15℃。", "冬季最低气温为-15℃。"),
    ],
)
def test_another_small_number_of_the_same_thing_or_side_of_zero_is_seen(text: str, cited: str) -> None:
    assert opposite(text, cited)
    assert not opposite(cited, cited)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("共有三个车间。", "共有3个车间，每个车间50人。"),
        ("会议于三月五日召开。", "会议于3月5日召开。"),
        ("冬季最低气温为零下15℃。", "冬季最低气温为-15℃。"),
        ("有两个原因。", "有3个车间，原因是缺人。"),
        ("一个车间有十多个人。", "3个车间有十几个人。"),
    ],
)
def test_the_same_small_number_or_one_of_something_else_is_none(text: str, cited: str) -> None:
    assert not opposite(text, cited)


def test_a_clause_that_another_one_as_near_says_is_no_opposite() -> None:
    assert opposite("用户数增长了5%。", "用户数下降了5%。")
    assert not opposite("用户数增长了5%。", "用户数下降了5%。", "用户数又增长了5%。")
    assert not opposite("用户数增长了5%。", "用户数下降了5%。", "用户数为5%。")
    assert opposite("用户数增长了5%。", "用户数下降了5%。", "老用户占5%。")
