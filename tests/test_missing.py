import pytest

from rag.missing import NO_NUMBER, NO_PERSON, NO_PLACE, NO_REASON, NO_TIME, UNSAID, lacks_name, missing, unsaid
from rag.quantity import says_there_is_none, what_is_asked


@pytest.mark.parametrize(
    ("question", "notice"),
    [
        ("它一共有多少下载量？", NO_NUMBER),
        ("它是什么时候关停的？", NO_TIME),
        ("这几任负责人分别是谁？", NO_PERSON),
        ("总部在哪里？", NO_PLACE),
        ("她为什么退出了管理层？", NO_REASON),
        ("那habU又栽在哪儿了？", NO_REASON),
        ("小红书怎么就干不过天猫国际？", NO_REASON),
        ("他以前在哪家公司？", UNSAID),
        ("能用Apple Pay付款吗？", UNSAID),
        ("哪天上市的？定价多少？", UNSAID),
        ("等级是看哪几个指标定的？", UNSAID),
        ("厂里咋还不换膜？", NO_REASON),
        ("When was it closed?", NO_TIME),
    ],
)
def test_a_refusal_says_which_kind_of_thing_is_missing(question: str, notice: str) -> None:
    assert unsaid(question) == notice


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("那月薪开多少？", "估值已经达到310亿美元。", True),
        ("那月薪开多少？", "管培生每月工资8000元。", False),
        ("办公室的租金是多少？", "小红书在香港招人，月薪2万元。", True),
        ("办公室的租金是多少？", "他们以每月20万港元租下一层。", False),
        ("小红书有多少用户？", "估值已经达到310亿美元。", True),
        ("小红书有多少用户？", "每天有3000万人打开它。", False),
        ("那间办公室月租多少？", "租下约7000平方英尺的办公区。", True),
        ("单间的月租是多少？", "单间月租1500元起。", False),
        ("品牌方出价多少？", "两个品牌找到他，有 3 次合作。", True),
        ("这把椅子的售价是多少？", "椅子要300元。", False),
        ("房东收了多少钱？", "房东收了300元。", False),
        ("毛线后来卖掉了几单？", "店里只有 16 款商品。", True),
        ("毛线后来卖掉了几单？", "毛线卖掉了 3 单。", False),
        ("店里有几家分店？", "店里有 16 款商品。", True),
        ("有哪几家平台加入？", "京东和得物加入了。", False),
        ("为什么不把几家客户放进同一个群？", "客户会比较价格。", False),
        ("他找了好几家公司吗？", "他找过京东。", False),
        ("慢直播卖了多少钱？", "慢直播累计 GMV 过亿。", False),
        ("慢直播卖了多少？", "慢直播累计 GMV 上千万。", False),
        ("慢直播卖了多少？", "慢直播意外爆火。", True),
        ("一套积木卖几美元？", "这套积木价位更低。", True),
        ("一套积木卖几美元？", "这套积木卖 5 美元。", False),
        ("十几岁就开店的那位老板是谁？", "老板是冯驌。", False),
        ("坑位费一场要多少？", "慢直播累计 GMV 过亿。", True),
        ("坑位费一场要多少？", "费用是 3 万元一场。", False),
        ("跨境订单的丢件率是多少？", "退货纠纷率高达 8%。", True),
        ("跨境订单的丢件率是多少？", "具备经验的人员占比不足 20%。", True),
        ("跨境订单的丢件率是多少？", "每百单丢件 3 单。", False),
        ("衣服退货率高不高，百分之多少？", "首播有 180 万人看。", True),
        ("下单转化率涨了几个点？", "券后价仍为 90 元。", True),
        ("跨境退货率有多高？", "这一比例高达 20%。", False),
        ("小红书的退货率是多少？", "退货纠纷率高达 8%。", True),
        ("小红书的退货率是多少？", "退货率与退货纠纷率都高，前者是 20%。", False),
        ("人的心率是多少？", "成人心率每分钟 60 到 100 次。", False),
        ("芯片的良率是多少？", "良率达到 90%。", False),
        ("平台率先开通了多少个市场？", "它率先开通 3 个市场。", False),
        ("韩信率领多少人？", "他有 3000 人。", False),
        ("点击率低，要投多少预算？", "预算是 3 万元。", False),
        ("装修花费多少？", "装修用了 45 天。", True),
        ("装修花费了多少时间？", "装修用了 45 天。", False),
        ("新费率是多少？", "佣金由 5% 降到 3%。", False),
        ("点击率从1.9%修到6%，买一个流量花了多少钱？", "流量降到 0.3 元一个。", False),
        ("它花费多少越南盾买下股权？", "它以 41,210 亿越南盾的代价买下股权。", False),
        ("要交多少保证金？", "资金方面，商家不需要缴纳保证金。", False),
        ("保证金要交多少钱？", "平台免收保证金。", False),
        ("要交多少保证金？", "商家不需要准备英文版物料。", True),
        ("小红书有多少名员工？", "没有小红书这样的社区。", True),
        ("小红书员工有多少人？", "小红书拥有3.5亿的月活用户。", True),
        ("小红书员工有多少人？", "小红书的团队有 300 人。", False),
        ("团队有多少人？", "团队只有30个人。", False),
        ("兰花公园的面积是多少？", "兰花公园的面积是九公顷。", False),
        ("兰花公园的面积是多少？", "兰花公园的面积超过了旁边的公园。", True),
        ("一亩地的产量是多少？", "一亩地的产量很高。", True),
        ("一亩地的产量是多少？", "一亩地的产量是两吨。", False),
        ("公司有多少名员工？", "如今有20个员工。", False),
        ("团队有多少人？", "团队做了30个项目。", True),
        ("付费用户有多少？", "付费用户已达到3200名。", False),
        ("付费商家有多少家？", "付费商家超过3000家。", False),
        ("有多少名商家参加？", "200 家商家参加。", False),
        ("多少家店开业了？", "12间门店开业。", False),
        ("有多少人参加？", "活动在30家门店举行。", True),
        ("卖多少钱？", "1月1日元旦上市。", True),
        ("会员费多少？", "会员有3200名。", True),
        ("票价多少钱？", "票价是3000日元。", False),
        ("卖多少钱？", "它卖 $199。", False),
        ("卖多少钱？", "它3日上架。", True),
        ("排第几名？", "排名第三。", False),
        ("门票多少钱？", "基本陈列免费开放。", False),
        ("门票多少钱？", "免费会员有3200名。", True),
        ("门票多少钱？", "夜场 | 30 | 18:30开始", False),
        ("胶装一本多少钱？", "胶装,A4,8,1本起", False),
        ("胶装一本多少钱？", "有人说,A4 的书8本,要等,很久", True),
        ("小红书一整年赚了多少钱？", "慢直播累计 GMV 过亿。", True),
        ("小红书 2024 净利润", "慢直播累计 GMV 过亿。", True),
        ("净利润是多少？", "一年净赚 5 亿元。", False),
        ("老周亏了多少钱？", "前前后后赔了83600元。", False),
        ("用户体验和赚钱各占几成？", "用户体验占70%，收益占30%。", False),
        ("单店的营业额是多少？", "它有 100 万用户。", True),
        ("这次网信办罚了小红书多少钱？", "小红书拥有3.5亿的月活用户。", True),
        ("收购一共花了多少亿美元？", "它上半年营收3.7亿美元。", True),
        ("收购一共花了多少亿美元？", "交易对价是44亿美元。", False),
        ("花多少钱把它买下来的？", "设计师每年续费6899元。", True),
        ("首付比例多少？", "它占了 20% 的版面。", True),
        ("报名费多少钱？", "讲解每人收15元服务费。", True),
        ("营收和净利润各是多少？", "净利润7.9亿元。", False),
        ("完成融资的那家公司有多少员工？", "公司的团队有300人。", False),
        ("被收购后，它一年花多少钱？", "它一年花300万元。", False),
        ("收购之前这个App有多少次更新？", "它更新了35次。", False),
        ("盈利家居服务有限公司在2019年2月分发了多少股利？", "公司决定分发1000万元股利。", False),
        ("停车费多少？", "停车每小时5元，封顶40元。", False),
        ("房租多少？", "每月3500元，押一付三。", False),
        ("闯红灯罚款多少？", "一律处200元并记3分。", False),
        ("国防预算是多少？", "国防支出为1.78万亿元。", False),
        ("它一年赚多少？", "它一年有 5 亿元的净收益。", False),
        ("有多少公司融资？", "35 家公司拿到了钱。", False),
        ("市场占有率是多少？", "市场份额达 32%。", False),
        ("用户的增长率是多少？", "占比 30%，增速为 12%。", False),
        ("罚款的金额是多少？", "公司的营收有300万元。", True),
        ("2024年二季度的广告收入是多少？", "2023年第二季度，广告收入超过30亿元。", True),
        ("2024年二季度的广告收入是多少？", "24 年二季度，广告收入超过40亿元。", False),
        ("2024年二季度的广告收入是多少？", "广告收入超过40亿元，较2023年增长三成。", False),
        ("2024年二季度的广告收入是多少？", "2022-2025年，广告收入每季40亿元。", False),
        ("2024年二季度的广告收入是多少？", "公司成立20年，广告收入40亿元。", False),
        ("广告收入是多少？", "2023年第二季度，广告收入超过30亿元。", False),
        ("2023年营收是多少？", "营收63亿元（2022年：50亿元）。", False),
        ("2023年有多少员工？", "公司成立于2009年，现有员工2300人。", False),
        ("成立于2013年的小红书有多少用户？", "2023年它有3亿用户。", False),
        ("2023年营收是多少？", "FY2023 营收63亿元，2022年为50亿元。", False),
    ],
)
def test_a_number_must_count_what_is_asked_for(question: str, text: str, lacks: bool) -> None:
    assert (missing(question, [text]) == NO_NUMBER) is lacks


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("要交多少保证金？", True),
        ("出海计划到底收不收保证金？", True),
        ("保证金收不收", True),
        ("是否要缴纳保证金？", True),
        ("有没有保证金？", True),
        ("需要缴纳保证金吗？", True),
        ("动不动就收保证金，谁说的？", False),
        ("保证金什么时候退？", False),
        ("口风松没松？", False),
    ],
)
def test_that_there_is_none_is_told_of_what_is_asked_for_by_its_number_or_whether_there_is_any(
    question: str, told: bool
) -> None:
    assert says_there_is_none(question, "资金方面，商家不需要缴纳保证金。") == told


@pytest.mark.parametrize("text", ["(", "要", "多"])
def test_a_long_text_that_asks_for_no_number_takes_no_time_that_grows_out_of_hand(text: str) -> None:
    assert what_is_asked(f"{text * 300_000} 那淘宝呢？") == ""


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("第二期准备开放哪些国家？", "首期覆盖美国、中国香港和中国澳门。", True),
        ("第二批有哪些商家？", "二批商家来自广东。", False),
        ("第3届办在哪里？", "第3届办在杭州。", False),
        ("第一期开放哪些国家？", "首期覆盖美国。", False),
        ("第二季度卖了哪些东西？", "4月到6月卖了鱼。", False),
        ("第二期覆盖哪些国家？", "第 2 期覆盖日本和韩国。", False),
        ("第二期覆盖哪些国家？", "十十期、百一二期、一万期都没有。", True),
        ("第二輪融資是什么？", "第二轮融资来自北京。", False),
        ("第二轮融资是什么？", "第二輪融資來自北京。", False),
        ("第十二届办在哪里？", "第十一届办在杭州。", True),
        ("第十二届办在哪里？", "第12届办在杭州。", False),
    ],
)
def test_a_later_one_of_a_series_must_be_spoken_of(question: str, text: str, lacks: bool) -> None:
    assert (missing(question, [text]) == UNSAID) is lacks


@pytest.mark.parametrize("text", ["福利社上个月关闭。", "双十一开始促销。", "国庆开业。", "上周上线。", "夏天开的店。"])
def test_a_time_without_a_figure_is_one(text: str) -> None:
    assert missing("什么时候开始的？", [text]) == ""
    for timeless in ("店里有鱼。", "线上周边店开始了。", "资本周期开始了。", "线上月活很高。"):
        assert missing("什么时候开始的？", [timeless]) == NO_TIME


@pytest.mark.parametrize(
    "text", ["扁尾海蛇多于夜间出没。", "它傍晚出来。", "姓氏起于金朝。", "洪武年间建成。", "建于清末。"]
)
def test_a_time_of_day_or_of_history_tells_when_but_no_year(text: str) -> None:
    assert missing("通常在什么时候？", [text]) == ""
    assert missing("是哪一年的事？", [text]) == NO_TIME


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("福利社是什么日子关闭的？", "福利社发布告别信后关闭了。", True),
        ("福利社是什么日子关闭的？", "福利社11月16日关闭了。", False),
        ("打印店几点关门？", "打印店关门以后不接急件。", True),
        ("打印店几点关门？", "打印店晚上九点关门。", False),
        ("打印店几点关门？", "天黑就关门。", False),
        ("他的话有哪几点？", "他说要做好服务。", False),
    ],
)
def test_a_day_and_an_hour_are_times(question: str, text: str, lacks: bool) -> None:
    assert (missing(question, [text]) == NO_TIME) is lacks


@pytest.mark.parametrize("text", ["客服白天和晚上都在线。", "用户每天都在分享。", "近百年间一直亏损。", "金朝阳去了。"])
def test_what_happened_once_is_told_by_no_time_of_day(text: str) -> None:
    assert missing("福利社是什么时候关闭的？", [text]) == NO_TIME


def test_what_the_title_names_need_not_stand_in_the_text() -> None:
    assert missing("第六届艺术节的主题是什么？", ["主题：余温"]) == UNSAID
    assert missing("第六届艺术节的主题是什么？", ["主题：余温"], "第六届艺术节活动日程") == ""
    assert missing("第七届艺术节的主题是什么？", ["主题：余温"], "第六届艺术节活动日程") == UNSAID


def test_the_sentence_that_has_the_number_must_say_what_it_is_of() -> None:
    fined = "这次网信办罚了小红书多少钱？"
    assert missing(fined, ["网信办进行处罚。", "小红书拥有3.5亿用户。"]) == NO_NUMBER
    assert missing(fined, ["小红书拥有3.5亿用户。", "网信办罚款50万元。"]) == ""


def test_the_heading_of_its_section_may_say_what_a_number_is_of() -> None:
    assert missing("报名费多少钱？", ["学生价80元。"]) == NO_NUMBER
    assert missing("报名费多少钱？", ["学生价80元。"], headings=["三、报名与收费"]) == ""


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("喜茶的快闪店是哪天关门的？", "7 月 5 日，快闪店正式开业。", True),
        ("喜茶的快闪店是哪天关门的？", "快闪店开到 8 月 11 日为止，7 月 5 日起，至此结束。", False),
        ("福利社什么时候关闭的？", "2023 年 11 月 16 日告别用户。", False),
        ("小红书哪天在港交所上市？", "2 月 9 日它将租下香港的办公区。", True),
        ("小红书哪天在港交所上市？", "它计划 2026 年 3 月挂牌。", False),
        ("沈砚秋哪一年当的校长？", "学校创办于1923年。", True),
        ("沈砚秋哪一年当的校长？", "2019年她接任。", False),
        ("一号线什么时候通车？", "末班车延长至23:00。", True),
        ("二审什么时候开庭？", "2024年1月8日递交诉状。", True),
        ("它上市前哪一年开了第一家店？", "2012年它开了第一家店。", False),
        ("关门的日期是哪天？", "7 月 5 日正式开业。", True),
        ("圈子功能是2022年几月下线的？", "2022年它下线了。", True),
        ("圈子功能是2022年几月下线的？", "2022年年底它下线了。", False),
        ("她是哪天办的退休？", "她2020年退休。", True),
        ("她是哪天办的退休？", "她2020年3月退休。", False),
        ("图书馆什么时候关门？", "晚上10点打烊。", False),
        ("雷曼是哪一年倒闭的？", "2008年9月它申请破产。", False),
        ("iPhone 15 哪天上市？", "9月22日正式开售。", False),
        ("鲁迅是哪一年去世的？", "鲁迅（1881年9月25日－1936年10月19日）。", False),
        ("毕业典礼是哪天？", "典礼定于6月28日举行。", False),
        ("她是哪一年退休的？", "她2020年退休。", False),
        ("评弹夜场演到几点结束？", "19:30 | 评弹夜场 | 文庙戏台", True),
        ("评弹夜场演到几点结束？", "19:30至21:00 | 评弹夜场 | 文庙戏台", False),
        ("小酒馆营业到几点？", "小酒馆通宵营业。", False),
        ("二审哪天开庭？", "公司在开庭后15日的上诉期内研究是否上诉。", True),
        ("二审哪天开庭？", "9月15日的庭审在县里进行。", False),
    ],
)
def test_a_time_must_be_of_what_is_asked_for(question: str, text: str, lacks: bool) -> None:
    assert (missing(question, [text]) == NO_TIME) is lacks


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("种草人群涨到10万一共花了几个月？", "种草人群从0涨到近10万，新客转化率达80%。", True),
        ("种草人群涨到10万一共花了几个月？", "从3月到6月，种草人群涨到近10万。", False),
        ("单独成立事业部要扛几年？", "事业部承担一定时间的战略亏损。", True),
        ("单独成立事业部要扛几年？", "事业部亏了小半辈子。", False),
        ("一天能换几个小时？", "看一次广告换两个钟头。", False),
        ("退款要等几天？", "退款在三个工作日内到账。", False),
        ("退款要等几天？", "退款即时到账。", False),
        ("退款要等几天？", "退款T+1到账。", False),
        ("发货要几个小时？", "须在48h内发货。", False),
        ("货款结算要几天？", "货款按周结算。", False),
        ("公司停牌了几天？", "公司停牌5个交易日。", False),
        ("过去几年的复购率是百分之几？", "复购率是30%。", False),
        ("住几天要多少钱？", "住店要300元。", False),
        ("早几年品牌方在小红书投广告吗？", "品牌方不投广告。", False),
        ("活跃人数平均会来几天，有现成的算法吗？", "DAU/MAU 就是算法。", False),
        ("孩子念几年级？", "孩子在念小学。", False),
    ],
)
def test_how_long_is_told_by_a_length_of_time(question: str, text: str, lacks: bool) -> None:
    assert (missing(question, [text]) == NO_TIME) is lacks


@pytest.mark.parametrize(
    ("question", "text", "notice"),
    [
        ("《水下九讲》是哪家出版社出的？", "他在写一本书，叫《水下九讲》。", UNSAID),
        ("《水下九讲》是哪家出版社出的？", "《水下九讲》交给了中华书局。", ""),
        ("瞿芳大学念的哪所？", "瞿芳正在贝塔斯曼工作。", UNSAID),
        ("瞿芳大学念的哪所？", "瞿芳毕业于北外。", ""),
        ("哪所大学的老师最多？", "贝塔斯曼的老师最多。", ""),
        ("小酒馆开在上海哪条路上？", "2013年它在上海一家小酒馆诞生。", NO_PLACE),
        ("小酒馆开在上海哪条路上？", "小酒馆开在巨鹿路。", ""),
        ("企业走哪条路最高效？", "企业直接写笔记，效率是最高的。", ""),
        ("企业出海选了哪条路？", "企业出海选择自建供应链。", ""),
        ("电竞专业哪所高校最好？", "清华排名第一。", ""),
        ("瞿芳考上了哪所大学？", "瞿芳1995年考入北外。", ""),
    ],
)
def test_what_nearly_always_says_what_it_is_must_do_so(question: str, text: str, notice: str) -> None:
    assert missing(question, [text]) == notice


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("毛文超的妻子是谁？", "毛文超和瞿芳创办了小红书。", True),
        ("毛文超的妻子是谁？", "毛文超与她在武汉结婚。", False),
        ("谁是他女儿？", "先生姓贺。", True),
        ("谁是太太口服液的代言人？", "代言人是刘某。", False),
        ("王健林的儿子是谁？", "王思聪的父亲是王健林。", False),
        ("他女儿叫什么名字？", "二人育有两个女儿。", False),
        ("孩子的班主任是谁？", "班主任是王老师。", False),
    ],
)
def test_kin_must_be_spoken_of(question: str, text: str, lacks: bool) -> None:
    assert (missing(question, [text]) == NO_PERSON) is lacks


@pytest.mark.parametrize(
    ("question", "words", "lacks"),
    [
        ("李静最后签了哪家公司？", ["约70家公司"], True),
        ("坏了一个橙子的那家电商叫什么名字？", ["橙子"], True),
        ("他两个女儿叫啥？", ["二人育有两个女儿"], True),
        ("那位朋友叫什么名字？", ["的高赞"], True),
        ("那位朋友叫什么名字？", ["的高赞", "老王"], False),
        ("那位朋友叫什么名字？", ["老王。"], False),
        ("是谁报的料？哪家媒体？", ["36氪"], False),
        ("化肥厂原来叫什么？", ["前身是永利化工"], False),
        ("大股东是哪家？", ["腾讯，持股17%"], False),
        ("那首歌叫什么？", ["我的祖国"], False),
        ("那门课叫什么？", ["新开的“自媒体与综合电商创业实训”"], False),
        ("Unity 买下了哪家公司？", ["去年收购的 ironSource"], False),
        ("那位朋友叫什么名字？", [], False),
        ("卫冕冠军的是哪支球队？", ["南华于旺角大球场以 2–1 击败康宏晨曦"], False),
        ("有几家公司，哪家最大？", ["约70家公司"], False),
        ("都有谁？", ["约70家公司"], False),
        ("CMO是哪位，他说过最难的是什么？", ["如何协调商业内容和用户社区内容"], False),
        ("邮费谁掏？", ["由消费者承担的是运费"], False),
    ],
)
def test_a_name_is_not_told_by_a_number_a_clause_or_the_words_of_the_question(
    question: str, words: list[str], lacks: bool
) -> None:
    assert lacks_name(question, words) is lacks
