from datetime import date
from pathlib import Path

import pytest
from datelined import BODY, in_head

from ingest.bylines import find_date, find_publisher
from ingest.clean import read_metadata
from ingest.metadata import gather

TODAY = date(2026, 1, 1)
RAW = in_head("作者：文中\n来源：文中报\n2025-04-03")


def test_each_field_comes_from_the_first_source_that_knows_it() -> None:
    fields, provenance = gather(
        RAW,
        Path("2025-04-09-名.md"),
        first_line="首行",
        sidecar={"publisher": "旁报", "tags": "甲 乙\n"},
        converted={"title": "页题", "publisher": "页报", "url": "https://a.cn/1"},
        rules={"title": "规题", "tags": "`丙` `丁`", "url": "https://b.cn/"},
        today=TODAY,
    )
    assert fields == {
        "title": "页题",
        "author": "文中",
        "publisher": "旁报",
        "published": "2025-04-03",
        "url": "https://a.cn/1",
        "tags": ("甲 乙",),
    }
    assert provenance == dict.fromkeys(fields, "stated")


def test_a_file_that_states_nothing_has_a_title_alone_and_that_is_inferred() -> None:
    assert gather(BODY, Path("名.md"), today=TODAY) == ({"title": "名"}, {"title": "inferred"})
    assert gather(BODY, Path("名.md"), first_line="首行") == ({"title": "首行"}, {"title": "stated"})


def test_a_value_that_cannot_be_used_is_passed_over() -> None:
    bad = {"published": "2025-13-40", "url": "ftp://a.cn/1", "author": "  ", "tags": " , "}
    fields, _ = gather(BODY, Path("名.md"), converted=bad, rules={"published": "2025年4月3日"}, today=TODAY)
    assert fields == {"title": "名", "published": "2025-04-03"}


def test_an_empty_value_in_the_sidecar_says_that_the_field_is_unknown() -> None:
    empty = {"title": "", "author": "", "publisher": "", "published": "", "tags": ""}
    fields, provenance = gather(RAW, Path("名.md"), first_line="首行", sidecar=empty, rules={"tags": "甲"}, today=TODAY)
    assert (fields, provenance) == ({"title": "名"}, {"title": "inferred"})


@pytest.mark.parametrize(
    ("stem", "published"),
    [
        ("2025-04-03-标题", "2025-04-03"),
        ("2025-04-03", "2025-04-03"),
        ("20250403标题", None),
        ("20250403_标题", "2025-04-03"),
        ("标题_20250403", "2025-04-03"),
        ("标题 2025年4月3日", "2025-04-03"),
        ("标题-2025.04.03", "2025-04-03"),
        ("chuangye-2025-04-4263098", None),
        ("前2025-04-03后", None),
        ("2025-04-标题", None),
        ("2025-13-40-标题", None),
        ("138002025-04-03", None),
        ("2025-04-03-标题-2025-04-05", None),
        ("2999-01-01-标题", None),
    ],
)
def test_a_full_date_at_either_end_of_the_file_name_is_inferred(stem: str, published: str | None) -> None:
    fields, provenance = gather(BODY, Path(f"{stem}.md"), today=TODAY)
    assert fields.get("published") == published
    assert provenance.get("published") == (published and "inferred")


def test_the_corpus_keeps_the_dates_its_rules_state() -> None:
    for path in sorted(Path("corpus").glob("小红书搅局*.md")):
        raw = path.read_text()
        fields, provenance = gather(raw, path, rules=read_metadata(raw))
        assert (fields["published"], provenance["published"]) == ("2025-04-03", "stated")
        assert fields["tags"] == ("小红书", "用户运营", "行业动态")
        assert find_date(raw, fields["title"]) == ("2025-04-03", "stated")


def test_the_name_of_a_source_leaves_the_reporter_out() -> None:
    for gap in (" ", "　"):
        raw = in_head(f"来源：青阳日报{gap}记者 孙立")
        fields, _ = gather(raw, Path("名.md"), rules=read_metadata(raw), today=TODAY)
        assert (fields["publisher"], fields["author"]) == ("青阳日报", "孙立")


@pytest.mark.parametrize("behind", ["", "  2025-01-10", " 2025-01-10 08:12", "2025年1月10日", "  编辑：田蕾"])
def test_the_name_of_a_source_ends_at_two_blanks_or_a_date(behind: str) -> None:
    assert find_publisher(f"题\n\n来源：临州晚报{behind}\n\n正文。") == "临州晚报"


def test_a_sentence_about_an_author_states_no_metadata() -> None:
    raw = in_head("作者：张三\n来源：虎嗅网\n\n文章开头提到，作者认为出海并不顺利。\n文章发表时，作者已经去世")
    fields, _ = gather(raw, Path("名.md"), rules=read_metadata(raw), today=TODAY)
    assert (fields["author"], fields["publisher"]) == ("张三", "虎嗅网")
    assert read_metadata(in_head("文面馆周刊,作者老面,编辑老汤")) == {"author": "老面", "publisher": "面馆周刊"}
    assert read_metadata(f"{BODY}\n文面馆周刊,作者老面,编辑老汤\n{BODY}") == {}


def test_the_source_of_a_figure_within_a_text_is_not_its_publisher() -> None:
    raw = f"{BODY}\n图3 月活走势\n来源：QuestMobile\n{BODY}"
    assert "publisher" not in gather(raw, Path("名.md"), rules=read_metadata(raw), today=TODAY)[0]
