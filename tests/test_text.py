import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import (
    content_of,
    count_tokens,
    figures,
    in_standard_words,
    index_terms,
    normalize,
    numeral,
    quantities,
    quotations,
    search_terms,
    sentence_spans,
    simplify,
    units,
    without_invisible,
    without_quotations,
)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天晴。明天雨！后天呢？", ["今天晴。", "明天雨！", "后天呢？"]),
        ("真的？！好。", ["真的？！", "好。"]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("  　缩进。 下一句。", ["缩进。", "下一句。"]),
        ("没有标点", ["没有标点"]),
        ("字", ["字"]),
        ("Ｈｅｌｌｏ！是。", ["Ｈｅｌｌｏ！", "是。"]),
        ("你好😀。再见！😀", ["你好😀。", "再见！"]),
        ("5. Wi-Fi灯亮。", ["5. Wi-Fi灯亮。"]),
        ("A. Wi-Fi灯亮", ["A. Wi-Fi灯亮"]),
        ("It is on. Wait.", ["It is on.", "Wait."]),
        ("用户3.5亿。占0.6%。", ["用户3.5亿。", "占0.6%。"]),
        ("It is 3.5. The end.", ["It is 3.5.", "The end."]),
        ("e.g. this", ["e.g. this"]),
    ],
)
def test_sentences_end_at_terminals_and_line_breaks(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "咨询电话：0571-1234　地址：学院路66号　邮编：310000",
            ["咨询电话：0571-1234", "地址：学院路66号", "邮编：310000"],
        ),
        ("电话：1  地址：二\t邮编：3", ["电话：1", "地址：二", "邮编：3"]),
        ("欢迎来电　电话：1。晚上休息　地址：二", ["欢迎来电　电话：1。", "晚上休息", "地址：二"]),
        ("电话：1 地址：二", ["电话：1 地址：二"]),
        ("欢迎来电　电话：1", ["欢迎来电　电话：1"]),
        ("他说　我们要谈的是这一件事：钱　和人", ["他说　我们要谈的是这一件事：钱　和人"]),
        ("问：行吗　答：行", ["问：行吗　答：行"]),
    ],
)
def test_labels_on_one_line_with_wide_gaps_are_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "什么是汤？，这里不说。",
        "汤香吗？、面香吗？",
        "见https://a.cn/b?c=1&d=2",
        "见https://a.cn/b!c",
        "E. St. Louis",
        "Dr. Wang",
    ],
)
def test_what_goes_on_behind_a_mark_is_one_sentence(text: str) -> None:
    assert sentences(text) == [text]


def test_a_mark_behind_a_web_address_ends_the_sentence() -> None:
    assert sentences("见https://a.cn/b? 是的。") == ["见https://a.cn/b?", "是的。"]
    assert sentences("见https://a.cn。是的。") == ["见https://a.cn。", "是的。"]


@pytest.mark.parametrize("text", ["", "\n\n", "。！？", "😀", "——"])
def test_a_stretch_without_letter_or_digit_is_no_sentence(text: str) -> None:
    assert sentence_spans(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他说：“走吧。”然后走了。", ["他说：“走吧。”", "然后走了。"]),
        ("“走吧。快！”他说。", ["“走吧。快！”他说。"]),
        ("「甲。乙。」他说。", ["「甲。乙。」他说。"]),
        ("他问（为什么？）。对。", ["他问（为什么？）。", "对。"]),
        ("半句。”接着。", ["半句。”", "接着。"]),
        ("“没有关上。后来。", ["“没有关上。", "后来。"]),
        ("他问：“走吗？”，没人答。", ["他问：“走吗？”，没人答。"]),
        ("她喊“走吧！”、“快！”，没人听。", ["她喊“走吧！”、“快！”，没人听。"]),
        ("他问：“走吗？”的时候，天亮了。", ["他问：“走吗？”的时候，天亮了。"]),
        ("他说：“走吧。”的确该走。", ["他说：“走吧。”", "的确该走。"]),
        ("他很高兴，“走吧。”老板补充道。", ["他很高兴，“走吧。”老板补充道。"]),
        ("他很高兴，“走吧。”老板说，天亮了。", ["他很高兴，“走吧。”", "老板说，天亮了。"]),
        ("他很高兴，“走吧。”没人知道。", ["他很高兴，“走吧。”", "没人知道。"]),
        ("他问：“走吗？”。没人答。", ["他问：“走吗？”。", "没人答。"]),
        ("《谁的面？》一书写了面。", ["《谁的面？》一书写了面。"]),
        ("推荐：《谁的面？》第二本写汤。", ["推荐：《谁的面？》第二本写汤。"]),
    ],
)
def test_quotations_stay_whole(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_quotation_longer_than_the_limit_is_cut_at_its_sentences() -> None:
    assert sentences("“" + "长" * 119 + "。”后") == ["“" + "长" * 119 + "。”", "后"]
    assert sentences("“" + "长" * 100 + "。短。”后") == ["“" + "长" * 100 + "。短。”后"]


def test_spans_are_offsets_in_the_text_without_the_space_around_them() -> None:
    assert sentence_spans(" 甲。\r\n 乙 \n丙") == [(1, 3), (6, 7), (9, 10)]


CHINESE = st.text(alphabet=st.sampled_from("小红书a1Z。！？.,，“”「」：（） \n\t😀\u3000\u2028"), max_size=80)


@given(CHINESE | st.text(max_size=60))
def test_sentence_spans_are_ordered_disjoint_and_lose_no_letter_or_digit(text: str) -> None:
    spans = sentence_spans(text)
    ends = [0, *(end for _, end in spans)]
    for (start, end), before in zip(spans, ends, strict=False):
        assert before <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
    kept = "".join(text[start:end] for start, end in spans)
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("小红书3.5亿", ["小红", "红书", "3.5", "亿"]),
        ("约", ["约"]),
        ("約談", ["约谈"]),
        ("TikTok，Temu", ["tiktok", "temu"]),
        ("ＡＩ岗15%", ["ai", "岗", "15%"]),
        ("の", ["の"]),
        ("。，😀_", []),
        ("", []),
    ],
)
def test_index_terms_are_bigrams_of_chinese_and_whole_words_otherwise(text: str, terms: list[str]) -> None:
    assert index_terms(text) == terms


def test_normalize_folds_width_case_and_script_but_simplify_only_the_script() -> None:
    assert normalize("ＡＢ約談") == "ab约谈"
    assert simplify("ＡＢ約談") == "ＡＢ约谈"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.5亿", {"350000000"}),
        ("350,000,000", {"350000000"}),
        ("3.5 亿", {"350000000"}),
        ("三点五亿", {"350000000"}),
        ("3千万", {"30000000"}),
        ("三千二百万", {"32000000"}),
        ("百分之十五", {"15%"}),
        ("百分之15", {"15%"}),
        ("15%", {"15%"}),
        ("１５％", {"15%"}),
        ("百分之七", {"7%"}),
        ("0.6‰", {"0.6‰"}),
        ("一万五", {"15000"}),
        ("一百零五", {"105"}),
        ("十二年", {"12"}),
        ("二〇二五年", {"2025"}),
        ("2025-04-03", {"2025", "4", "3"}),
        ("310亿美元", {"31000000000"}),
        ("1亿2000万", {"120000000"}),
        ("1亿零500万，2亿，300万", {"105000000", "200000000", "3000000"}),
        ("2亿9千万，2.9亿", {"290000000"}),
        ("3-5万元，3万至5万元，30000～50000元", {"30000", "50000"}),
        ("2024-2万，5-3万", {"2024", "20000", "5", "30000"}),
        ("2024-12-17万人", {"2024", "12", "170000"}),
        ("1200萬元，3.5億，兩千萬，百分之十二點五，九公頃", {"12000000", "350000000", "20000000", "12.5%", "9"}),
        ("三个", set()),
        ("九公顷", {"9"}),
        ("两 平方公里，十分钟，三吨", {"2", "10", "3"}),
        ("十几公里，几千米，第一公里，每一小时", set()),
        ("一米阳光，三千米", {"3000"}),
        ("十分钟爱，几十公斤", set()),
        ("万一", set()),
        ("没有", set()),
        ("", set()),
    ],
)
def test_figures_have_one_form_however_they_are_written(text: str, expected: set[str]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"月活{'9' * 400}亿5万", {"inf", "50000"}),
        (f"月活{'9' * 5000}亿5万", {"inf", "50000"}),
        (f"编号{'1' * 200_000}", {"inf"}),
        (f"第{'一' * 400}号", set()),
        (f"用户一{'亿' * 600}", set()),
        (f"三点一{'亿' * 600}", set()),
    ],
    ids=["two scales", "more than int reads", "no scale", "digits", "myriads", "a fraction"],
)
def test_a_figure_that_no_float_holds_is_inf_and_an_endless_numeral_is_none(text: str, expected: set[str]) -> None:
    assert figures(text) == expected


@pytest.mark.parametrize(
    ("written", "number"),
    [("3", 3), ("12", 12), ("３", 3), ("三", 3), ("两", 2), ("十", 10), ("十二", 12), ("①", 1), ("⑳", 20)],
)
def test_a_numeral_is_a_whole_number_in_any_script(written: str, number: int) -> None:
    assert numeral(written) == number


def test_figures_of_eleven_digits_that_differ_in_the_last_stay_different() -> None:
    assert figures("13800138000") != figures("13800138001")


@given(st.integers(min_value=0, max_value=10**14))
def test_a_figure_is_the_same_with_and_without_thousands_separators(number: int) -> None:
    assert figures(f"{number:,}") == figures(str(number)) == {str(number)}


def test_count_tokens_counts_cl100k_tokens_and_takes_special_tokens_as_text() -> None:
    assert count_tokens("") == 0
    assert count_tokens("hello world") == 2  # 15339, 1917 in the published vocabulary
    assert count_tokens("<|endoftext|>") > 1


def test_content_of_blanks_the_words_that_only_ask() -> None:
    assert content_of("请问小红书有多少月活用户？").split() == ["小红书有", "月活用户"]
    assert content_of("為什麼？").split() == []
    assert content_of("What is GMV").split() == ["gmv"]


def test_what_stands_in_quotation_marks_is_found_and_blanked_in_its_place() -> None:
    text = '谁说“去年”，《猫》『狗』「」和"a"与"b c"？'
    assert quotations(text) == ["去年", "猫", "狗", "", "a", "b c"]
    assert without_quotations(text) == "谁说    ，        和   与     ？"
    assert without_quotations("“去年还没完") == "“去年还没完"


def test_words_that_frame_an_english_question_are_not_searched() -> None:
    assert search_terms("What is the share of Unity?") == ["share", "unity"]
    assert search_terms("What was 小红书's valuation?") == ["小红", "红书", "valuation"]


def test_in_a_chinese_question_every_word_is_searched() -> None:
    assert search_terms("WHO是什么") == ["who", "是什", "什么"]
    assert search_terms("") == []


def test_quantities_are_digits_with_what_they_count() -> None:
    assert quantities("月活３.5 亿，涨了7%，花600元，第1。") == {("3.5", "亿"), ("7", "%"), ("600", "元")}
    assert units("月活３.5 亿，涨了7%，花600元，第1。") == {"亿", "%", "元"}
    assert quantities("月活3.5億") == {("3.5", "亿")}


def test_words_that_ask_for_a_telling_are_no_content() -> None:
    assert content_of("帮我按时间讲讲福利社").split() == ["福利社"]


@pytest.mark.parametrize(
    ("question", "standard"),
    [
        ("清淤干嘛非挑大冬天？", "清淤为什么非挑大冬天？"),
        ("他们在干嘛？", "他们在干嘛？"),
        ("这是干嘛的？", "这是干嘛的？"),
        ("啥时候开工，咋不早说", "什么时候开工，怎么不早说"),
        ("小红书 2024 净利润", "小红书 2024 净利润是多少"),
        ("小红书出海 退货纠纷率", "小红书出海 退货纠纷率是多少"),
        ("为什么要看净利润", "为什么要看净利润"),
        ("先看客流，再看净利润", "先看客流，再看净利润"),
        ("转化效率", "转化效率"),
        ("提高复购率", "提高复购率"),
    ],
)
def test_words_that_ask_in_everyday_speech_have_their_standard_form(question: str, standard: str) -> None:
    assert in_standard_words(question) == standard
    assert in_standard_words(standard) == standard
    assert len(content_of(question)) == len(question)


def test_what_nobody_sees_of_a_question_is_left_out_and_all_else_stays() -> None:
    unseen = "\0\x1b\x7f\xad\u200b\u200d\u200e\u202e\u2060\u2066\ufe0f\ufeff\U000e0100"
    assert without_invisible(unseen.join("小红书 3.5亿？")) == "小红书 3.5亿？"
    seen = "Ａ１　1\t2\n3\r\n4\xa05\u20286é葛😀“…”——"
    assert without_invisible(seen) == seen
