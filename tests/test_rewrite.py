import time

import pytest

from rag.rewrite import LOOK_BACK, is_follow_up, refers_back, stand_alone
from rag.types import Message, Question

CLOSED = ("福利社是什么时候关闭的？", "2023年11月16日。")
MARKETS = ("小红书出海首期覆盖哪些市场？", "首期主要覆盖美国、中国香港以及中国澳门三个市场。")


def after(turns: tuple[str, ...], text: str) -> str:
    """What a question becomes after turns of a question and an answer."""
    roles = ("user", "assistant") * len(turns)
    return stand_alone(Question(text, tuple(map(Message, roles, turns))))


def test_marks_that_open_and_never_close_quote_nothing_and_take_no_time_that_grows_out_of_hand() -> None:
    assert after(("《" * 500_000, ""), "那它呢？") == "那它呢？"


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("那它当时有多少粉丝？", "那福利社当时有多少粉丝？"),
        ("它是自营的吗？", "福利社是自营的吗？"),
        ("它们的商品从哪里来？", "福利社的商品从哪里来？"),
        ("那它當時有多少粉絲？", "那福利社当时有多少粉丝？"),
    ],
)
def test_a_pronoun_becomes_what_it_refers_to(text: str, query: str) -> None:
    assert after(CLOSED, text) == query


@pytest.mark.parametrize("text", ["吉他怎么学才快，要多少钱？", "粉丝呢？", "这个计划收费吗，具体怎么收？", "谁负责？"])
def test_other_words_with_such_a_character_are_no_pronouns(text: str) -> None:
    assert after(CLOSED, text) in (text, f"福利社 {text}")


@pytest.mark.parametrize(
    "text",
    ["商家要另外交钱吗？", "那退货怎么处理？", "税费和国际运费由谁承担？", "对商家有什么要求？", "物流多久能到？"],
)
def test_a_question_of_general_nouns_only_takes_the_topic_along(text: str) -> None:
    assert after(MARKETS, text) == f"小红书出海 {text}"


@pytest.mark.parametrize("text", ["为什么？", "真的吗？", "还有别的原因吗？"])
def test_a_question_that_names_nothing_takes_all_that_the_last_one_names(text: str) -> None:
    assert after(CLOSED, text) == f"福利社 关闭 {text}"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "具体有哪些？",
            "具体点",
            "后来呢？",
            "还有吗",
            "详细说说",
            "举个例子",
            "就这些吗？",
            "除了这些还有什么",
            "有数据吗",
        ),
        *("你确定吗？", "原话是什么？", "出处是哪里", "什么意思？", "简单点说", "有没有相关案例吗"),
    ],
)
def test_a_question_that_only_wants_more_is_asked_after_the_whole_last_one_and_takes_its_place_nowhere(
    text: str,
) -> None:
    assert after(CLOSED, text) == f"福利社是什么时候关闭的 {text}"
    assert after((*CLOSED, text, "不知道。"), "为什么？") == "福利社 关闭 为什么？"


@pytest.mark.parametrize(
    "text",
    [
        "什么是种草？",
        "种草是什么意思？",
        "成风平台是干嘛的",
        "小红书的月活用户数是多少？",
        "出海领航计划首期覆盖哪些市场？",
        "《社区商业公约》呢什么时候上线？",
        "Uniik是哪年推出的？",
        "红烧肉怎么炖才能软烂又不腻？",
        "特斯拉去年在欧洲卖了多少辆车？",
        "福利社有多少粉丝？",
    ],
)
def test_a_question_that_names_its_subject_stays_as_it_is(text: str) -> None:
    assert after(CLOSED, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "再说回友好市集，它是自营的吗？",
        "影刀不收佣金，那它收的技术服务费是几个点？",
        "那熊猫快餐呢，它哪年就开了海外店？",
        "Nike签了郑钦文那么多年，巴黎奥运场上她为什么没穿Nike？",
        "一天能出500篇的那种带货团队，凭什么只做图文不拍视频？",
        "看攻略这类内容时，为什么说图文比短视频更有效率？",
    ],
)
def test_a_question_that_holds_what_it_refers_to_or_names_much_stays_as_it_is(text: str) -> None:
    assert after(CLOSED, text) == text


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("如果要退货，它收钱吗？", "如果要退货，福利社收钱吗？"),
        ("那万一海关扣货，它管不管？", "那万一海关扣货，福利社管不管？"),
        ("除了Uniik，它还有什么应用？", "除了Uniik，福利社还有什么应用？"),
        ("Temu进入日本，对它有什么影响？", "Temu进入日本，对福利社有什么影响？"),
        ("TikTok被禁了，它能接住多少用户？", "TikTok被禁了，福利社能接住多少用户？"),
        ("Temu撤出日本，它会不会受益？", "Temu撤出日本，福利社会不会受益？"),
        ("2023年，它有多少用户？", "2023年，福利社有多少用户？"),
        ("再说回福利社，它是自营的吗？", "再说回福利社，它是自营的吗？"),
        ("那这家公司去年在德国总共卖出去多少辆电动汽车？", "福利社 那这家公司去年在德国总共卖出去多少辆电动汽车？"),
    ],
)
def test_a_pronoun_after_general_words_and_a_pointer_at_the_beginning_refer_back(text: str, query: str) -> None:
    assert after(CLOSED, text) == query


def test_a_noun_that_the_topic_describes_goes_with_it() -> None:
    asked = ("小红书在日本推出的Uniik是做什么的？", "时尚社区。")
    assert after(asked, "它为什么没做起来？") == "小红书在日本推出的Uniik为什么没做起来？"
    assert after(("视频号小店的保证金要交多少？", "2万元。"), "多久能退？") == "视频号小店的保证金 多久能退？"


@pytest.mark.parametrize(
    ("asked", "text", "query"),
    [
        ("小红书2024年净利润是多少？", "那2023年呢？", "小红书2023年净利润是多少？"),
        ("小红书2021年到2023年的收入是多少？", "那2024年呢？", "小红书2024年的收入是多少？"),
        ("2016年小红书的份额是多少？", "那两年后呢？", "2018年小红书的份额是多少？"),
        ("2016年小红书的份额是多少？", "3年以前呢？", "2013年小红书的份额是多少？"),
        ("小红书的份额是多少？", "两年后呢？", "小红书的份额是多少？ 两年后呢？"),
        ("小红书一月份的估值是多少？", "三月份呢？", "小红书三月份的估值是多少？"),
        ("小红书的估值涨到多少了？", "三月份那会儿是多少？", "三月份 小红书的估值涨到多少了？"),
        ("小红书2024年的营收是多少？", "2023年的时候是多少？", "小红书2023年的营收是多少？"),
        ("小红书上个月有多少用户？", "这个月呢？", "小红书这个月有多少用户？"),
        ("小红书净利润是多少？", "去年呢？", "去年 小红书净利润是多少？"),
        ("小红书的订单多久能送到美国？", "拼多多的Temu呢？", "拼多多的Temu的订单多久能送到美国？"),
        ("福利社是什么时候关闭的？", "What about Uniik?", "Uniik是什么时候关闭的？"),
        ("福利社是什么时候关闭的？", "粉丝呢？", "福利社 粉丝呢？"),
        ("毛文超创业之前做什么工作？", "他那位合伙人呢？", "毛文超创业那位合伙人呢？"),
        ("星澜X5的电池多大？", "那青鸟Note 9呢？", "青鸟Note 9的电池多大？"),
        ("iPhone 15的屏幕多大？", "那Mate 60呢？", "Mate 60的屏幕多大？"),
        ("第一天去哪里玩？", "第二天呢？", "第二天去哪里玩？"),
        ("小红书收多少服务费？", "淘宝呢？", "小红书收多少服务费？ 淘宝呢？"),
        ("订单妥投时效多长？", "那Temu呢？", "Temu 订单妥投时效多长？"),
        ("小红书的月活是多少？", "GMV呢？", "小红书的GMV是多少？"),
        ("小红书出海首期覆盖哪些市场？", "保证金呢？", "小红书出海 保证金呢？"),
        ("5号线一期是什么时候开工的？", "那二期呢？", "5号线二期是什么时候开工的？"),
    ],
)
def test_an_ellipsis_asks_the_last_question_of_something_else(asked: str, text: str, query: str) -> None:
    assert after((asked, "不知道。"), text) == query


@pytest.mark.parametrize(
    ("asked", "text", "query"),
    [
        ("小红书在美国有多少用户？", "那在日本呢", "小红书在日本有多少用户？"),
        ("小红书在美国有多少用户？", "日本市场呢？", "小红书在日本有多少用户？"),
        ("小红书在美国、加拿大有多少用户？", "东南亚和日本呢？", "小红书在东南亚和日本有多少用户？"),
        ("盒马在上海有多少家店？", "那在南京呢？", "盒马在南京有多少家店？"),
        ("盒马有多少家店？", "那日本呢？", "盒马有多少家店？ 在日本"),
        ("速卖通在韩国和德国哪个卖得多，跟法国比呢？", "日本呢？", "速卖通在韩国和德国哪个卖得多，跟法国比呢？ 在日本"),
        ("董洁第一场直播卖了多少？", "第二场呢？", "董洁第二场直播卖了多少？"),
        ("红人计划首批招多少人？", "第二批呢？", "红人计划第二批招多少人？"),
        ("Temu在德国和法国收多少佣金？", "那巴西站呢？", "Temu在巴西收多少佣金？"),
        ("美团第二季度亏了多少钱？", "上半年一共呢？", "美团上半年亏了多少钱？"),
        ("小红书2023年的营收是多少？", "前一年呢？", "小红书2022年的营收是多少？"),
        ("小红书2023年的营收是多少？", "次年呢？", "小红书2024年的营收是多少？"),
        ("小红书2023年的营收是多少？", "2024年的呢？", "小红书2024年的营收是多少？"),
    ],
)
def test_a_place_a_time_or_a_member_of_a_series_takes_the_place_of_the_one_asked_of(
    asked: str, text: str, query: str
) -> None:
    assert after((asked, "不知道。"), text) == query


@pytest.mark.parametrize(
    ("asked", "text", "query"),
    [
        ("小红书2023年的营收是多少？", "净利润呢？", "小红书2023年的净利润是多少？"),
        ("小红书2023年净利润有多少？", "2024年的营收呢？", "小红书2024年营收有多少？"),
        ("淘宝的新计划向商家收多少跨境增值服务费？", "那基础服务费呢？", "淘宝的新计划向商家收多少基础服务费？"),
        ("唯品会的活跃用户有多少？", "营收呢？", "唯品会的营收有多少？"),
        ("福利社是什么时候关闭的？", "粉丝呢？", "福利社 粉丝呢？"),
        ("小红书有几个办公室？", "营收呢？", "小红书 营收呢？"),
    ],
)
def test_a_figure_takes_the_place_of_the_figure_asked_for(asked: str, text: str, query: str) -> None:
    assert after((asked, "不知道。"), text) == query


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("退货运费谁承担？", "如果是质量问题呢？"),
        ("Shopee最低保证金是多少？", "跟Lazada比呢？"),
        ("小红书2023年的营收是多少？", "同比呢？"),
        ("半托管的佣金是多少？", "全托管的呢？"),
        ("天猫国际的入驻门槛是什么？", "京东国际呢？"),
        ("商家违规会怎么处罚？", "第一次呢？"),
        ("红猫计划要求每月引入多少达人？", "现在呢？"),
    ],
)
def test_a_condition_a_comparison_or_a_part_asks_the_whole_last_question_again(asked: str, text: str) -> None:
    assert after((asked, "不知道。"), text) == f"{asked} {text}"


def test_of_a_person_of_somebody_it_is_asked_who_that_is() -> None:
    assert after(("毛文超是谁", "创始人。"), "他的合伙人呢") == "毛文超的合伙人是谁"
    assert after(("毛文超是谁？", "创始人。"), "合伙人呢？") == "毛文超 合伙人是谁？"
    assert after(("毛文超是谁？", "创始人。"), "他的公司呢？") == "毛文超的公司呢？"
    asked = ("毛文超是谁", "创始人。", "他的合伙人呢", "他的合伙人是瞿芳。")
    assert after(asked, "她以前在哪工作") == "瞿芳以前在哪工作"


@pytest.mark.parametrize(
    ("turns", "text", "query"),
    [
        (("TikTok有多少美国用户？", "小红书呢？"), "为什么会下降？", "小红书 美国用户 为什么会下降？"),
        (("TikTok有多少美国用户？", "小红书呢？"), "它的营收呢？", "小红书的营收呢？"),
        (("瞿芳是谁？", "毛文超呢？"), "他多大？", "毛文超多大？"),
        (("瞿芳是谁？", "毛文超呢？"), "他俩怎么认识的？", "瞿芳 毛文超 他俩怎么认识的？"),
        (("毛文超和瞿芳做过什么？",), "他俩怎么认识的？", "毛文超和瞿芳 他俩怎么认识的？"),
        (("小红书出海首期覆盖哪些市场？", "保证金呢？"), "那退货呢？", "小红书出海 那退货呢？"),
        (("小红书收多少服务费？", "直播呢？"), "那视频呢？", "小红书收多少服务费？ 那视频呢？"),
        (("小红书的月活是多少？", "估值呢？"), "3月份呢？", "3月份 小红书的估值是多少？"),
    ],
)
def test_what_an_ellipsis_names_is_the_subject_and_its_detail_gives_way_to_another(
    turns: tuple[str, ...], text: str, query: str
) -> None:
    assert after(tuple(part for turn in turns for part in (turn, "不知道。")), text) == query


@pytest.mark.parametrize(
    ("turns", "text", "query"),
    [
        (("TikTok有多少美国用户？", "小红书呢？"), "前者的优势是什么？", "TikTok的优势是什么？"),
        (("TikTok和小红书哪个用户多？", "保证金呢？"), "后者是哪年成立的？", "小红书是哪年成立的？"),
        (("TikTok和小红书哪个用户多？", "前者是哪年成立的？"), "后者呢？", "小红书是哪年成立的？"),
        (("TikTok和小红书哪个用户多？",), "它们的估值是多少？", "TikTok和小红书的估值是多少？"),
        (("？？", "小红书？？"), "前者的优势是什么？", "小红书 前者的优势是什么？"),
        (("毛文超创业前做什么？",), "瞿芳呢？", "瞿芳创业前做什么？"),
        (("毛文超创业前做什么？", "瞿芳呢？"), "他们是怎么认识的？", "毛文超和瞿芳是怎么认识的？"),
        (("毛文超创业前做什么？", "小红书呢？"), "他们有多少用户？", "小红书有多少用户？"),
    ],
)
def test_the_former_the_latter_and_they_are_the_two_that_were_asked_of(
    turns: tuple[str, ...], text: str, query: str
) -> None:
    assert after(tuple(part for turn in turns for part in (turn, "不知道。")), text) == query


def test_what_begins_with_a_word_that_goes_on_leans_more() -> None:
    assert after(CLOSED, "最晚多久之内得提出来？") == "最晚多久之内得提出来？"
    assert after(CLOSED, "那最晚多久之内得提出来？") == "福利社 那最晚多久之内得提出来？"
    assert after(CLOSED, "那会计师事务所一般怎么收费的？") == "那会计师事务所一般怎么收费的？"  # no 那会


def test_no_topic_ends_inside_a_date() -> None:
    asked = ("10月13号艺术节有什么活动？", "讲座。")
    assert after(asked, "几点开始，在哪儿听？") == "10月13号艺术节 几点开始，在哪儿听？"


@pytest.mark.parametrize(
    ("asked", "text", "query"),
    [
        ("小红书被约谈了吗？", "哪天？", "小红书 约谈 哪天？"),
        ("小红书的估值是多少？", "涨了多少？", "小红书 估值 涨了多少？"),
        ("小红书去年的GMV有多少？", "增长多少？", "小红书 GMV 增长多少？"),
        ("Temu的订单多久送到？", "快多少？", "Temu 订单 送 快多少？"),
        ("小红书有多少美国用户？", "什么时候推出的？", "小红书 什么时候推出的？"),
        ("小红书有多少美国用户？", "是什么？", "小红书 是什么？"),
    ],
)
def test_a_question_of_when_or_how_much_alone_takes_along_what_happened_or_is_measured(
    asked: str, text: str, query: str
) -> None:
    assert after((asked, "不知道。"), text) == query


@pytest.mark.parametrize(
    ("text", "things"),
    [
        ("第二个呢？", "中国香港"),
        ("后面那两个地方又不大，为什么要选？", "中国香港 中国澳门"),
        ("前者和后者有什么区别？", "美国 中国澳门"),
        ("最后一个市场有多少用户？", "中国澳门"),
    ],
)
def test_things_counted_off_are_taken_from_the_list_in_the_answer(text: str, things: str) -> None:
    assert after(MARKETS, text) == f"小红书出海 {things} {text}"


def test_things_are_counted_off_from_one_list() -> None:
    turns = ("小红书有哪些变现方式？", "广告、电商和直播。[1]", "第二种占多少？", "约三成，其余是广告和直播。[1]")
    assert after(turns, "第三种呢？") == "小红书 直播 第三种占多少？"
    assert after(turns, "第一种是怎么收费的？") == "小红书 广告 第一种是怎么收费的？"
    assert after((*turns, "小红书有哪些对手？", "抖音、快手和B站。"), "第一个呢？") == "小红书 抖音 第一个呢？"


@pytest.mark.parametrize(
    ("turns", "text", "query"),
    [
        (("Spark为什么失败了？",), "北美那个呢？", "北美那个为什么失败了？"),
        (("Spark为什么失败了？",), "北美那个呢，又是怎么停的？", "北美那个呢，又是怎么停的？"),
        (
            ("福利社是谁做的？", "Spark为什么失败了？"),
            "北美那个呢，又是怎么停的？",
            "福利社 北美那个呢，又是怎么停的？",
        ),
        (("SHEIN在欧洲有几个仓？",), "波兰那个呢？", "SHEIN在欧洲有几个仓？ 波兰那个呢？"),
        (("小红书做的美妆应用叫什么？",), "户外那款呢？", "小红书做的美妆应用叫什么？ 户外那款呢？"),
        (("Spark为什么失败了？",), "讲约谈那篇，是谁写的？", "Spark 讲约谈那篇，是谁写的？"),
    ],
)
def test_another_one_is_asked_of_in_the_place_of_the_last_or_beside_what_may_have_several(
    turns: tuple[str, ...], text: str, query: str
) -> None:
    assert after(tuple(part for turn in turns for part in (turn, "不知道。")), text) == query


@pytest.mark.parametrize(
    ("turns", "text", "query"),
    [
        (("遥望科技签了哪些主播？",), "他们一年能带多少货？", "遥望科技签的主播一年能带多少货？"),
        (("福利社有多少商家？",), "他们的货呢？", "福利社的商家的货呢？"),
        (("董洁是什么时候开播的？",), "章小蕙又是什么时候？", "章小蕙是什么时候开播的？"),
        (("Shopee收多少佣金？", "Lazada呢？"), "两家比哪个低？", "Shopee Lazada 两家比哪个低？"),
        (("Shopee收多少佣金？", "Lazada呢？"), "它们谁更低？", "Shopee和Lazada谁更低？"),
        (("福利社是什么时候关闭的？",), "关之前有多少粉丝？", "福利社 关之前有多少粉丝？"),
        (("泡泡玛特去年海外收入多少？",), "占总收入几成？", "泡泡玛特 海外收入 占总收入几成？"),
        (("小红书为什么不做自营了？",), "是谁说的？", "小红书 自营 是谁说的？"),
    ],
)
def test_people_two_and_what_happened_are_those_of_the_questions_before(
    turns: tuple[str, ...], text: str, query: str
) -> None:
    assert after(tuple(part for turn in turns for part in (turn, "不知道。")), text) == query


@pytest.mark.parametrize("text", ["后来为啥没搞成？", "剩下三个分别是啥？", "那会儿有多少用户？"])
def test_what_points_to_something_before_takes_its_topic_along(text: str) -> None:
    assert refers_back(text)
    assert after(("Spark是什么时候上线的？", "2022年。"), text) == f"Spark {text}"


@pytest.mark.parametrize(
    "text", ["2023年小红书有多少用户？", "2023年发生了什么？", "小红书后来改名了吗？", "小红书剩下多少钱？"]
)
def test_a_time_or_a_word_of_order_alone_points_to_nothing(text: str) -> None:
    assert not refers_back(text)
    assert after(("Spark是什么时候上线的？", "2022年。"), text) == text


def test_a_why_alone_takes_along_all_of_a_short_question_too() -> None:
    assert after(("恒岳科技谁辞职了？", "梁启航。[1]"), "为什么？") == "恒岳科技 辞职 为什么？"


def test_what_an_answer_says_of_itself_is_no_name_that_it_gives() -> None:
    refused = "文章谈到了这件事，但没有找到所问的人。下面是最相近的原文，供参考。"
    assert "文章" not in after(("温素梅是谁？", refused), "她以前是做什么的？")
    answered = f"{refused}\n梁启航。[1]"
    assert after(("谁辞去了总经理？", answered), "他什么时候上任的？") == "梁启航什么时候上任的？"


def test_a_count_beyond_the_list_names_nothing() -> None:
    assert after(MARKETS, "第五个是哪里？") == "小红书出海 第五个是哪里？"


def test_a_name_that_was_asked_for_is_taken_from_the_answer() -> None:
    plan = ("淘宝去年7月推出的出海新战略叫什么？", "叫“大服饰全球包邮计划”，聚焦服饰这个核心品类。")
    assert after(plan, "这个要收商家多少费用？") == "大服饰全球包邮计划 这个要收商家多少费用？"
    assert after(("小红书的CMO是哪位？", "之恒。"), "他说过什么？") == "之恒说过什么？"


@pytest.mark.parametrize(
    ("answer", "query"),
    [
        ("创始人邵一鸣曾是Suvio首任负责人。[1]他后来离开了。[2]", "邵一鸣以前在哪儿工作？"),
        ("创始人邵一鸣说，“好的行业，是长出好产品的土壤”。[1]", "邵一鸣以前在哪儿工作？"),
        ("邵一鸣与韩松筠创立了它。[1]", "禾渡以前在哪儿工作？"),
        ("禾渡由几名员工创立。[1]", "禾渡以前在哪儿工作？"),
    ],
)
def test_the_one_person_that_a_sentence_names_is_who_was_asked_for(answer: str, query: str) -> None:
    assert after(("禾渡是谁创立的？", answer), "他以前在哪儿工作？") == query


@pytest.mark.parametrize("text", ["为什么？", "它有多少粉丝？", "商家怎么办？", "粉丝呢？"])
def test_else_no_word_of_an_earlier_answer_is_taken_along(text: str) -> None:
    assert after((CLOSED[0], "数据机房延期。"), text) == after((CLOSED[0], ""), text)


def test_a_topic_lasts_through_follow_ups() -> None:
    turns = ("Uniik是做什么的？", "时尚社区。", "它是哪年推出的？", "2021年2月。", "为什么？", "不知道。")
    assert after(turns, "那它为什么没做起来？") == "那Uniik为什么没做起来？"


def test_a_pronoun_goes_back_to_the_question_that_it_fits() -> None:
    person_first = ("毛文超是谁？", "创始人。", "小红书是哪年成立的？", "2013年。")
    assert after(person_first, "他的合伙人是谁？") == "毛文超的合伙人是谁？"
    assert "小红书现在估值多少？" in after(person_first, "它现在估值多少？")
    assert after((*person_first[2:], *person_first[:2]), "它现在估值多少？") == "小红书现在估值多少？"


def test_without_history_nothing_is_a_follow_up() -> None:
    assert not is_follow_up(Question("为什么？"))
    assert stand_alone(Question("为什么？", (Message("assistant", "你好。"),))) == "为什么？"
    assert is_follow_up(Question("为什么？", (Message("user", "福利社关闭了吗？"),)))


@pytest.mark.parametrize("text", ["", " ", "？", "呢？", "它", "😀", "《》呢？", "第一个"])
def test_odd_questions_after_odd_questions_are_rewritten_without_an_error(text: str) -> None:
    assert text.strip() in after((text, text, text, ""), text)


def test_quotation_marks_hold_a_name_together() -> None:
    assert after(("“种草有数”这个数据联盟，目前有哪些平台加入？", ""), "它是谁发布的？") == "种草有数是谁发布的？"


def test_a_name_that_articles_quote_is_carried_over_whole_and_stays_the_topic() -> None:
    asked = ("出海领航计划收费吗？", "“出海领航计划”暂不收费。")
    names = {"出海领航计划", "友好市集"}

    def then(turns: tuple[str, ...], text: str) -> str:
        roles = ("user", "assistant") * len(turns)
        return stand_alone(Question(text, tuple(map(Message, roles, turns))), names)

    assert then(asked, "运费谁出") == "出海领航计划 运费谁出"
    turns = (*asked, "运费谁出", "消费者。", "退货怎么办", "不支持。", "有哪些市场", "美国。")
    assert then(turns, "什么时候推出的") == "出海领航计划 什么时候推出的"
    assert then(("董洁是哪年开始在友好市集直播带货的？", "2023年。"), "她卖了多少") == "董洁卖了多少"
    typed = ("“种草有数”这个数据联盟，目前有哪些平台加入？", "")
    assert then(typed, "那它收费吗") == after(typed, "那它收费吗")


@pytest.mark.parametrize("word", ["这么", "好看", "第一个", "、和", "的", "哈"])
def test_rewriting_takes_no_time_that_grows_out_of_hand(word: str) -> None:
    turns = (word * 300,) * LOOK_BACK
    started = time.perf_counter()
    after(turns, f"{word * 300}一")
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("answer", "first"),
    [
        ("业务涉及美国、日本和英国。", "美国"),
        ("华为、小米和苹果。", "华为"),
        ("首批覆盖有赞、微盟和淘宝。", "有赞"),
        ("包括即梦、可灵和豆包。", "即梦"),
        ("首批是普及版、专业版和企业版。", "普及版"),
        ("合作方是和平精英、王者荣耀和原神。", "和平精英"),
    ],
)
def test_names_that_hold_a_word_that_joins_or_announces_are_whole(answer: str, first: str) -> None:
    history = (Message("user", "合作方有哪些？"), Message("assistant", answer))
    assert f" {first} 第一个" in f" {stand_alone(Question('第一个有多少用户？', history))}"
