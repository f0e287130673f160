import io
from pathlib import Path

import pytest
from conftest import as_nobody
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

from ingest.chunk import find_headings, quotable_sentences
from ingest.load import article_files, article_id, load_article, read_bytes
from rag.errors import CorpusError
from rag.types import Article

CORPUS = Path("corpus")
pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))


def load(text: str, name: str = "文.md") -> Article:
    return load_article(CORPUS / name, CORPUS, text.encode())


@pytest.mark.parametrize("name", ["文.png", "文.doc", "文.xlsx"])
def test_a_suffix_that_is_not_read_is_refused_by_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("文字")
    with pytest.raises(CorpusError, match=rf"{name}: \.\w+ is not read; save it as \.docx, \.md or \.txt"):
        read_bytes(path)


def test_a_file_without_suffix_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "文").write_text("文字")
    with pytest.raises(CorpusError, match="文: a file without suffix is not read"):
        read_bytes(tmp_path / "文")


@pytest.mark.parametrize("name", ["a.md", "a.markdown", "a.txt", "a.TXT"])
def test_markdown_and_plain_text_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes("文字".encode())
    assert read_bytes(tmp_path / name) == "文字".encode()


def test_a_link_to_nothing_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "断.md").symlink_to(tmp_path / "没有")
    assert article_files(tmp_path) == [tmp_path / "断.md"]
    with pytest.raises(CorpusError, match=r"断\.md is a link to nothing: mend or remove it"):
        read_bytes(tmp_path / "断.md")


def test_a_folder_that_cannot_be_listed_is_among_the_files_and_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "夹").mkdir()
    (tmp_path / "夹" / "丙.md").write_text("鸟会飞。")
    with as_nobody(tmp_path):
        (tmp_path / "夹").chmod(0)
        assert article_files(tmp_path) == [tmp_path / "夹"]
        with pytest.raises(CorpusError, match="夹 is a folder that cannot be listed: check its permissions"):
            read_bytes(tmp_path / "夹")
        with pytest.raises(CorpusError, match=r"the folder .*夹 cannot be listed: check its permissions"):
            article_files(tmp_path / "夹")
        (tmp_path / "夹").chmod(0o700)


def test_what_stands_in_a_folder_that_cannot_be_entered_is_refused_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "夹" / "内").mkdir(parents=True)
    (tmp_path / "夹" / "丙.md").write_text("鸟会飞。")
    (tmp_path / "链.md").symlink_to(tmp_path / "夹" / "丙.md")
    with as_nobody(tmp_path):
        (tmp_path / "夹").chmod(0o600)
        closed = [tmp_path / "夹" / "丙.md", tmp_path / "夹" / "内", tmp_path / "链.md"]
        assert article_files(tmp_path) == closed
        for path in closed:
            with pytest.raises(CorpusError, match=r"cannot be read \(Permission denied\): check its permissions"):
                read_bytes(path)
        (tmp_path / "夹").chmod(0o700)


def test_article_files_are_sorted_and_leave_out_hidden_files_folders_and_notes(tmp_path: Path) -> None:
    for name in ["乙.txt", "甲.md", "子/丙.md", "README.md", "SOURCES.md", ".藏.md", ".git/丁.md", "图.png"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "夹.md").mkdir()
    names = [path.relative_to(tmp_path).as_posix() for path in article_files(tmp_path)]
    assert names == ["乙.txt", "图.png", "子/丙.md", "甲.md"]


def test_a_corpus_that_is_no_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"there is no folder .*没有: create it"):
        article_files(tmp_path / "没有")


def test_the_id_is_the_path_without_suffix() -> None:
    assert article_id(CORPUS / "子" / "文.v2.md", CORPUS) == "子/文.v2"


def test_a_first_line_before_an_empty_line_is_the_title_and_no_text() -> None:
    article = load("题目\n\n正文。\n")
    assert (article.title, article.text) == ("题目", "\n\n正文。\n")


def test_the_title_of_a_markdown_file_has_no_mark_up() -> None:
    article = load("# **题**目\n\n正文。")
    assert (article.title, article.text) == ("题目", "\n\n正文。")


def test_a_title_keeps_the_words_of_its_links_and_no_signs_of_italics() -> None:
    assert load("# [青禾](https://a.cn/1)的==一年==，*很长*\n青禾去年关店87家。\n").title == "青禾的一年，很长"
    assert load("# 长*宽*高怎么算\n三个数相乘。\n").title == "长*宽*高怎么算"


@pytest.mark.parametrize("line", ["====", "------"])
def test_a_first_line_with_a_line_of_signs_below_is_the_title(line: str) -> None:
    article = load(
        f"青禾咖啡的一年\n{line}\n青禾去年关店87家。\n\n开店\n----\n今年开店9家。\n\n不再关店。\n---\n全年共开店12家。\n"
    )
    sentences = [article.text[a:b] for a, b in quotable_sentences(article, find_headings(article))]
    assert article.title == "青禾咖啡的一年"
    assert sentences == ["青禾去年关店87家。", "今年开店9家。", "不再关店。", "全年共开店12家。"]


def test_a_title_is_what_stands_behind_its_label() -> None:
    article = load("标题：青禾咖啡的一年\n作者：孙立\n日期：2025-03-04\n正文：\n青禾去年关店87家。\n", "文.txt")
    assert (article.title, article.author, article.published) == ("青禾咖啡的一年", "孙立", "2025-03-04")
    assert "标题" not in article.text
    assert "正文" not in article.text


def test_a_label_without_a_title_is_none() -> None:
    assert load("标题：\n青禾去年关店87家。\n", "文.txt").title == "文"


@pytest.mark.parametrize(
    "below",
    [
        "2025年3月4日",
        "2024年3月12日　来源：青阳日报　记者 孙立",
        "2024-11-02 江南晚报",
        "来源：青阳日报",
        "作者：孙立",
        "记者 孙立",
        "发布时间：2025-03-04 08:00",
        "更新日期 2025/2/28",
        "采访时间：2024年4月18日",
        "人力资源部 二〇二四年一月十五日",
    ],
)
def test_a_first_line_above_a_dateline_or_a_byline_is_the_title(below: str) -> None:
    article = load(f"云河大桥主体完工\n{below}\n\n正文。\n", "文.txt")
    assert (article.title, "云河" in article.text) == ("云河大桥主体完工", False)


@pytest.mark.parametrize(
    "head",
    [
        "青阳日报\n2025年3月4日 星期二\n\n云河大桥主体完工",
        "青阳日报\n\n云河大桥主体完工\n2025年3月4日",
        "青阳日报\n2025年3月4日\n本报记者 孙立\n\n云河大桥主体完工",
        "青阳日报\n2025年3月4日\n本报记者 孙立\n云河大桥主体完工",
        "青阳日报\n\n2025年3月4日\n\n云河大桥主体完工\n本报记者 孙立",
    ],
)
def test_the_masthead_above_a_date_is_the_publisher_and_no_title(head: str) -> None:
    article = load(f"{head}\n\n云河大桥昨天合龙。\n", "文.txt")
    assert (article.title, article.publisher, article.published) == ("云河大桥主体完工", "青阳日报", "2025-03-04")
    assert "青阳日报" not in article.text


def test_a_medium_that_is_known_by_its_name_alone_is_a_masthead() -> None:
    article = load("虎嗅\n2025-03-04 10:00\n\n云河大桥主体完工\n\n云河大桥昨天合龙。\n", "文.txt")
    assert (article.title, article.publisher, article.published) == ("云河大桥主体完工", "虎嗅", "2025-03-04")


def test_the_publisher_above_a_date_is_no_title_where_one_stands_below() -> None:
    foot = "云河大桥昨天合龙。\n\n公众号：江东商情\n"
    article = load(f"江东商情\n2025年3月4日\n\n云河大桥主体完工\n\n{foot}", "文.txt")
    assert (article.title, article.publisher) == ("云河大桥主体完工", "江东商情")
    assert load(f"江东商情\n2025年3月4日\n\n{foot}", "文.txt").title == "江东商情"


@pytest.mark.parametrize("above", ["本报记者 孙立\n\n", "2025年3月4日\n\n", "2025年3月4日\n\n本报记者 孙立\n\n"])
def test_lines_of_metadata_are_no_title_and_one_may_stand_below_them(above: str) -> None:
    assert load(f"{above}云河大桥主体完工\n\n云河大桥昨天合龙。\n").title == "云河大桥主体完工"
    assert load(f"{above}一、主体完工\n\n云河大桥昨天合龙。\n").title == "文"
    assert load(f"{above}云河大桥昨天合龙。\n").title == "文"


@pytest.mark.parametrize(
    "raw",
    [
        "题目\n2025年3月4日，小红书上线了电商。\n正文。",
        "题目\n记者从市政府获悉，大桥通车。\n正文。",
        "题目\n地点：物业会议室\n正文。",
        "2025年3月4日\n作者：孙立\n正文。",
    ],
)
def test_a_first_line_above_a_sentence_is_no_title(raw: str) -> None:
    assert load(raw).title == "文"


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("梧桐街道办事处文件\n\n梧街办〔2024〕17号\n\n", "关于规范电动自行车停放和充电管理的通知"),
        ("某市人民政府办公室文件\n某政办〔2024〕3号\n", "某市人民政府关于加强防汛工作的意见（试行）"),
        ("某教函[2024]12号\n\n", "关于同意设立第二小学的批复"),
        ("证券代码：688000\n\n", "关于公司高级管理人员变动的公告"),
        ("证券代码：688000\n证券简称：恒岳科技\n\n", "恒岳科技2024年年度权益分派实施公告"),
        ("公告编号：2025-031\n\n", "股东大会决议公告"),
    ],
)
def test_the_title_of_an_official_notice_stands_below_its_letterhead(head: str, title: str) -> None:
    article = load(f"{head}{title}\n\n各社区居委会：\n\n请遵照执行。\n", "文.txt")
    assert (article.title, title in article.text) == (title, False)
    quotable = [article.text[start:end] for start, end in quotable_sentences(article, find_headings(article))]
    assert quotable == [*head.split(), "各社区居委会：", "请遵照执行。"]


@pytest.mark.parametrize("gap", ["　　", "  ", " "])
def test_labels_with_their_values_are_no_title_but_the_letterhead_of_a_listed_company(gap: str) -> None:
    letterhead = gap.join(["证券代码：688000", "证券简称：恒岳科技", "公告编号：2025-031"])
    article = load(f"{letterhead}\n\n恒岳科技股份有限公司\n关于高管变动的公告\n\n他辞职了。\n特此公告\n")
    assert (article.title, letterhead in article.text) == ("关于高管变动的公告", True)
    assert load(f"{letterhead}\n\n他辞职了。\n\n特此公告\n").title == "文"
    assert load(f"合同编号：HT-2025{gap}签订地点：临州\n\n双方约定如下。\n").title == "文"
    assert load("合同编号：HT-2025\n\n双方约定如下。\n").title == "文"


@pytest.mark.parametrize("title", ["出海：小红书的新生意", "# 上半场：融资 下半场：盈利", "问答 甲：乙"])
def test_a_title_with_a_colon_stays_a_title(title: str) -> None:
    assert load(f"{title}\n\n正文一句话。\n").title == title.removeprefix("# ")


def test_a_line_of_author_and_date_alone_is_metadata_and_no_text() -> None:
    article = load("# 两款手机\n\n作者：老秦　　发布于 2025-02-14\n\n我都用了三周。\n")
    assert (article.author, article.published, article.text.strip()) == ("老秦", "2025-02-14", "我都用了三周。")


@pytest.mark.parametrize("first", ["街道简报", "怎样整理文件"])
def test_a_notice_without_a_letterhead_keeps_its_first_line(first: str) -> None:
    article = load(f"{first}\n\n关于停放的通知\n\n请遵照执行。\n")
    assert (article.title, "关于停放的通知" in article.text) == (first, True)


@pytest.mark.parametrize("mark", ["# ", "## ", "#\t", "---\nauthor: 老秦\n---\n# "])
def test_a_heading_on_the_first_line_is_the_title_whatever_stands_below(mark: str) -> None:
    article = load(f"{mark}一家面馆\n面馆开在巷口。\n汤也香。\n")
    assert (article.title, article.text) == ("一家面馆", "\n面馆开在巷口。\n汤也香。\n")


@pytest.mark.parametrize(
    "title", ["为什么我不再自营了？", "3月大促来了！", "雷军：“今年必须赢！”", "福利社，正式关闭！", "双11来了！"]
)
def test_a_title_may_ask_or_cry_out(title: str) -> None:
    assert load(f"{title}\n\n正文一句话。\n").title == title


@pytest.mark.parametrize(
    "first",
    [
        "她说：“我们不再做自营了。”",
        "“我们不再做自营了。”",
        "2023年11月16日，福利社正式关闭！",
        "（此事已了结。）",
        "**此事已了结。**",
        "小红书成立于上海.",
    ],
)
def test_a_first_line_that_is_a_whole_sentence_stays_and_can_be_quoted(first: str) -> None:
    article = load(f"{first}\n\n正文一句话。\n")
    quotable = [article.text[start:end] for start, end in quotable_sentences(article, find_headings(article))]
    assert (article.title, quotable) == ("文", [first.strip("*"), "正文一句话。"])


@pytest.mark.parametrize("above", ["---\n\n", "```\n", "<div>\n"])
def test_a_first_line_below_mark_up_alone_is_the_title(above: str) -> None:
    assert load(f"{above}题目\n\n正文一句话。\n").title == "题目"


@pytest.mark.parametrize("raw", ["第一句。\n\n正文。", "题目\n正文。", "长" * 41 + "\n\n正文。", "题目：\n\n正文。"])
def test_a_first_line_that_is_no_title_stays_and_the_file_names_the_article(raw: str) -> None:
    article = load(raw)
    assert (article.title, article.text) == ("文", raw)


def test_a_clip_of_wechat_states_its_metadata_and_loses_its_buttons() -> None:
    raw = (
        "# 青禾咖啡的一年\n\n原创 林若溪 [江东商报](javascript:void(0);) *2024年03月05日 10:22* *浙江*\n\n"
        "青禾咖啡去年关店87家。\n\n---\n\n预览时标签不可点\n\n微信扫一扫  \n关注该公众号\n\n继续滑动看下一个\n\n"
        "轻触阅读原文\n\n![](https://mmbiz.qpic.cn/1)\n\n江东商报\n\n向上滑动看下一个\n\n[知道了](javascript:;)\n"
    )
    article = load(raw)
    assert article.text.split() == ["青禾咖啡去年关店87家。"]
    assert (article.author, article.publisher, article.published) == ("林若溪", "江东商报", "2024-03-05")


def test_a_file_of_nothing_but_furniture_is_refused_by_name() -> None:
    with pytest.raises(CorpusError, match=r"文\.md holds nothing but furniture"):
        load("图片\n来源:某处\n")


@pytest.mark.parametrize("raw", ["只有题目\n\n", "# 只有题目\n", "# 题目\n## 又一个\n"])
def test_a_file_of_nothing_but_headings_is_refused_by_name(raw: str) -> None:
    with pytest.raises(CorpusError, match=r"文\.md holds nothing but headings"):
        load(raw)


@pytest.mark.parametrize("date", ["2025-02-30", "2025-13-01"])
def test_a_date_that_does_not_exist_is_unknown(date: str) -> None:
    raw = f"# 题\n**Published:** {date}\n正文。 woshipm.com"
    assert load(raw).published is None
    assert load(raw.replace(date, "2025-02-28")).published == "2025-02-28"


def test_the_same_bytes_give_the_same_article() -> None:
    assert load("题\n\n**正**文。") == load("题\n\n**正**文。")


def load_pdf(*texts: str, title: str = "untitled", large: int = 0) -> Article:
    """The article of two pages with a running head and a page number; `large` of its lines are in larger letters."""
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer)
    sheet.setTitle(title)
    for page in (texts, ["第二页一句话。"]):
        sheet.setFont("STSong-Light", 12)
        sheet.drawString(72, 30, f"第 {1 if page is texts else 2} 页 共 2 页")
        for n, text in enumerate(["公共资源交易平台", *page]):
            sheet.setFont("STSong-Light", 16 if page is texts and 0 < n <= large else 12)
            sheet.drawString(72, 760 - 24 * n, text)
        sheet.showPage()
    sheet.save()
    return load_article(CORPUS / "文.pdf", CORPUS, buffer.getvalue())


@pytest.mark.parametrize(
    "title", ["智能书架采购项目招标公告", "第一季度运营报告", "门诊停诊通知", "管理办法", "搬迁方案"]
)
def test_the_first_line_of_a_pdf_that_names_itself_is_its_title(title: str) -> None:
    article = load_pdf(title, "项目编号：LZ-007", "书架共二百四十组，自助借还机共十六台。")
    assert (article.title, title in article.text) == (title, False)
    assert load_pdf(title, "书架共二百四十组，自助借还机共十六台。", title="书架采购").title == "书架采购"


@pytest.mark.parametrize("first", ["临州市图书馆新馆", "现发布如下，特此公告", "书架共二百四十组。"])
def test_another_first_line_of_a_pdf_is_no_title(first: str) -> None:
    assert load_pdf(first, "书架共二百四十组，自助借还机共十六台。").title == "文"


def test_the_title_of_a_pdf_is_of_its_largest_letters_at_the_top() -> None:
    body = "本店销售的山语牌手冲壶自签收之日起保修十二个月。"
    article = load_pdf("手冲壶保修说明", body, large=1)
    assert (article.title, article.text.strip()) == ("手冲壶保修说明", body + "\n第二页一句话。")
    assert load_pdf("山语牌手冲壶的保修范围和", "年限", body, large=2).title == "山语牌手冲壶的保修范围和年限"
    assert load_pdf("手冲壶保修说明", body, large=1, title="手冲壶保修说明").text == article.text
    assert "保修说明" in load_pdf("手冲壶保修说明", body, large=1, title="手冲壶").text


@pytest.mark.parametrize("first", ["江东商报", "澜州市人民政府文件", "本店的手冲壶保修十二个月。", "- 1 -"])
def test_the_largest_letters_may_be_no_title(first: str) -> None:
    assert load_pdf(first, "本店销售的山语牌手冲壶自签收之日起保修十二个月。", large=1).title == "文"


def test_a_first_line_of_a_text_that_names_itself_needs_an_empty_line_below() -> None:
    assert load("招标公告\n书架共二百四十组。\n").title == "文"
