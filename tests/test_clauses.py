"""What is told of a long sentence: the clauses that answer, word for word."""

from itertools import pairwise
from pathlib import Path

import pytest

from rag.chain import AnswerChain
from rag.clauses import ELLIPSIS, LONG, MOST_CLAUSES, told_in_clauses
from rag.embed import SentenceEmbedder
from rag.features import Candidate
from rag.settings import Settings
from rag.text import sentence_spans
from rag.types import Article, Chunk, Message, Passage, Question

UNIIK = (
    "2021年2月，小红书率先在日本推出时尚社区Uniik，界面采用双列信息流，"
    "内容聚焦时尚穿搭、奢侈品和潮牌等领域，试图迎合日本消费者。"
)
WORTH = (
    "从目前的结果来看，“商业化”也确实取得了进展，根据彭博社引用的投资组合披露信息，"
    "截至6月底，小红书的估值已经达到310亿美元，令人瞩目而且出乎意料。"
)
MONTHLY = (
    "例如在招募海外MCN机构时，小红书要求每月引入50名红人，但实际达标率不足30%，"
    "这反映出其在海外人才资源整合和管理方面的能力欠缺。"
)


@pytest.fixture(scope="module")
def chain(corpus_index: Path, real_embedder: SentenceEmbedder) -> AnswerChain:
    return AnswerChain(Settings(index=corpus_index), embedder=real_embedder)


def candidate(text: str) -> Candidate:
    article = Article("文", "文.txt", raw=text, title="文")
    chunk = Chunk("c", "文", 0, len(text), text, "", tuple(sentence_spans(text)))
    return Candidate(Passage(article, chunk, 1, 1.0), 0, len(text))


def told(question: str, text: str, *words: str) -> str:
    """What is told of a sentence of which the words answer; they must be in bold in it."""
    spans = [(text.index(word), text.index(word) + len(word)) for word in words]
    shown, moved = told_in_clauses(Question(question), candidate(text), spans)
    assert [shown[start:end] for start, end in moved] == list(words)
    assert shown.strip(ELLIPSIS) in text and (shown == text or is_cut(shown))
    return shown


def is_cut(text: str) -> bool:
    return text.startswith(ELLIPSIS) or text.endswith(ELLIPSIS)


@pytest.mark.parametrize(
    ("question", "text", "word", "shown"),
    [
        ("Uniik是什么时候上的", UNIIK, "2021年2月", "2021年2月，小红书率先在日本推出时尚社区Uniik……"),
        ("Uniik首页是按几列排的", UNIIK, "双列", "2021年2月，小红书率先在日本推出时尚社区Uniik，界面采用双列信息流……"),
        (
            "小红书的估值是多少",
            WORTH,
            "310亿美元",
            "……根据彭博社引用的投资组合披露信息，截至6月底，小红书的估值已经达到310亿美元……",
        ),
        (
            "每月要引入多少红人",
            MONTHLY,
            "50名",
            "例如在招募海外MCN机构时，小红书要求每月引入50名红人，但实际达标率不足30%……",
        ),
        (  # a condition that does not stand right before, and another figure of the kind
            "他有几家店",
            "他在镇上住了二十多年，如果把去年刚盘下来的那家也算进去，再不算已经租出去的，那么他一共有三家店，"
            "另外还有两家店是他弟弟的，都在河边上，离码头不远。",
            "三家",
            "……如果把去年刚盘下来的那家也算进去，再不算已经租出去的，那么他一共有三家店，另外还有两家店是他弟弟的……",
        ),
        (
            "第二个月签约奖励多少钱",
            "签约奖励按照签约时间的先后来计算和发放：公告签约期第一个月内签约的，每户奖励4万元；第二个月内签约的，"
            "每户奖励2万元；此后不再奖励，也不再受理申请。",
            "2万元",
            "签约奖励按照签约时间的先后来计算和发放：公告签约期第一个月内签约的，每户奖励4万元；第二个月内签约的，"
            "每户奖励2万元……",
        ),
        (
            "多久之内要发货",
            "我们这里的规矩和别处不大一样：下单之后必须在24小时之内发货，超过的要按照平台的规定扣掉店铺的信用分，而且当月不能参加活动。",
            "24小时之内",
            "我们这里的规矩和别处不大一样：下单之后必须在24小时之内发货……",
        ),
        (
            "活动几点开始",
            '这场活动的安排（含布场，彩排，以及9,000名观众的入场）由"协会，剧团"负责，正式开始是在早上10：30，'
            "而到了下午就没有什么节目可以看了。",
            "10：30",
            '这场活动的安排（含布场，彩排，以及9,000名观众的入场）由"协会，剧团"负责，正式开始是在早上10：30……',
        ),
        (  # the year stands further in front
            "门店有多少家",
            "2018年公司的业务遍及全国各省，员工都忙着跑市场，几乎每个县城都能看见它的招牌，门店也开到了400家，此后逐年减少并且退出北方。",
            "400家",
            "2018年公司的业务遍及全国各省，员工都忙着跑市场，几乎每个县城都能看见它的招牌，门店也开到了400家……",
        ),
        (  # taken back further behind
            "公司估值多少",
            "该公司的估值已经达到310亿美元，这一消息在行业里引起不小的热议，但公司随后发表声明予以否认，说没有融资计划和上市打算。",
            "310亿美元",
            "该公司的估值已经达到310亿美元，这一消息在行业里引起不小的热议，但公司随后发表声明予以否认……",
        ),
    ],
)
def test_of_a_long_sentence_the_clauses_that_answer_are_told(question: str, text: str, word: str, shown: str) -> None:
    assert told(question, text, word) == shown


@pytest.mark.parametrize(
    ("question", "text", "word"),
    [
        ("Uniik是什么时候上的", UNIIK[:38] + "。", "2021年2月"),  # no long sentence
        ("Uniik有哪些内容", UNIIK, "时尚穿搭"),
        ("Uniik有哪三类内容", UNIIK, "时尚穿搭"),
        ("小红书为什么推出Uniik", UNIIK, "试图迎合日本消费者"),
        ("Uniik是什么", UNIIK, "时尚社区"),
        ("Uniik是不是双列的", UNIIK, "双列"),
        ("Uniik什么时候在什么地方上的", UNIIK, "2021年2月"),
        ("Uniik是啥时候上的，在哪里", UNIIK, "2021年2月"),
        ("介绍一下Uniik", UNIIK, "时尚社区"),
        ("Uniik的内容是什么内容", UNIIK, "时尚穿搭"),
        ("按时间讲讲Uniik的经过", UNIIK, "2021年2月"),
        ("运费多少", f"| 美国 | 运费 12 元，{'含挂号和保险' * 8}，超重另付 | 7 天 |", "12 元"),
        (
            "When did Uniik start?",
            "In February 2021, the company started Uniik in Japan, with two columns, for women.",
            "2021",
        ),
        ("几次", "他来过一次，" * (MOST_CLAUSES + 1), "一次"),
        ("谁开的店", f"他来了，{'住在河边的一条小巷里' * 5}，老王。{'开了店' * 20}", "老王"),  # two sentences
    ],
)
def test_all_other_sentences_are_told_whole(question: str, text: str, word: str) -> None:
    assert told(question, text, word) == text


def test_a_mark_that_is_cut_is_not_in_bold_with_the_words_before_it() -> None:
    start = UNIIK.index("双列")
    shown, ((first, last),) = told_in_clauses(
        Question("采用几列"), candidate(UNIIK), [(start, start + len("双列信息流，"))]
    )
    assert shown[first:last] == "双列信息流" and shown.endswith(f"双列信息流{ELLIPSIS}")


def test_without_words_that_answer_a_sentence_is_told_whole() -> None:
    assert told_in_clauses(Question("Uniik是什么时候上的"), candidate(UNIIK), ()) == (UNIIK, ())


def test_a_follow_up_is_told_whole_since_its_subject_may_stand_in_another_clause() -> None:
    question = Question("它是什么时候上的", (Message("user", "Uniik是什么"), Message("assistant", "时尚社区。")))
    assert told_in_clauses(question, candidate(UNIIK), [(0, 7)]) == (UNIIK, ((0, 7),))


def test_what_is_told_of_every_long_sentence_stands_in_it(chain: AnswerChain) -> None:
    """Each clause of the corpus in turn as what answers."""
    cut = 0
    library = chain.index.current().library
    for article in map(library.article, library.article_ids()):
        for start, end in sentence_spans(article.text):
            text = article.text[start:end]
            commas = [-1, *(at for at, char in enumerate(text) if char in "，,"), len(text)]
            words = [text[a + 1 : b] for a, b in pairwise(commas) if text[a + 1 : b].strip()]
            for word in words if len(text) >= LONG and "\n" not in text else ():
                at = text.index(word)
                shown, ((first, last),) = told_in_clauses(Question("是谁"), candidate(text), [(at, at + len(word))])
                assert shown[first:last] == word and shown.strip(ELLIPSIS) in text
                cut += is_cut(shown)
    assert cut > 200


def test_a_citation_opens_the_whole_sentence_of_which_some_clauses_are_told(chain: AnswerChain) -> None:
    answer = chain.invoke("Uniik是啥时候在日本上的？")
    statement = answer.statements[0]
    quote = answer.citations[statement.citations[0] - 1].quote
    assert is_cut(statement.text) and statement.text.strip(ELLIPSIS) in quote and quote.endswith("。")
    assert [statement.text[a:b].replace(" ", "") for a, b in statement.emphasis] == ["2021年2月"]


def test_of_two_questions_each_gets_its_clauses_of_the_same_sentence(chain: AnswerChain) -> None:
    answer = chain.invoke("Uniik是什么时候在日本上线的？Uniik的界面采用几列信息流？")
    assert "2021 年 2 月" in answer.text and "双列信息流" in answer.text
    assert len({citation.quote for citation in answer.citations}) == len(answer.citations)
    assert len(chain.invoke("Uniik是什么时候在日本上线的？Uniik是几月在日本上线的？").statements) == 1
