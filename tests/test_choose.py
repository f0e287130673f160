from dataclasses import replace

import pytest
from measured import measured, passage

from ingest.chunk import chunk_article
from ingest.clean import find_removals
from rag.choose import choose, says_the_same
from rag.enumeration import items_beside
from rag.extract import (
    extract,
)
from rag.features import Candidate, candidates_of
from rag.missing import NO_TIME
from rag.text import sentence_spans
from rag.types import Article, Chunk, Passage, PassageReading, Question


def texts(question: str, passages: list[Passage], cosines: list[float]) -> list[list[str]]:
    return [[c.text for c in group.candidates] for group in choose(question, measured(passages, cosines))]


def test_the_best_sentence_alone_answers_when_the_others_are_far() -> None:
    assert texts("谁？", [passage(1, "甲写的书。乙唱的歌。")], [0, -5]) == [["甲写的书。"]]


def test_a_question_for_several_things_keeps_more_sentences() -> None:
    passages = [passage(1, "甲写的书。乙唱的歌。")]
    assert texts("谁？", passages, [0, -0.5]) == [["甲写的书。"]]
    assert texts("哪些人？", passages, [0, -0.5]) == [["甲写的书。"], ["乙唱的歌。"]]


def test_of_those_that_tell_who_holds_an_office_less_likely_ones_are_kept() -> None:
    both = measured([passage(1, "甲是创始人。乙唱的歌。")], [0, -0.5])
    assert [len(choose("谁？", replace(both, office_told=told))) for told in (None, True)] == [1, 2]


def test_where_the_reader_does_not_surely_see_the_answer_in_the_best_sentence_more_are_kept() -> None:
    opened = passage(1, "甲写的书。乙唱的歌。")

    def told(answers: float, span: tuple[int, int], question: str = "谁？") -> int:
        read = replace(opened, reading=PassageReading(answers, span, {}))
        return len(texts(question, [read], [0, -0.5]))

    assert [told(2.0, (0, 1)), told(1.9, (0, 1)), told(2.0, (5, 6))] == [1, 2, 2]
    assert told(1.9, (0, 1), "是不是甲写的？") == 1


def test_at_most_five_sentences() -> None:
    text = "甲写书。乙唱歌。丙跳舞。丁画画。戊种树。己钓鱼。"
    assert len(texts("哪些人？", [passage(1, text)], [0.0] * 6)) == 5


def test_the_same_sentence_of_two_articles_is_one_statement_with_two_sources() -> None:
    passages = [passage(1, "首期覆盖美国和香港市场。"), passage(2, "首期覆盖美国和香港市场。")]
    assert texts("谁？", passages, [0, 0]) == [["首期覆盖美国和香港市场。"] * 2]


def test_a_sentence_that_repeats_only_what_was_not_asked_is_no_source_of_the_statement() -> None:
    passages = [
        passage(1, "首期覆盖美国和香港，商家无需另外开店，由主站生态触达海外用户。"),
        passage(2, "商家无需另外开店，由主站生态触达海外用户。"),
    ]
    assert texts("首期覆盖哪里？", passages, [0, 0]) == [
        ["首期覆盖美国和香港，商家无需另外开店，由主站生态触达海外用户。"]
    ]
    assert len(texts("商家要开店吗？", passages, [0, 0])[0]) == 2


def test_a_sentence_without_the_other_s_figure_may_say_the_same() -> None:
    assert says_the_same("首期覆盖美国、香港和澳门市场。", "3月10日，首期覆盖美国、香港和澳门市场。")


def test_sentences_with_different_figures_never_say_the_same() -> None:
    assert says_the_same("月活用户有3.5亿人。", "月活用户有3.5 亿人。")
    assert not says_the_same("月活用户有3.5亿人。", "月活用户有3.2亿人。")


def test_where_a_number_is_asked_for_another_figure_of_the_unit_is_shown_too() -> None:
    passages = [passage(1, "月活是3.5亿。"), passage(2, "它的活跃读者达3.2亿之多。")]
    assert len(texts("月活多少？", passages, [0, -0.5])) == 2
    assert len(texts("谁？", passages, [0, -0.5])) == 1
    assert len(texts("月活多少？", [passage(1, "月活是3.5亿。"), passage(2, "它有30家店。")], [0, -0.5])) == 1
    in_months = [passage(1, "6月的估值是310亿。"), passage(2, "4月升级了账期。")]
    assert len(texts("估值多少？", in_months, [0, -0.5])) == 1
    assert len(texts("升级用了多少个月？", in_months, [0, -0.5])) == 2


def test_the_unit_of_another_figure_is_the_whole_unit() -> None:
    passages = [passage(1, "限速60公里/小时。桥长3公里。"), passage(2, "限速80公里/小时。")]
    assert texts("限速多少？", passages, [0, -0.5, -0.5]) == [["限速60公里/小时。"], ["限速80公里/小时。"]]


def test_a_question_on_a_line_of_its_own_is_answered_by_what_stands_below_it() -> None:
    text = "问：忘了交水费罚款吗？\n答：超过30天收违约金。\n问：水发白能喝吗？\n答：能。"
    assert texts("忘了交会罚款吗", [passage(1, text)], [0, -9, -1, -9]) == [["答：超过30天收违约金。"]]
    in_line = "谁忘了交水费？他没有忘。请看公告。"
    assert texts("谁忘了交", [passage(1, in_line)], [0, -9, -1]) == [["请看公告。"]]


def test_where_a_time_is_asked_for_another_article_that_surely_tells_one_is_shown_too() -> None:
    forecast, opened = passage(1, "预计9月底通车。", "2025-03-12"), passage(2, "今天上午通车。桥很长。", "2025-11-02")
    surely = replace(opened, reading=PassageReading(2.0, (0, 4), {}))
    hardly = replace(opened, reading=PassageReading(0.0, (0, 4), {}))
    assert texts("什么时候通车？", [forecast, surely], [0, -2, -1]) == [["预计9月底通车。"], ["今天上午通车。"]]
    assert texts("什么时候通车？", [forecast, hardly], [0, -2, -1]) == [["预计9月底通车。"]]
    assert texts("谁去通车？", [forecast, surely], [0, -2, -1]) == [["预计9月底通车。"]]


def test_where_a_question_leaves_open_which_is_true_another_article_has_its_say() -> None:
    passages = [passage(1, "猫会游泳。鱼不睡觉。"), passage(2, "狗从不下水。")]
    assert texts("猫会游泳吗？", passages, [0, -0.7, -0.7]) == [["猫会游泳。"], ["狗从不下水。"]]
    assert texts("谁会游泳？", passages, [0, -0.7, -0.7]) == [["猫会游泳。"]]


def test_where_a_question_leaves_open_which_is_true_each_article_s_view_is_chosen_as_if_alone() -> None:
    passages = [passage(1, "猫会游泳。鱼不睡觉。"), passage(2, "狗从不下水。马怕水。牛吃草。")]
    cosines = [0, -0.7, -0.7, -0.8, -1.7]  # 0.1 of the best one's probability; of the second article 0.7 and 0.04
    assert texts("猫会游泳吗？", passages, cosines) == [["猫会游泳。"], ["狗从不下水。"], ["马怕水。"]]
    assert texts("谁会游泳？", passages, cosines) == [["猫会游泳。"]]


def test_where_a_question_leaves_open_which_is_true_less_likely_views_of_other_articles_are_kept() -> None:
    passages = [passage(1, "猫会游泳。鱼不睡觉。"), passage(2, "狗从不下水。马怕水。")]
    cosines = [0, -0.37, -1.19, -1.56]  # 0.3 of the best one's probability; 0.02 of it, and 0.3 of that
    assert len(texts("猫会游泳吗？", passages, cosines)) == 4
    assert texts("谁会游泳？", passages, cosines) == [["猫会游泳。"], ["鱼不睡觉。"]]
    assert texts("猫会游泳吗？", passages, [0, -0.7, -1.62, -1.63]) == [["猫会游泳。"]]  # 0.1, and below 0.005


def test_a_sentence_that_announces_a_list_brings_its_items() -> None:
    found = texts("谁？", [passage(1, "有三个方向：\n第一是种草。\n第二是直播。")], [0, -9, -9])
    assert found == [["有三个方向："], ["第一是种草。"], ["第二是直播。"]]


def test_an_announcement_of_as_many_items_as_are_asked_for_brings_them_though_others_are_likelier() -> None:
    text = "开头很重要。\n五种开场，留住观众：\n1. 预告。\n2. 提问。\n"
    cosines = [0, -1, -9, -9]
    assert texts("哪两种开场能留住人？", [passage(1, text.replace("五", "两"))], cosines) == [
        ["开头很重要。"],
        ["两种开场，留住观众："],
        ["1. 预告。"],
        ["2. 提问。"],
    ]
    assert texts("哪五种开场能留住人？", [passage(1, text)], cosines) == [["开头很重要。"]]
    assert texts("哪位开场能留住人？", [passage(1, text)], cosines) == [["开头很重要。"]]


def test_where_a_meaning_or_things_are_asked_for_the_best_sentence_brings_the_one_that_explains_it() -> None:
    text = "四十法则是一条黄金法则。指增速加利润率应超过40%。它囊括了不同的企业。"
    both = [["四十法则是一条黄金法则。"], ["指增速加利润率应超过40%。"]]
    assert texts("四十法则是什么意思？", [passage(1, text)], [0, -9, -9]) == both
    assert texts("四十法则看哪些数？", [passage(1, text)], [0, -9, -9])[:2] == both
    assert texts("四十法则是什么时候提出的？", [passage(1, text)], [0, -9, -9]) == both[:1]
    assert texts("四十法则是什么意思？", [passage(1, text)], [-9, -9, 0]) == [["它囊括了不同的企业。"]]
    whole = passage(1, text)
    chunks = [
        Chunk(f"c{rank}", whole.article.id, start, end, text[start:end], "", (span,))
        for rank, span in enumerate(whole.chunk.sentences, 1)
        for start, end in [span]
    ]
    apart = [Passage(whole.article, chunk, rank, 1.0) for rank, chunk in enumerate(chunks, 1)]
    assert texts("四十法则是什么意思？", apart, [0, -9, -9]) == both  # each in a chunk of its own


def test_where_the_best_says_that_there_is_none_only_sentences_that_speak_of_it_are_views() -> None:
    none, other, aside = "商家不需要缴纳保证金。", "开店要交保证金五百元。", "平台会自动筛选出商品。"
    passages = [passage(1, none), passage(2, other), passage(3, aside)]
    assert texts("到底收不收保证金？", passages, [0, -0.5, -0.3]) == [[none], [other]]
    assert texts("到底收不收保证金？", passages, [-0.3, -0.5, 0]) == [[aside], [none], [other]]


def test_the_best_item_of_a_numbered_list_brings_the_others() -> None:
    text = "1.1 记事本：记事。\n2.1 甲词典：查词。\n它是免费的。\n2.2 乙词典：查句。\n2.3 丙词典：查错。"
    found = texts("查词的工具有哪些？", [passage(1, text)], [-9, -0.5, -9, 0, -9])
    assert [words for [words] in found][:3] == ["2.2 乙词典：查句。", "2.1 甲词典：查词。", "2.3 丙词典：查错。"]
    assert ["2.3 丙词典：查错。"] not in texts("哪个查词？", [passage(1, text)], [-9, -0.5, -9, 0, -9])
    alone = texts("查词的工具有哪些？", [passage(1, text)], [-9, -9, -9, 0, -9])
    assert alone == [["2.2 乙词典：查句。"]]  # where no other item is likely, it is no list of what is asked for


def test_a_less_likely_item_brings_its_list_where_it_is_not_far_from_the_best() -> None:
    text = "研究问了三件事。\n① 没有本底。\n② 只采一轮。\n③ 鱼会游动。"
    found = texts("研究有哪些不足？", [passage(1, text)], [0, -0.9, -0.6, -0.9])
    assert [words for [words] in found] == ["研究问了三件事。", "② 只采一轮。", "① 没有本底。", "③ 鱼会游动。"]


def test_a_less_likely_item_brings_its_list_where_that_has_as_many_as_are_asked_for() -> None:
    text = "研究问了三件事。\n① 没有本底。\n② 只采一轮。\n③ 鱼会游动。"
    passages = [passage(1, text)]
    assert len(texts("研究问的是哪三件？", passages, [0, -9, -0.4, -9])) == 4
    assert len(texts("研究问的是哪两件？", passages, [0, -9, -0.4, -9])) == 2
    assert len(texts("研究问的是哪三件？", passages, [0, -9, -0.9, -9])) == 1  # it is far from the best one


def test_a_day_that_begins_a_sentence_is_no_number_of_an_item() -> None:
    text = "2 月 10 日，开了一家。\n3 月 10 日，又开两家。"
    assert len(texts("3月开了哪些店？", [passage(1, text)], [-9, 0])) == 1
    assert len(texts("开了哪些店？", [passage(1, text.replace(" 月 10 日", " 号店"))], [-0.5, 0])) == 2


def test_where_a_time_is_asked_for_another_article_that_says_as_much_and_another_year_is_kept() -> None:
    first, second = "红旗厂1956年建成投产。", "1958年，红旗厂建成投产，他去了。"
    question, passages = "红旗厂是哪一年建成的？", [passage(1, first), passage(2, second)]
    assert texts(question, passages, [0, -9]) == [[first], [second]]
    agrees = second.replace("8", "6")
    assert texts(question, [passage(1, first), passage(2, agrees)], [0, -9]) == [[first, agrees]]
    assert texts(question, [passage(1, first), passage(2, "1958年，东风厂建成投产。")], [0, -9]) == [[first]]
    assert texts(question, [passage(1, first + second)], [0, -9]) == [[first]]  # one article does not contradict itself


def test_a_figure_without_a_unit_differs_where_all_else_is_said_alike() -> None:
    first, second = "体积重：长×宽×高÷6000。", "空运的体积重＝长×宽×高÷5000。"
    passages = [passage(1, first), passage(2, second)]
    assert texts("体积重除以多少？", passages, [0, -1]) == [[first], [second]]
    assert texts("体积重除以多少？", [passage(1, first + second)], [0, -1]) == [[first]]
    assert texts("体积重除以多少？", [passage(1, first), passage(2, "一票有5000件。")], [0, -1]) == [[first]]


def test_the_best_line_with_a_bullet_brings_the_others_of_its_list() -> None:
    raw = "# 菜\n\n材料：\n\n- 肉\n- 糖。要冰糖。\n- 酒\n\n做法：\n\n- 先煮\n"
    recipe = Article("菜", "菜.md", raw, find_removals(raw), "菜")
    (chunk,) = chunk_article(recipe, len, 300)
    spans = {
        recipe.text[start:end]: Candidate(Passage(recipe, chunk, 1, 1.0), start, end) for start, end in chunk.sentences
    }
    assert [item.text for item in items_beside(spans["糖。"], bullets=True)] == ["肉", "糖。", "酒"]
    assert items_beside(spans["先煮"], bullets=True) == items_beside(spans["要冰糖。"], bullets=True) == []
    assert items_beside(spans["糖。"]) == []
    passages = [Passage(recipe, chunk, 1, 1.0)]
    cosines = [-9.0, -0.1, -0.3, -9, -9, 0, -9]
    assert len(cosines) == len(chunk.sentences)
    assert [text for [text] in texts("要哪些材料？", passages, cosines)] == ["做法：", "先煮", "肉", "糖。", "酒"]
    assert texts("怎么做？", passages, [-9, 0, -9, -9, -9, -9, -9]) == [["肉"]]


@pytest.mark.parametrize(
    ("count", "best", "first", "last"), [(7, 0, 0, 6), (20, 3, 0, 19), (30, 0, 0, 19), (30, 24, 10, 29)]
)
def test_a_numbered_list_is_told_whole_and_of_a_very_long_one_what_is_around(
    count: int, best: int, first: int, last: int
) -> None:
    items = [f"{number}. 做第{number}件事。" for number in range(1, count + 1)]
    told = texts("有哪些？", [passage(1, "\n".join(items))], [-0.5 * (at != best) for at in range(count)])
    assert sorted(told, key=lambda item: items.index(item[0])) == [[item] for item in items[first : last + 1]]


def test_of_a_name_that_articles_quote_only_what_names_it_tells_a_number_or_a_time() -> None:
    others = [f"{month}月开了第{month}家店。" for month in range(1, 12)]
    text = "".join(["宣布开展“红猫计划”。", "此举抽成3个点。", *others])
    cosines = [-0.4, -0.41, *[0.0] * 11]
    chosen = texts("红猫计划抽成多少？", [passage(1, text)], cosines)
    assert chosen == [["宣布开展“红猫计划”。"], ["此举抽成3个点。"]]
    of = passage(1, text)
    *_, answer = extract(Question("红猫计划是哪天开展的？"), measured([of], [0, -9, *[-0.1] * 11]), (of,))
    assert answer.notice == NO_TIME
    assert texts("红猫计划有哪些店？", [passage(1, text)], cosines)[0] == [others[0]]  # neither is asked for
    in_title = Passage(replace(passage(1, text).article, title="红猫计划"), passage(1, text).chunk, 1, 1.0)
    assert texts("红猫计划抽成多少？", [in_title], cosines)[0] == [others[0]]  # every sentence is of it


def test_an_announced_numbered_list_is_told_whole_without_what_its_items_say_further() -> None:
    text = "分三步。\n要做这些事：\n1. 剪毛。毛要干。\n2. 纺线。\n3. 织布。\n4. 染色。\n布可以卖。"
    steps = [["要做这些事："], ["1. 剪毛。"], ["2. 纺线。"], ["3. 织布。"], ["4. 染色。"]]
    assert texts("谁？", [passage(1, text)], [-9, 0, -9, -9, -9, -9, -9, -9]) == steps
    after_the_best = texts("有哪些事？", [passage(1, text)], [0, -0.1, -9, -9, -9, -9, -9, -9])
    assert after_the_best == [["分三步。"], *steps]
    twice = texts("有哪些事？", [passage(1, text)], [-9, -0.1, 0, -9, -9, -9, -9, -9])
    assert sorted(twice) == sorted(steps)  # an item that is the best is not told again after what announces it


def test_a_question_for_so_many_things_brings_the_list_of_so_many_items() -> None:
    passages = [passage(1, "第一，剪毛。第二，纺线。第三，织布。")]
    assert len(texts("要做哪三件事？", passages, [0, -9, -9])) == 3
    assert len(texts("要做哪两件事？", passages, [0, -9, -9])) == 1


FOUR = "我称之为四步制定法。先看案例。（1）上线。说明。（2）拓展。（3）整合。（4）全面化。"


@pytest.mark.parametrize(
    ("question", "text", "items"),
    [
        ("列出这四步的名称", FOUR, ["（1）上线。", "（2）拓展。", "（3）整合。", "（4）全面化。"]),
        ("列出这三步的名称", FOUR, []),
        ("列出步骤的名称", FOUR, []),
        ("第四步有哪些名称", FOUR, []),
        ("列出这四步的名称", FOUR.replace("四步制", "李四的制"), []),
        ("四个月里有哪些事？", FOUR, []),
        ("列出这四步的名称", FOUR.replace("四步制", "四步：看、想、做和改，制"), []),
        ("列出这四步的名称", FOUR.replace("四步", "几步"), []),
        ("列出这四步的名称", FOUR.replace("（4）全面化。", ""), []),
    ],
)
def test_a_sentence_that_speaks_of_as_many_as_are_asked_for_brings_their_list(
    question: str, text: str, items: list[str]
) -> None:
    sentences = len(sentence_spans(text))
    assert texts(question, [passage(1, text)], [0, *[-9] * (sentences - 1)])[1:] == [[item] for item in items]


def under_headings(announcement: str) -> Passage:
    """An article in which two sections with numbers stand below a sentence."""
    raw = f"# 热点\n\n{announcement}\n\n## 1）可预见的\n\n春节是其一。\n\n## 2）突发的\n\n此类难料。\n"
    article = Article("热", "热.md", raw, find_removals(raw), "热点")
    (chunk,) = chunk_article(article, len, 300)
    return Passage(article, chunk, 1, 1.0)


@pytest.mark.parametrize(
    ("announcement", "best", "told"),
    [
        ("热点分为两类：", 0, ["热点分为两类：", "1）可预见的", "2）突发的"]),
        ("三个热点分为两类：", 0, ["三个热点分为两类：", "1）可预见的", "2）突发的"]),
        ("热点分为三类：", 0, ["热点分为三类：", "春节是其一。", "此类难料。"]),
        ("热点分为两类：", 1, ["春节是其一。"]),  # where no sentence announces them they are sections
    ],
)
def test_numbered_headings_are_the_list_of_so_many_that_a_sentence_announces(
    announcement: str, best: int, told: list[str]
) -> None:
    of = under_headings(announcement)
    asked = measured([of], [0.0 if i == best else -9.0 for i in range(3)])
    *_, answer = extract(Question("热点有哪两种？"), asked, (of,))
    assert [citation.quote for citation in answer.citations] == told


@pytest.mark.parametrize(
    "text", ["1. 甲。\n1. 乙。", "1. 甲。\n3. 乙。", "1. 甲。\n（2）乙。", "2025年甲。\n2026年乙。", "1.5倍。\n1.6倍。"]
)
def test_numbers_that_do_not_follow_on_each_other_are_no_list(text: str) -> None:
    of = passage(1, text)
    assert items_beside(candidates_of([of])[0]) == []


def test_a_sentence_that_tells_of_its_article_is_no_statement_where_there_is_another() -> None:
    text = "本文分析了养猫的办法，希望对你有所启发。猫要每天喂两次。"
    assert texts("怎么养猫？", [passage(1, text)], [0, -0.1]) == [["猫要每天喂两次。"]]
    assert texts("怎么养猫？", [passage(1, text[:20])], [0]) == [[text[:20]]]


def test_a_sentence_that_raises_a_question_compares_nothing() -> None:
    text = "猫和狗有什么不同呢？猫怕下雨。狗爱游泳。"
    *_, answer = extract(
        Question("猫和狗有什么不同？"), measured([passage(1, text)], [0, -0.1, -0.2]), (passage(1, text),)
    )
    assert [statement.text for statement in answer.statements] == ["猫怕下雨。", "狗爱游泳。"]


def test_a_question_in_an_article_is_no_statement() -> None:
    assert texts("谁？", [passage(1, "谁写了书？甲写了书。")], [0, -1]) == [["甲写了书。"]]


@pytest.mark.parametrize(
    ("question", "answer", "shown"),
    [
        ("什么是互利？", "对双方有利", "对双方有利就是“互利”，为什么也叫“价值”呢？"),
        ("什么是互利？", "价值", "甲写了书。"),
        ("对双方有利的是不是“互利”？", "对双方有利", "甲写了书。"),
    ],
)
def test_a_sentence_may_ask_at_its_end_after_the_words_that_answer(question: str, answer: str, shown: str) -> None:
    one = passage(1, "对双方有利就是“互利”，为什么也叫“价值”呢？甲写了书。")
    at = one.article.text.index(answer)
    read = replace(one, reading=PassageReading(answers=2.0, span=(at, at + len(answer)), sentences={}))
    assert texts(question, [read], [0, -5])[0] == [shown]


def test_how_much_it_was_in_a_quarter_is_told_by_what_names_the_quarter_and_the_measure() -> None:
    table = "| 季度 | 产量（吨） |\n|---|---|\n| 一季度 | 12 |\n| 二季度 | 30 |"
    second = passage(2, "茶园二季度产量为30吨，比一季度多18吨。")
    passages, cosines = [passage(1, "茶园新增茶树3000株。"), second, passage(3, table)], [0.0, 0.0, -1.0, -1.0, -1.0]
    assert texts("茶园一季度产量是多少？", passages, cosines) == [["| 一季度 | 12 |"]]
    assert len(texts("茶园三季度产量是多少？", passages, cosines)) > 1
    of_title = passage(1, "茶园产量为12吨。")
    titled = replace(of_title, article=replace(of_title.article, title="一季度的茶园"))
    assert texts("茶园一季度产量是多少？", [titled, second], [0.0, 0.0]) == [["茶园产量为12吨。"]]
