"""A follow-up as a question that stands alone: by rules, without a model, and the same every time.

What a question names is found by peeling: words that only frame it (你知道…吗) go from its ends, words that only
ask or link cut it into runs, and the first run that says something is its topic. No dictionary of names is needed.
"""

import re
from collections.abc import Sequence

from rag.text import simplify
from rag.types import Question

SHORT = 8  # letters; a shorter question can hardly name its subject
NAME = 8  # letters; the first clause of an answer up to this long is the name that was asked for
LOOK_BACK = 6  # messages
READ = 200  # code points of an answer


def _any(words: str) -> str:
    """The alternatives of a pattern, from words apart by white space."""
    return "|".join(words.split())


# Word lists. What stands around a word keeps names whole: 成都, 社会 and 功能 hold no 都, 会 and 能.
_ASKING = _any(
    r"""为什么 为何 为啥 怎么样 怎么办 怎么 怎样 咋样 咋 如何 什么时候 什么样 什么 甚么 啥 多少 多[久大高长远重]
    哪一?[些个家位里儿年天种款篇项几部本首座]? 何时 何地 谁 几[个次种家款岁点位项月号年天] 是不是 是否 有没有 能不能
    会不会 要不要 可不可以"""
)
_LINKING = _any(
    r"""(?<![还只可但像就总要老凡算])是 (?<![具所只稀国公私富])有(?![限色效关赞道机]) (?<![首成大])都(?![市会])
    (?<![大社议晚机开商协约公教学工唱委分聚庆展峰宴省市国动览理书同运])会(?![议员计展所])
    (?<![功智技职性才再势异动电热全节])能(?![力源量]) (?<![主需重])要(?![求点闻素]) (?<![平安])太(?![阳平空])
    (?<![良友爱美偏])好(?![莱评友医未]) 应该 可以 可能 不(?![锈动足]) 没(?!收) 被 把(?!握) (?<!小)说(?![法明])
    (?<![转出])让 (?<!成)就(?!业) 也(?!门) (?<!归)还(?![款贷原]) 又 很 (?<!变)更(?![新换改]) (?<!供)给(?!予) 吗 呢
    吧 啊 呀 嘛 啦(?!喇) 哦 (?<!为)了(?!解) 因为 所以 但是 可是 如果 最近 之[前后] 以[前后] 已经 一直 一定 比较 非常
    特别 超级(?!联赛) 当然 永远 感觉 觉得 喜欢 看[见到] [今明昨后]天 你 这[个种]"""
)
_OPENING = _any(
    r"""[\W_] 那么? 哎呀? 诶 嗯 哦 喔 额 唉 哈+(?=[^\w]|你|我) 好[吧的] 其实 话说 对了 请问 然后 还有 另外 至于 关于
    除了 听说过? 原来 好像 最近 发现 刚才? 自从 前两天 平时 反正 真的 如果 因为 所以 但是 可是 很 挺 都(?![市会])
    就(?!业) 也(?!门) 又 还(?![款贷原]) 是 在(?![线职校]) 有(?![限色效关赞道机]) 没(?!收) 不(?![锈动足]) 的 我们
    你们 他们 咱们 我 你 您 他 她 它 自己 [一这那两几][个部首本遍位只家座款](?=..) 这 那 讲讲 聊聊? 介绍 推荐 告诉
    评价 知不知道 知道 认不认识 认识 喜不喜欢 喜欢 觉得 感觉 认为 了解 记得 希望 讨厌 支持 靠 由 想(?!象)
    要(?![求点闻素]) 会(?![议员计展所]) 能(?![力源量]) 可以 梦[到见]
    (?<=[我你您们想要会能以不没都也还])(?:去|爱|看|听|玩|吃|喝|买|打|来|用|读|学|做|养|追|带|帮|教|问|发|叫|穿|唱|懂|找|换|说|和|跟|最|再|超)
    [看听玩吃喝去读][过了] 想[看听玩吃去] (?<=.)[过了着到得]"""
)
_CLOSING = _any(
    r"""(?:[属位处源始建卒死]于|(?:分布|出生|毕业|成立|坐落|栖息|活跃|拍摄|发行|出版|上映|创[立办])于?)$ 具有?$
    [\W_] 吗 呢 吧 啊 呀 嘛 么 哦 啦 呗 哒 哈 咯 诶 了 的 (?<!心)得 过 (?:看|听|玩|吃|去)过 你 设?在 (?<![国公私])有
    于 叫 知道 认识 了解 好[看玩吃听] 帅 漂亮 可爱 厉害 可怕 靠谱 意思 一下 真 最 挺 长得 [这那]
    这(?:部电影|首歌|本书|个人) (?<!华)为 (?<![平饱共日])和 主要 平均 最[早棒] 现在 目前 一共 到底 究竟 后来 曾经?
    今年 吵架 分手 生气 覆盖 推出 包括 推荐"""
)
# Nouns that nearly every article has: a question of these alone does not say what it is about.
_GENERIC = re.compile(
    _any(
        r"""商家 卖家 买家 用户 客户 消费者 平台 公司 集团 企业 产品 商品 品牌 市场 价[格钱] 费用 钱 成本 物流 运费
        快递 售后 退[货款] 税费 关税 国际 海外 国内 跨境 线[上下] 官方 相关 政策 规则 门槛 条件 要求 流程 步骤 时间
        日期 地[点方] 原因 理由 结果 效果 影响 优[势点] 劣势 [缺特]点 区别 不同 数[据字] 粉丝 销量 销售额 营收 收入
        利润 估值 融资 份额 增速 团队 员工 老板 创始人 合伙人 负责人 作者 主角 导演 演员 总部 办公室 名字 内容 情况
        背景 方[式法] 模式 办法 措施 功能 服务 项目 计划 活动 业务 问题 意思 例子 部分 比例 目标 对手 竞争 风险 国家
        地区 城市 部门 媒体 文章 作品 东西 时候 身高 年龄 性格 照片 图片 天气 电影 游戏 动漫 音乐 推荐 介绍 知道
        认识"""
    )
)
_FILLER = re.compile(
    _any(
        r"""\d+ [年月日] 第 [一二三四五六七八九十两几]+[个次种家款岁点位项月号年天名]? 具体 主要 另外 额外 首期 目前
        现在 当时 后来 最[后终] [总一]共 大概 需要 分别 其中 除此 之外 交 收 付 花 多 少 大 小 高 低 人 个 的 地 得
        了 着 过 在 和 与 跟 对 从 到 由 为 以 里 上 下 中 前 后 来 去 做 用 吗 呢 \W"""
    )
)
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹章苏潘葛范彭鲁韦马方任袁柳史唐薛雷贺汤罗毕郝安于傅齐康伍余顾"
    "孟黄萧尹姚邵汪毛戴宋庞熊纪舒项董梁杜贾江郭林钟徐邱高夏蔡田胡万莫丁邓洪石崔龚程陆翁段侯武刘龙叶白赖乔曾瞿"
)
_COMMON_LATIN = re.compile(
    _any(
        r"""app ceo cmo cto cfo coo gmv roi kol mcn ai pdf ip id pc vip dau mau what which who when where why how is
        are was were does do did the an of in to and there about"""
    ),
    re.IGNORECASE,
)

# How a question is cut.
_ASKS = re.compile(_ASKING)
_CUT = re.compile(rf"(?:(?<![A-Za-z0-9]) | (?![A-Za-z0-9])|[^\w·:： -])+|{_ASKING}|{_LINKING}")  # Adobe OnLocation
_LEFT = re.compile(f"(?:{_OPENING})++")
_RIGHT = re.compile(f"(?:{_CLOSING})++$")
_CLAUSE = re.compile(r"[，,；;。？?！!\n]")
_QUOTED = re.compile(r"《([^》]+)》|“([^”]{2,})”|「([^」]+)」|『([^』]+)』")
_LATIN = re.compile(r"[A-Za-z][\w&.+-]*[A-Za-z0-9]")
_TIME = re.compile(
    r"(?:\d{2,4}年|[今去前明]年)(?:\d{1,2}月份?|第?[一二三四]季度|[上下]半年)?(?:\d{1,2}[日号])?"
    r"|\d{1,2}月份?(?:\d{1,2}[日号])?|第?[一二三四]季度|[上下]半年|[今明昨后前]天"
)
_FIRST_WORD = re.compile(r"[A-Za-z0-9]+|..?", re.DOTALL)
_PERSON = re.compile(rf"[{_SURNAMES}][㐀-鿿]{{1,2}}(?:$|[的在和为对去来]|创业|加入|担任|出生|毕业|离职)")

# How a question shows that it is, or is not, a follow-up.
_LINK = re.compile(r"^(?:那么?|然后|还有|另外|至于|and\b)[，, ]*", re.IGNORECASE)
_PRONOUN = re.compile(r"(?:(?<!其)它们?|(?<![吉其])他(?!人)们?|她们?)(?![俩们])")
_POINTS = re.compile(
    r"[这那][个些种次项家篇里样时两位笔一首部本儿书歌剧人边]|该(?:计划|公司|平台|业务|模式|应用|集团|片|书|剧|队|校)|[它他她]俩"
    r"|上述|前者|后者|其中|(?<![与尤极])其(?![他它实余次])|此[外次]|第[一二三四五六七八九十\d]+[个种家位项点款条]|^.{0,2}里[面边]"
    r"|\b(?:it|its|they|their|he|she|that|this)\b",
    re.IGNORECASE,
)
_SUBJECTLESS = re.compile(
    r"在(?=哪|什么|何)|被|由|曾|包括|受到|属于|位于|分布|毕业|担任|获得|拥有|[一总]?共|一般|主要|通常|最[早后]|具体|首期|多少|有|还|也|都|已经"
    r"|是(?![不否谁哪])|为什么(?=[没不会要能被选是])"
)
_DEFINES = re.compile(
    r"^(?:什么|啥)(?:是|叫)|^何谓|^谁是|(?:是|指的?是?)(?:什么|啥)意思|(?:是谁|位?[于在]哪里?|又[称名叫]什么)[？?]?$"
)
_BARE = re.compile(rf"{_ASKING}|真的?|别的|原因|理由|例子|其[他它]|有|还|说|讲|举|是|请|能|再|详?细|怎")
_ELLIPSIS = re.compile(
    r"^(?P<new>[^，,。？?！!]{1,16}?)呢[？?！!。]*$|^(?:what|how) about (?P<english>[^?]+)\??$", re.IGNORECASE
)

# What an answer may give.
_ASKED_NAME = re.compile(r"叫什么|叫啥|什么名字|是谁|谁是|哪一?[位家款个]")
_ASKED_PERSON = re.compile(r"谁|哪一?位|\bwho\b", re.IGNORECASE)
_DIGITS = "一二三四五六七八九"
_COUNTED = re.compile(
    rf"第(?P<nth>[{_DIGITS}])[个种家位项点款条]|(?P<first>前者)|后面?那?(?P<last>[两三])[个种家位项点款条]|后者|最后一?[个种家位项点款条]"
)
_BEFORE_LIST = re.compile(r"覆盖|包[括含]|涵盖|分别[是为]|即|有|是|为|叫|加入|推出|选择")
_AFTER_LIST = re.compile(r"等|[两三四五六七八九]\w?[个种家位项点款条]")


def stand_alone(question: Question) -> str:
    """The query for a question: itself, or in simplified characters with what it leaves out.

    That is taken from the questions before it. An earlier answer gives words only where the question can hardly mean
    anything else: one of the things that it lists (第二个), the name that was asked for and given, or its topic when
    the question before it names nothing.
    """
    asked: list[str] = []
    answer = ""
    for message in question.history[-LOOK_BACK:]:
        if message.role == "user":
            asked.append(_completed(simplify(message.content), asked, answer))
            answer = ""
        else:
            answer = simplify(message.content[:READ])
    text = simplify(question.text)
    query = _completed(text, asked, answer)
    return question.text if query == text else query


def is_follow_up(question: Question) -> bool:
    """Whether a question needs those before it: it refers back, or does not name its subject."""
    asked = [message.content for message in question.history if message.role == "user"]
    return bool(asked) and not _names_its_subject(simplify(question.text), simplify(asked[-1]))


def without_pointers(text: str) -> str:
    """A question with blanks for the words that refer to something before it: 它, 这家, 前者, 第二个."""
    return _POINTS.sub(" ", _PRONOUN.sub(" ", text))


def runs(text: str) -> list[str]:
    """The stretches of a text that may name something, in order: 你知道福利社是谁的吗 gives 福利社."""
    found = []
    for piece in _CUT.split(_LEFT.sub("", text, count=1) if _LEFT.match(text) else text):
        opening = _LEFT.match(piece)
        run = _RIGHT.sub("", piece[opening.end() :] if opening and opening.end() < len(piece) else piece)
        if len(run) > 1:
            found.append(run)
    return found


def _completed(text: str, asked: Sequence[str], answer: str) -> str:
    """A question with what it leaves out; `asked` are the questions before it, complete, the last one last."""
    if not asked or _names_its_subject(text, asked[-1]):
        return text
    if counted := _counted(text, answer):
        return f"{_topic(asked[-1], answer)} {counted} {text}".strip()
    ellipsis = _ELLIPSIS.match(_LINK.sub("", text.strip()))
    if ellipsis and not _CUT.search(ellipsis["new"] or ""):
        return _exchanged(ellipsis["new"] or ellipsis["english"], text, asked, answer)
    if _is_bare(text):
        carried = " ".join(filter(_says_something, runs(asked[-1]))) or _topic(asked[-1], answer)
        return f"{carried} {text}".strip()
    return _about(_referent(text, asked, answer), text)


def _names_its_subject(text: str, last: str) -> bool:
    """Whether a question says what it is about, or names a part of the question before it and so leans on that."""
    if _ELLIPSIS.match(text.strip()) or _PRONOUN.search(text) or _POINTS.search(text):
        return False
    if _is_bare(text):
        return False
    core = _LINK.sub("", text.strip())
    if _QUOTED.search(core) or not all(map(_COMMON_LATIN.fullmatch, _LATIN.findall(core))):
        return True
    asking = _ASKS.search(core)
    own = runs(core[: asking.start()] if asking and asking.start() else core)
    if _SUBJECTLESS.match(core) or not own or not _says_something(own[0]):
        return False
    if own[0] in last and not _topic(last, "").startswith(own[0]):
        return False
    owner, of, _ = own[0].partition("的")
    if of and _says_something(owner):
        return True
    return sum(char.isalnum() for char in core) > SHORT or _DEFINES.search(core) is not None


def _is_bare(text: str) -> bool:
    """Whether a question names nothing at all: 为什么, 具体有哪些."""
    return not _FILLER.sub("", _BARE.sub("", text))


def _says_something(run: str) -> bool:
    return bool(_FILLER.sub("", _GENERIC.sub("", _TIME.sub("", run))))


def _quoted(text: str) -> str:
    """The first name in quotation marks, without them; empty where there is none."""
    found = _QUOTED.search(text)
    return next(filter(None, found.groups())) if found else ""


def _topic(question: str, answer: str) -> str:
    """What a question is about, from the clause that asks; from its answer where it names nothing; or empty."""
    if name := _quoted(question):
        return name
    asking = next(filter(_ASKS.search, _CLAUSE.split(question)), "")
    for run in (*runs(asking), *runs(question)):
        if _says_something(run):
            return run
    return next(iter(runs(answer)), "")


def _referent(text: str, asked: Sequence[str], answer: str) -> str:
    """What a question refers to: a name just given, else the last topic, else an earlier one that fits 他 or 它."""
    pronoun = _PRONOUN.search(text)
    about_a_person = pronoun is not None and pronoun[0][0] in "他她"
    if (pronoun or _POINTS.search(text)) and _ASKED_NAME.search(asked[-1]) and (name := _quoted(answer)):
        return name
    given = _CLAUSE.split(answer)[0]
    if about_a_person and _ASKED_PERSON.search(asked[-1]) and len(given) <= NAME and (names := runs(given)):
        return names[0]
    topics = [_topic(asked[-1], answer), *(_topic(question, "") for question in reversed(asked[:-1]))]
    fitting = (topic for topic in topics if topic and bool(_PERSON.match(topic)) is about_a_person)
    return next(fitting, topics[0]) if pronoun else topics[0]


def _about(topic: str, text: str) -> str:
    """A question with its topic in the place of the pronoun, or before it; as it is where it holds the topic."""
    if not topic or topic in text:
        return text
    if _PRONOUN.search(text):
        return _PRONOUN.sub(lambda _: topic, text, count=1)
    return text if _FIRST_WORD.findall(topic)[0] in text else f"{topic} {text}"


def _exchanged(new: str, text: str, asked: Sequence[str], answer: str) -> str:
    """那2023年呢, 拼多多的Temu呢: the last question with the new time or subject in the place of the old.

    What may be a subject or a detail (淘宝呢, 退货率呢) is asked beside the whole last question.
    """
    last = asked[-1]
    if _TIME.fullmatch(new):
        return _TIME.sub(new, last, count=1) if _TIME.search(last) else f"{new} {last}"
    topic = _referent(text, asked, answer)
    if _PRONOUN.search(new):
        return f"{_about(topic, new)} {last}"
    if not _says_something(new):
        return _about(topic, text)
    if _LATIN.search(new) and topic in last:
        return last.replace(topic, new, 1)
    return f"{last} {text}"


def _counted(text: str, answer: str) -> str:
    """The things that a question counts off, 第二个 or 后面两个, among those that the answer lists."""
    things = _things(answer)
    chosen: list[str] = []
    for count in _COUNTED.finditer(text):
        if count["nth"]:
            chosen += things[_DIGITS.index(count["nth"]) :][:1]
        elif count["first"]:
            chosen += things[:1]
        else:
            chosen += things[-(" 两三".index(count["last"]) + 1 if count["last"] else 1) :]
    return " ".join(dict.fromkeys(chosen))


def _things(answer: str) -> list[str]:
    """What the first enumeration of a text lists: 首期覆盖美国、中国香港和中国澳门 gives three."""
    for clause in re.split(r"[。！？!?；;，,：:\n]", answer):
        first, *others = re.split(r"、|以及|及|和", clause)
        if others and all(others):
            return [_BEFORE_LIST.split(first)[-1], *others[:-1], _AFTER_LIST.split(others[-1])[0]]
    return []
