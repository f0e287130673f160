"""What a sentence of a model claims, what it only frames a claim with, and where it says that the articles lack one."""

import pytest

from rag.claims import claim_of, is_no_claim, repeats
from rag.drafts import Draft


@pytest.mark.parametrize(
    "frame",
    [
        *("根据资料，", "根据文章，", "根据提供的资料，", "根据资料1，", "资料1显示，", "资料显示，", "文章提到，"),
        *("文中指出：", "据文章介绍，", "综上所述，", "总之，", "综上所述，根据以上资料，", "好的，", "您好！"),
        "文章提到",
    ],
)
def test_words_that_only_say_where_it_stands_are_no_part_of_a_claim(frame: str) -> None:
    assert claim_of(f"{frame}福利社关闭了1,669家店。") == ("福利社关闭了1,669家店。", False)


def test_they_are_left_out_before_any_clause() -> None:
    assert claim_of("福利社关闭了，据文章介绍，是因为亏损。") == ("福利社关闭了，是因为亏损。", False)


@pytest.mark.parametrize(
    "text",
    [
        "根据资料和作者的多年经验，福利社关闭了。",
        "文章提到的福利社关闭了。",
        "资料显示屏很大。",
        "公司未披露具体数据。",
        "公司增长很快，未披露具体数据。",
        "用户无法确定价格。",
        "招股书资料未披露亏损。",
        "小红书没有提供相关资料。",
        "该平台没有说明原因。",
        "没有发现问题。",
        "文章未公开发表。",
        "这份资料没有说服力。",
    ],
)
def test_what_says_something_itself_is_a_claim(text: str) -> None:
    assert claim_of(text) == (text, False)


@pytest.mark.parametrize(
    "text",
    [
        *("资料未提及", "资料未提及。", "资料 未提及", "資料未提及。", "资料中未提及。", "资料没有提及该问题的答案。"),
        *("根据资料，未提及相关信息。", "资料中没有提到这一点。", "提供的资料中没有相关内容。", "文章没有说明。"),
        *("未找到相关信息。", "抱歉，根据提供的资料，我无法回答这个问题。", "资料未提供相关数据。"),
        *("无法从资料中得知。", "资料未涉及此问题。", "目前的资料里没有写明租金。", "不知道。"),
        "The materials do not mention this.",
        *("暂无相关信息。", "资料中并未明确说明其毕业院校。", "根据现有资料无法确定租金。", "但具体租金资料未提及。"),
        *("瞿芳的毕业院校资料未提及。", "抱歉，资料中没有提到这一点，无法回答您的问题。"),
        *("未能找到与瞿芳毕业院校相关的信息。", "没有找到答案。"),
    ],
)
def test_that_the_articles_do_not_say_is_understood_in_other_words(text: str) -> None:
    assert claim_of(text) == ("", True)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("福利社有1,669粉丝，资料未提及其盈利。", "福利社有1,669粉丝。"),
        ("福利社有1,669粉丝，但资料未提及其盈利。", "福利社有1,669粉丝。"),
        ("资料未提及租金，但提到面积为7000平方英尺。", "面积为7000平方英尺。"),
        ("资料未提及租金，只提到面积为7000平方英尺。", "面积为7000平方英尺。"),
        ("资料未提及租金，也许亏损。", "也许亏损。"),
        ("然而公司亏损了，资料未提及原因。", "然而公司亏损了。"),
        ("文章没有提到盈利，2024年亏损3亿。", "2024年亏损3亿。"),
    ],
)
def test_of_a_sentence_that_says_it_of_a_part_the_rest_is_the_claim(text: str, claim: str) -> None:
    assert claim_of(text) == (claim, True)


def test_a_model_that_cannot_answer_says_nothing_of_the_articles() -> None:
    claim, declined = claim_of("对不起，我无法回答这个问题。")
    assert not declined and is_no_claim(Draft(claim, ()))


def test_the_question_again_and_a_title_in_a_list_of_sources_only_repeat() -> None:
    asked, titles = "福利社是什么时候关闭的？", {"小红书开了一枪哑弹"}
    assert repeats("福利社是什么时候关闭的？", asked, titles)
    assert repeats("《小红书开了一枪哑弹》", asked, titles)
    assert not repeats("难道福利社不是因为亏损3亿元才关闭的吗？", asked, titles)
    assert not repeats("福利社关闭了。", asked, titles)


@pytest.mark.parametrize(
    "text",
    [
        *("您好！", "希望对您有帮助！", "如需更多信息，请告诉我。", "主要原因如下：", "您还想了解什么？"),
        "我来回答您的问题。",
    ],
)
def test_greetings_lead_ins_and_questions_are_no_claims(text: str) -> None:
    assert is_no_claim(Draft(text, ()))


def test_a_heading_is_no_claim_and_a_sentence_is_one() -> None:
    assert is_no_claim(Draft("关闭时间", (), heading=True))
    for text in ("关闭时间", "福利社希望获利。", "以上三家公司都亏损。"):
        assert not is_no_claim(Draft(text, ()))
