from datetime import date
from pathlib import Path

import pytest
from datelined import BODY, in_foot, in_head
from hypothesis import given
from hypothesis import strategies as st

from ingest.bylines import find_author, find_date, find_publisher, states_metadata, states_metadata_alone
from ingest.metadata import gather

TODAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    "head",
    [
        "2025-04-03",
        "(2025-04-03)",
        "2025年4月3日 08:12",
        "二〇二五年四月三日",
        "发布时间：2025-04-03 08:12",
        "2025年04月03日08:12",
        "来源：人民网 发布时间：2025-04-03 10:20",
        "**发布日期：** 2025 年 4 月 3 日",
        "- 发布于 2025年4月3日",
        "日期：20250403",
        "Published: Apr 3, 2025",
        "Date: 3 April 2025",
        "人民日报 2025年4月3日",
        "虎嗅APP 2025-04-03 10:00 发表于北京",
        "原创 张三 虎嗅APP 2025-04-03 10:00 北京",
        "36氪 2025-04-03 10:00",
        "来源：36氪 | 2025-04-03 | 阅读 2073",
        "2025-04-03 08:12:11 浏览(2073) 评论(3)",
        "2025-04-03 · 12 分钟阅读",
        "发布时间：2025-04-03 更新时间：2025-04-05",
        "更新时间：2025-04-05\n2025-04-03",
        "更新于 2025-04-03",
        "新华社北京2025年4月3日电 小红书今天宣布进军跨境电商。",
        "2025年4月3日\n\n新华社北京4月2日电 小红书今天宣布进军跨境电商。",
    ],
)
def test_a_dateline_in_the_head_states_the_date(head: str) -> None:
    assert find_date(in_head(head), today=TODAY) == ("2025-04-03", "stated")


@pytest.mark.parametrize(
    "line",
    [
        "发布日期：2025-04-03　浏览次数：3382",
        "发布日期：2025-04-03　点击：120",
        "发布日期：2025-04-03　阅读 1.2万",
        "发布日期：2025-04-03　浏览次数：",
        "发布机构：市教育局　发布日期：2025-04-03　文号：教发〔2025〕7号",
        "索引号：000014349/2025-00123　发布日期：2025-04-03",
        "发布时间：2025-04-03　　发布科室：护理部",
        "2025年4月3日　恒川水务董事会办公室",
        "人力资源部 二〇二五年四月三日",
        "市教育局　2025年4月3日",
        "第一人民医院　2025年4月3日",
        "成文日期：2025-04-01　发布日期：2025-04-03",
        "更新时间：2025-04-05　发布时间：2025-04-03",
        "自然资源和数据局　2025年4月3日",
        "发布：Suvio商家规则中心　|　公示：2025-04-03　|　生效：2025-06-01",
        "公示日期：2025年4月3日　生效日期：2025 年 6 月 1 日",
        "发帖人：不服输的老周    2025-04-03 23:47    版块：卖家吐槽",
        "采访/阮青　整理/郑小禾　刊于《货路》2025年4月3日",
        "【跨境早报】2025年4月3日 星期四 第1126期",
        "《汀原观察》2025年4月3日 观点版",
        "《汀原观察》人物 · 2025年4月3日 · 采写：丁昶 · 编辑：蒲若宁",
        "汀原观察　记者 郭映雪　实习记者 丁昶　｜　2025年4月3日",
        "*南岸日报·砚边小语　　石砚秋　　2025-04-03*",
        "东汀商业周刊　记者 苏砚秋　编辑 方樾　2025-04-03 07:30",
        "2025年4月3日 08:31 来源：江东商报 作者：林若溪 阅读(128)",
        "来源：市商务局　发布时间：2025-04-03 09:00　【字体：大 中 小】",
        "2025-04-03　来源：江东商报　【打印】【收藏】【关闭窗口】",
        "【来源：江东商报】【作者：林若溪】【2025-04-03】",
        "编辑于 2025-04-03 10:22・IP 属地浙江",
        "发布于 2025-04-03 10:22・浙江・作者：林若溪",
    ],
)
def test_a_date_beside_an_office_or_other_labels_is_stated(line: str) -> None:
    assert find_date(in_head(line), today=TODAY) == ("2025-04-03", "stated")
    assert find_date(in_foot(line), today=TODAY) == ("2025-04-03", "stated")


@pytest.mark.parametrize("label", ["成文日期", "印发日期", "制表日期", "采访时间", "记录时间", "签订日期", "签署日期"])
def test_the_day_an_article_was_written_is_inferred_to_be_that_of_its_publication(label: str) -> None:
    for place in (in_head, in_foot):
        assert find_date(place(f"{label}：2025年4月3日"), today=TODAY) == ("2025-04-03", "inferred")
        assert find_date(place(f"{label}：2025年4月3日\n发布于 2025-04-05"), today=TODAY) == ("2025-04-05", "stated")


@pytest.mark.parametrize("line", ["（原载《江东日报》2025年4月3日第7版）", "原刊于2025年4月3日《江东日报》"])
def test_the_day_of_the_newspaper_that_printed_an_article_counts_where_there_is_no_other(line: str) -> None:
    for place in (in_head, in_foot):
        assert find_date(place(line), today=TODAY) == ("2025-04-03", "stated")
        assert find_date(place(f"{line}\n发布于 2025-04-05"), today=TODAY) == ("2025-04-05", "stated")
    assert find_date(in_head(f"{line}。他后来又写了一篇。"), today=TODAY) is None


@pytest.mark.parametrize(
    "line",
    [
        "2003年6月18日 成立恒川水务公司",
        "2025年4月3日 国际会议中心",
        "2025年4月3日 北京大学",
        "2025年4月3日 新品发布会",
        "2025年4月3日 关闭",
        "2025年4月3日 召开董事会",
        "截止日期：2025-04-03　联系部门：人力资源部",
        "2025年4月3日　地点：上海　主办：市教育局",
        "时间：2025年4月3日　地点：上海",
        "时间：2025年4月3日　地点：上海　执笔：张三",
        "生效日期：2025年4月3日",
        "生效：2025-04-03　编号：7",
        "《三体》2025年4月3日",
        "【活动】2025年4月3日",
        "北京 编辑 招聘 2025年4月3日",
        "南岸日报 创刊 2025年4月3日",
        "南岸日报 读者 茶话会 2025年4月3日",
        "小红书 电商 上线 2025年4月3日",
    ],
)
def test_the_day_of_an_event_beside_a_name_is_left_alone(line: str) -> None:
    assert find_date(in_head(line), today=TODAY) is None


@pytest.mark.parametrize(
    "line",
    [
        "澜州，2025年4月3日——穗禾集团（下称“公司”）今日公布截至2025年3月31日止三个月的未经审计业绩。",
        "（汀原，2025年4月3日）恒曜再生科技有限公司今日发布2024年度概览。",
        "上海，2025年4月3日 /美通社/ -- 小红书宣布进军跨境电商。",
    ],
)
def test_a_press_release_states_its_day_at_the_beginning_of_its_first_sentence(line: str) -> None:
    assert find_date(in_head(line), today=TODAY) == ("2025-04-03", "stated")
    assert find_date(in_head(f"{line}\n发布于 2025-04-05"), today=TODAY) == ("2025-04-05", "stated")
    assert find_date(in_head(f"它写道：{line}"), today=TODAY) is None
    assert find_date(in_foot(line), today=TODAY) is None


@pytest.mark.parametrize(
    "line",
    [
        "澜州，2025年4月3日——4月5日，公司发布三款新品。",
        "摄于北京，2025年4月3日——公司发布三款新品。",
        "澜州，2025年4月3日，公司发布三款新品。",
        "（汀原，2025年4月3日）大桥通车的那一天，他在桥头站了一上午。",
        "穗禾集团在澜州，2025年4月3日——今日公布业绩。",
        "公司于2025年4月3日在澜州发布三款新品。",
    ],
)
def test_a_day_within_a_sentence_is_no_press_release(line: str) -> None:
    assert find_date(in_head(line), today=TODAY) is None


def test_an_office_and_a_date_within_a_text_are_no_dateline() -> None:
    lines = "\n".join(f"这是第{n}行，它写着一件事情" for n in range(8))
    assert find_date(f"{lines}\n市教育局 2025年4月3日\n{lines}", today=TODAY) is None


@pytest.mark.parametrize(
    "head",
    [
        "2025年4月3日，小红书上线了电商。",
        "2025年4月3日 小红书上线电商",
        "2025年4月3日 14:00 上海国际会议中心",
        "截至2025年4月3日",
        "2025-04-03 至 2025-04-05",
        "## 2025年4月3日",
        "- 2025-04-03",
        "| 2025-04-03 | 3 |",
        "时间：2025年4月3日\n地点：上海",
        "20250403",
        "2025-04-03\n发布时间：2025-04-05",
        "2025-04-03\n2025-04-05",
        "4月3日 08:12",
        "昨天 08:12",
        "2小时前",
        "新华社北京4月3日电 小红书今天宣布进军跨境电商。",
        "据新华社北京2025年4月3日电 小红书宣布进军跨境电商。",
        "2025-13-03",
        "",
    ],
)
def test_a_date_that_is_no_certain_dateline_is_left_alone(head: str) -> None:
    assert find_date(in_head(head), today=TODAY) is None


def test_a_dispatch_takes_its_year_from_the_same_day_or_the_update_and_is_inferred() -> None:
    dispatch = "新华社北京4月3日电 小红书今天宣布进军跨境电商。"
    assert find_date(in_head(f"更新时间：2025-04-05\n{dispatch}"), today=TODAY) == ("2025-04-03", "inferred")
    assert find_date(in_head(f"早报 2025年4月3日 全文\n{dispatch}"), today=TODAY) == ("2025-04-03", "inferred")
    assert find_date(in_head(f"{dispatch}\n它在2013年6月1日成立。"), today=TODAY) is None


def test_a_title_is_no_dateline() -> None:
    assert find_date(in_head("2025年4月3日"), "2025年4月3日", TODAY) is None


def test_the_heads_of_a_chronicle_are_no_datelines() -> None:
    chronicle = "\n".join(f"2025-04-{day:02}\n这一天发生了一件值得记下来的事情。" for day in range(1, 31))
    assert find_date(chronicle, today=TODAY) is None


def test_a_letter_is_dated_at_its_foot_and_a_list_of_links_is_not() -> None:
    assert find_date(in_foot("张三\n二〇二五年四月三日"), today=TODAY) == ("2025-04-03", "stated")
    assert find_date(in_foot("相关阅读\n另一篇文章\n2025-04-03"), today=TODAY) is None
    assert find_date(in_foot("另一篇\n2025-04-03\n又一篇\n2025-04-02"), today=TODAY) is None


@given(st.text(max_size=200))
def test_any_text_can_be_searched(raw: str) -> None:
    gather(raw, Path("文.txt"), today=TODAY)


@pytest.mark.parametrize(
    ("line", "author", "publisher"),
    [
        ("作者：张三", "张三", None),
        ("**作者：**张三", "张三", None),
        ("作者 | 张三", "张三", None),
        ("文｜张三 编辑｜李四", "张三", None),
        ("文/张三", "张三", None),
        ("撰 文丨星 野 编 辑丨美 圻", "星 野", None),
        ("撰文：张三、李四", "张三、李四", None),
        ("本报记者 张三", "张三", None),
        ("By Jane Doe", "Jane Doe", None),
        ("作者：张三，从业十年，写过三本书。公众号：三三（ID：san）", "张三", None),
        ("作者：张三；公众号：三三", "张三", "三三"),
        ("2025-04-03 来源：新华社 作者：张三", "张三", "新华社"),
        ("作者：张三 发布时间：2025-04-03", "张三", None),
        ("作者：张三 阅读：1.2万", "张三", None),
        ("作者：张三 阅读 128", "张三", None),
        ("作者：张三 评论(35) 2024-03-05", "张三", None),
        ("来源：江东商报 3200字", None, "江东商报"),
        ("来源：江东商报　【打印】【关闭】", None, "江东商报"),
        ("来源：江东商报 [打印] [关闭]", None, "江东商报"),
        ("来源：江东商报 字体：大 中 小", None, "江东商报"),
        ("【来源：江东商报】【作者：张三】", "张三", "江东商报"),
        ("作者：[日]村上春树", "村上春树", None),
        ("作者：【澜】张三", "张三", None),
        ("作者：（美） 马克", "马克", None),
        ("作者：[美]马克·吐温", "马克·吐温", None),
        ("文｜列夫·尼古拉耶维奇·托尔斯泰　2024-03-05", "列夫·尼古拉耶维奇·托尔斯泰", None),
        ("本报记者 阿卜杜拉·买买提", "阿卜杜拉·买买提", None),
        ("作者：张三·浙江", "张三", None),
        ("作者：张三·江东商报", "张三", None),
        ("作者：张三 · 2024-03-05", "张三", None),
        ("作者：张三·阅读 128", "张三", None),
        ("来源：江东商报·副刊", None, "江东商报"),
        ("作者：[张三](https://a.example.com)", "张三", None),
        ("记者 张三 李四 北京报道", "张三 李四", None),
        ("记者：张三 发自澜州", "张三", None),
        ("来源：36氪 日期：2025-04-03", None, "36氪"),
        ("来源：36氪", None, "36氪"),
        ("（来源：36氪）", None, "36氪"),
        ("来源 | 36氪（ID：wow36kr）", None, "36氪"),
        ("公众号：三三", None, "三三"),
        ("新华社北京4月3日电（记者张三、李四）小红书今天宣布。", "张三、李四", None),
        ("2024年3月12日　来源：青阳日报　记者 孙立", "孙立", "青阳日报"),
        ("来源：青阳日报 本报记者 孙立 通讯员 王五", "孙立", "青阳日报"),
        ("2024-01-15 记者 孙立 实习生 王五", "孙立", None),
        ("发布机构：市教育局　发布日期：2024-01-15", None, "市教育局"),
        ("2024年3月12日 记者 从市政府获悉，大桥通车", None, None),
        ("来源：这句话是正文。", None, None),
        ("来源：https://a.cn", None, None),
        ("来源：云南保山潞江坝", None, None),
        ("来源：云南保山", None, "云南保山"),
        ("本文来源：青阳日报。", None, "青阳日报"),
        ("作者：张三。", "张三", None),
        ("来源：云南保山\n净含量：250克", None, None),
        ("来源：云南保山\n| 品名 | 咖啡豆 |\n| 规格 | 250克 |", None, None),
        ("来源：临州晚报\n净含量：250克", None, "临州晚报"),
        ("公众号：三三\n产地：云南保山", None, "三三"),
        ("来源：中国水产养殖网", None, "中国水产养殖网"),
        ("来源：埃塞俄比亚进口", None, None),
        ("图1 趋势\n来源：艾瑞咨询", None, None),
        ("来源：临州晚报  2025-01-10", None, "临州晚报"),
        ("来源：临州晚报2025-01-10", None, "临州晚报"),
        ("作者：施雨桐 1，阮志恒 2", "施雨桐、阮志恒", None),
        ("作者：施雨桐 1　陆知远 2", "施雨桐、陆知远", None),
        ("作者：施雨桐¹　陆知远¹,²*　发表日期：2024-06-20", "施雨桐、陆知远", None),
        ("作者：施雨桐1", "施雨桐", None),
        ("（原载《江东日报》2024年8月9日第7版）", None, "江东日报"),
        ("本文原载于2024年8月9日《江东日报》，有删改", None, "江东日报"),
        ("原载《江东日报》", None, None),
        ("发布：Suvio商家规则中心　|　公示：2025-04-22　|　生效：2025-06-01", None, "Suvio商家规则中心"),
        ("发布者：青阳日报", None, "青阳日报"),
        ("发布：2025-04-22", None, None),
        ("发帖人：不服输的老周    2025-03-11 23:47    版块：卖家吐槽", "不服输的老周", None),
        ("楼主：老周  2025-03-11 23:47", "老周", None),
        ("楼主：谢谢大家", None, None),
        ("采访/阮青　整理/郑小禾", "阮青", None),
        ("文｜张三 采写｜李四", "张三", None),
        ("执笔：梁未、陶思远", "梁未、陶思远", None),
        ("采访｜陆思齐", None, None),
        ("汀原观察　记者 郭映雪　实习记者 丁昶　｜　2023年10月9日", "郭映雪、丁昶", None),
        ("作者：苏砚秋 编辑 方樾", "苏砚秋", None),
        ("汀原市陶瓷行业协会　供稿", None, "汀原市陶瓷行业协会"),
        ("张三　供稿", None, None),
        ("图片来源：Unsplash", None, None),
        ("作者：我认为我们应该在这里写下一个很长很长的句子", None, None),
        ("作者认为，小红书会成功。", None, None),
        ("作者：张三\n作者：李四", None, None),
        ("文章讲完了", None, None),
        ("记者：您好，欢迎来到演播室。", None, None),
        ("记者：王总，今年开了几家店？", None, None),
        ("记者：王总\n王总：三家店\n记者：都赚钱吗", None, None),
        ("作者：您好，很高兴来到这里。", None, None),
        ("记者：张三", "张三", None),
        ("文/张三 图/李四", "张三", None),
        ("文｜张三 图｜李四", "张三", None),
        ("文/张三 视频/李四 编辑/王五", "张三", None),
        ("图3 月活走势\n来源：QuestMobile", None, None),
        ("表1 月活\n注：单位为万\n来源：QuestMobile", None, None),
        ("| 1月 | 3万 |\n来源：QuestMobile", None, None),
        ("来源：虎嗅网\n图3 月活走势\n来源：QuestMobile", None, "虎嗅网"),
        ("", None, None),
    ],
)
def test_a_byline_names_author_and_publisher(line: str, author: str | None, publisher: str | None) -> None:
    for raw in (in_head(line), in_foot(line)):
        if "电（" not in line or raw.startswith("新华社"):
            assert (find_author(raw), find_publisher(raw)) == (author, publisher)


@pytest.mark.parametrize(
    ("line", "publisher"),
    [
        ("2024-11-02 江南晚报", "江南晚报"),
        ("人民网 2024-11-02 10:20", "人民网"),
        ("新华社 2024年11月2日", "新华社"),
        ("2024-11-02 三联生活周刊", "三联生活周刊"),
        ("2024-11-02 澎湃新闻", "澎湃新闻"),
        ("【跨境早报】2025年4月18日 星期五 第1126期", "跨境早报"),
        ("采访/阮青　整理/郑小禾　刊于《货路》2025年3月20日", "货路"),
        ("*南岸日报·砚边小语　　石砚秋　　2024-06-05*", "南岸日报"),
        ("《汀原观察》2024年6月13日 观点版", "汀原观察"),
        ("《汀原观察》人物 · 2024年8月2日 · 采写：丁昶 · 编辑：蒲若宁", "汀原观察"),
        ("东汀商业周刊　记者 苏砚秋　编辑 方樾　2025-04-14 07:30", "东汀商业周刊"),
        ("《三体》 发布时间：2024-11-02", None),
        ("《年报》 发布时间：2024-11-02", None),
        ("2024-11-02 行业新闻", None),
        ("2024-11-02 财报", None),
        ("2024-11-02 国家电网", None),
        ("2024-11-02 中青旅行社", None),
        ("2024-11-02 小红书上线电商", None),
        ("2024-11-02 江南晚报\n来源：青阳日报", "青阳日报"),
    ],
)
def test_a_newspaper_alone_with_a_date_in_the_head_is_the_publisher(line: str, publisher: str | None) -> None:
    assert find_publisher(in_head(line)) == publisher
    assert "\n" in line or find_publisher(in_foot(line)) is None


def test_a_byline_in_the_middle_of_the_text_names_nobody() -> None:
    raw = f"{BODY}\n作者：张三\n来源：某报\n{BODY}"
    assert (find_author(raw), find_publisher(raw)) == (None, None)


@pytest.mark.parametrize(
    "line",
    [
        "2025-04-03",
        "**作者：**张三",
        "作者：施雨桐 1，阮志恒 2",
        "2024年3月12日　来源：青阳日报　记者 孙立",
        "某某网 2025-04-03 10:00",
        "汀原市陶瓷行业协会　供稿",
        "记者 张三 北京报道",
        "来源：市商务局　发布时间：2024-03-05　【字体：大 中 小】",
    ],
)
def test_a_line_of_metadata_alone_says_nothing_else(line: str) -> None:
    assert states_metadata_alone(line)


@pytest.mark.parametrize(
    "line",
    [
        "时间：2025年4月3日",
        "签订日期：2025年4月3日",
        "公示：2025-04-03　生效：2025-06-01",
        "发布日期：2025-04-03　文号：教发〔2025〕7号",
        "文/小满运营笔记　适用：半托管商家",
        "作者：张三，从业十年，写过三本书",
        "[4]《某文》，来源：爱范儿，2020-02-05 11:21；",
    ],
)
def test_a_line_of_metadata_that_may_answer_a_question_is_not_metadata_alone(line: str) -> None:
    assert states_metadata(line)
    assert not states_metadata_alone(line)


@pytest.mark.parametrize("line", ["公司于2025年4月3日成立。", "2025年4月3日 国际会议中心", ""])
def test_a_line_that_states_no_metadata_is_not_metadata_alone(line: str) -> None:
    assert not states_metadata_alone(line)
