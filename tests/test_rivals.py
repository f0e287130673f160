import pytest

from rag.missing import NO_NUMBER, NO_PLACE, missing
from rag.rivals import tells_of_another


@pytest.mark.parametrize(
    ("question", "text", "another"),
    [
        ("小红书在英国的日活跌了多少？", "小红书的美国日活一天内下降了 54%。", True),
        ("小红书在英国的日活跌了多少？", "小红书的海外日活下跌了 70%。", False),
        ("它在欧洲有多少用户？", "它在美国有 1.7 亿用户。", True),
        ("它在欧洲有多少用户？", "它在德国有 100 万用户。", False),
        ("它在德国有多少用户？", "它在欧洲有 1 亿用户。", False),
        ("它在美国有多少用户？", "它有 1.7 亿用户。", False),
        ("它在日本有多少用户？", "中国移动说有 30 万。", False),
        ("它在海外有多少用户？", "在国内，月活用户有 3.2 亿。", True),
        ("它在英国有多少用户？", "在国内，月活用户有 3.2 亿。", True),
        ("它在国内有多少用户？", "海外用户有 300 万。", True),
        ("它在国内有多少用户？", "国内用户有 3 亿，海外用户有 300 万。", False),
        ("它有多少用户？", "在国内，月活用户有 3.2 亿。", False),
        ("它在海外有多少用户？", "国内外用户共 3.5 亿。", False),
        ("它在泰国有多少家店？", "它在印度尼西亚有 300 家店。", True),
        ("它在印度有多少家店？", "它在印度尼西亚有 300 家店。", True),
        ("它在中国有多少家店？", "它在香港有 3 家店。", False),
        ("Temu积累了多少用户？", "TikTok 有 1.7 亿用户。", True),
        ("temu积累了多少用户？", "TikTok 有 1.7 亿用户。", False),
        ("Temu积累了多少用户？", "TEMU 比 TikTok 多 3 倍。", False),
        ("在Steem上卖多少钱？", "Steam 平台售价为 268 元。", False),
        ("DevCloud的高级版多少钱？", "腾讯云CODING的高级版售价为599元。", True),
        ("CODING的高级版多少钱？", "腾讯云CODING的高级版售价为599元。", False),
        ("DevCloud的高级版多少钱？", "它的 SKU 售价为599元。", False),
        ("Temu去年赚了多少？", "去年EBITDA为3亿美元，SaaS收入除外。", False),
        ("GTD有多少种？", "问题（Focused）有 3 种。", False),
        ("How many users does Temu have?", "TikTok 有 1.7 亿用户。", False),
    ],
)
def test_a_text_tells_of_another_where_it_names_others_alone(question: str, text: str, another: bool) -> None:
    assert tells_of_another(question, text) is another


def test_what_stands_around_a_text_may_name_what_is_asked_about() -> None:
    question, text = "Temu在英国有多少用户？", "比TikTok在美国的多 300 万。"
    assert tells_of_another(question, text)
    assert not tells_of_another(question, text, "Temu登陆英国")


def test_a_number_is_missing_where_only_another_country_or_brand_has_it() -> None:
    asked, other, own = "Temu有多少用户？", "TikTok有 1.7 亿用户。", "Temu有 3000 万用户。"
    assert missing(asked, [other]) == NO_NUMBER
    assert missing(asked, [other, own]) == ""
    assert missing(asked, [other], "Temu的用户从哪来") == ""
    assert missing("Temu有哪几个对手？", ["TikTok和Shein是 2 个对手。"]) == ""  # what is named is the answer


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        ("毛文超曾在贝恩资本工作。", True),
        ("创始人毛文超强调用户的人情味。", True),
        ("他遇到武汉老乡瞿芳。", False),
        ("毛文超，湖北武汉人。", False),
        ("毛文超，香港企业家。", False),
        ("他在武汉市长大。", False),
    ],
)
def test_where_somebody_is_from_must_be_told(text: str, lacks: bool) -> None:
    for question in ("毛文超是哪里人？", "毛文超的老家在哪？"):
        assert (missing(question, [text]) == NO_PLACE) is lacks
