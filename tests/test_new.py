"""Drafted questions: what the templates and an LLM propose, and that nothing is added which nobody accepted."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import BaseMessage
from llm_server import fake_llm

from eval.drafts import Draft, drafts_of
from eval.drafts_llm import read_drafts, written_drafts
from eval.new import find_article, main
from eval.sets import Evidence, SetError, load_set
from ingest.run import ingest
from rag.index import open_library
from rag.types import Article

FELL = "2018年四季度，小红书的跨境份额跌至3.7%，不及网易。"
LAUNCHED = "2013年12月小红书的App得以上线。"
SAID = "小红书CMO之恒曾表示，最大的挑战是协调。"
MEANS = "种草是指把好东西推荐给别人，让人想买。"


def article(*sentences: str) -> Article:
    return Article("甲", "甲.md", "".join(sentences))


@pytest.mark.parametrize(
    ("sentence", "draft"),
    [
        (FELL, Draft("number", "2018年四季度，小红书的跨境份额跌至多少？", "3.7%", FELL)),
        (LAUNCHED, Draft("date", "什么时候小红书的App得以上线？", "2013年12月", LAUNCHED)),
        (SAID, Draft("who", "小红书CMO是谁？", "之恒", SAID)),
        (MEANS, Draft("definition", "什么是种草？", "把好东西推荐给别人", MEANS)),
    ],
)
def test_a_sentence_becomes_a_question_for_what_it_states(sentence: str, draft: Draft) -> None:
    assert drafts_of(article(sentence)) == [draft]


def test_the_words_before_a_figure_that_only_qualify_it_are_left_out() -> None:
    (draft,) = drafts_of(article("此外，福利社当时拥有将近1669.2万粉丝量。"))
    assert (draft.question, draft.gold) == ("福利社当时拥有多少粉丝量？", "1669.2万")


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("“我们每天订单量1万多单，高峰期能达到3-5万单。”", "我们每天订单量多少单？"),
        ("在小红书上搜索“中介”，已经有298万+篇笔记。", "在小红书上搜索“中介”，已经有多少篇笔记？"),
        ("② 创新业务虽然增长18%，仍在亏损。", "创新业务虽然增长多少？"),
        ("最突出的是占道，有68%的受访者提到。", "最突出的是占道，有多少受访者提到？"),
        ("3.  淘汰之后，你最起码还有20%左右的用户。", "淘汰之后，你最起码还有多少左右的用户？"),
    ],
)
def test_a_question_has_no_list_number_and_no_half_of_a_quotation(sentence: str, question: str) -> None:
    assert [draft.question for draft in drafts_of(article(sentence))] == [question]


@pytest.mark.parametrize(
    "sentence",
    [
        "2023年全年营收2767亿（配送821亿、佣金746亿，营销402亿），毛利偏低。",
        "吴海兵在常州办了“厂，年销售额8000万，长期第一。",
        "截至2024年6月，小红书的月活很高。",
        "它在2013年12月得以上线并走红。",
        "小红书2013年上线，2018年换了口号。",
        "小红书的份额真的跌到了3.7%吗？",
        "短句3%。",
        "外卖平台的佣金率在18-25%之间。",
        "调查于2024年9月至10月进行，走访了各条道路。",
        "公司在2024年9月至今的日子里累计融资。",
        "",
    ],
)
def test_what_makes_no_question_of_its_own_gives_none(sentence: str) -> None:
    assert drafts_of(article(sentence)) == []


def test_the_types_take_turns_and_what_the_file_states_is_asked_too() -> None:
    given = Article(
        "甲", "甲.md", FELL + FELL.replace("3.7", "6.5") + SAID, title="题", published="2025-04-03", author="某"
    )
    assert [(draft.type, draft.gold) for draft in drafts_of(given)] == [
        ("number", "3.7%"),
        ("who", "之恒"),
        ("metadata", "2025-04-03"),
        ("metadata", "某"),
    ]


# by an LLM


@pytest.mark.parametrize(
    "row",
    [
        '{"sentence": 2, "question": "谁说的？", "answer": "3.7%"}',
        '{"sentence": 0, "question": "多少？", "answer": "3.7%"}',
        '{"sentence": 9, "question": "多少？", "answer": "3.7%"}',
        '{"sentence": 1, "question": "是3.7%吗？", "answer": "3.7%"}',
        '{"sentence": 1, "question": "多少？", "answer": ""}',
        '{"sentence": 1, "question": "多少？"}',
        '{"sentence": 1, "question": "说说后来", "answer": "3.7%"}',
        json.dumps({"sentence": 1, "question": "后来怎么样？", "answer": FELL}),
        '{"sentence": "一", "question": "多少？", "answer": "3.7%"}',
        "{没有}",
        "抱歉",
    ],
)
def test_what_an_llm_writes_is_dropped_where_the_sentence_does_not_bear_it_out(row: str) -> None:
    good = '{"sentence": 1, "question": "后来还剩几成？", "answer": "3.7%"}'
    expected = Draft("fact", "后来还剩几成？", "3.7%", FELL)
    assert list(read_drafts(f"好的：\n{row}\n{good}", [FELL, SAID])) == [expected]


def test_the_llm_is_sent_numbered_sentences_as_data() -> None:
    class Recording(FakeListChatModel):
        sent: list[list[BaseMessage]] = []  # noqa: RUF012  # pydantic copies it

        def _call(self, messages: list[BaseMessage], *args: object, **more: object) -> str:
            self.sent.append(messages)
            return super()._call(messages, *args, **more)

        def _stream(self, messages: list[BaseMessage], *args: object, **more: object):
            self.sent.append(messages)
            return super()._stream(messages, *args, **more)

    model = Recording(responses=['{"sentence": 2, "question": "谁说的？", "answer": "之恒"}'])
    assert list(written_drafts(article(FELL, SAID), model)) == [Draft("fact", "谁说的？", "之恒", SAID)]
    (messages,) = model.sent
    assert f"[1] {FELL}\n[2] {SAID}\n</原文-" in str(messages[1].content)


def test_the_command_asks_the_llm_of_the_settings_and_goes_on_without_it_when_it_fails(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "set.jsonl"
    monkeypatch.setenv("YINJU_LLM", "openai:fake")
    with fake_llm() as server:
        monkeypatch.setenv("YINJU_LLM_BASE_URL", server.base_url)
        server.reply = '{"sentence": 1, "question": "后来还剩几成？", "answer": "3.7%"}'
        assert main(["甲", str(path), "--index", str(index)], typed("y", "q")) == 0
        server.mode = "error"
        assert main(["甲", str(path), "--index", str(index)], typed("y", "q")) == 0
    assert [question.question.text for question in load_set(path)] == [
        "后来还剩几成？",
        "2018年四季度，小红书的跨境份额跌至多少？",
    ]
    assert capsys.readouterr().err.endswith("; drafts from templates follow\n")


# the command


@pytest.fixture
def index(tmp_path: Path, fake_embedder) -> Path:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "甲.md").write_text(f"# 甲\n\n{FELL}{LAUNCHED}{SAID}\n", encoding="utf-8")
    ingest(corpus, tmp_path / "index", fake_embedder)
    return tmp_path / "index"


def typed(*words: str) -> Callable[[str], str]:
    left = iter(words)

    def ask(_: str) -> str:
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    return ask


def test_what_a_person_accepts_is_a_question_of_the_set_and_nothing_else(index: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "new folder" / "set.jsonl"
    answers = typed("y", "n", "?", "e", "小红书的CMO叫什么？", "g", "之恒", "y")
    assert main(["甲", str(path), "--index", str(index)], answers) == 0
    first, second = load_set(path)
    assert (first.id, first.gold, first.evidence) == ("甲-01", (("3.7%",),), (Evidence("甲", FELL),))
    assert (second.id, second.type, second.question.text) == ("甲-02", "who", "小红书的CMO叫什么？")
    assert first.tags == second.tags and first.tags[0] in ("tune", "report")
    assert capsys.readouterr().out.endswith(f"2 questions added to {path}\n")


def test_a_second_session_goes_on_with_what_is_not_in_the_set(index: Path, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    assert main(["甲.md", str(path), "--index", str(index)], typed("y", "q")) == 0
    assert main(["甲", str(path), "--index", str(index)], typed("u", "y")) == 0
    first, second = load_set(path)
    assert (second.id, second.type, second.answerable) == ("甲-02", "unanswerable", False)
    assert second.question.text != first.question.text


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("corpus/子/丙.txt", "子/丙"),
        ("子/丙.txt", "子/丙"),
        ("丙.txt", "丙"),
        ("corpus/丙.txt", "丙"),
        ("丁.txt", "子/丁"),
        ("子/丙", "子/丙"),
    ],
)
def test_the_file_of_an_article_is_the_one_that_shares_most_of_the_path(
    tmp_path: Path, fake_embedder, name: str, id_: str
) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "子").mkdir(parents=True)
    for path in ("丙.txt", "子/丙.txt", "子/丁.txt"):
        (corpus / path).write_text(f"{path}里写着猫吃鱼。", encoding="utf-8")
    ingest(corpus, tmp_path / "index", fake_embedder)
    assert find_article(name, open_library(tmp_path / "index")).id == id_


@pytest.mark.parametrize("name", ["articles/2024/年报.md", "2024/年报", "报.md"])
def test_the_file_of_another_folder_with_the_same_name_is_another_article(
    tmp_path: Path, fake_embedder, name: str
) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "2023").mkdir(parents=True)
    (corpus / "2023" / "年报.md").write_text("# 去年\n\n年报里写着猫吃鱼。", encoding="utf-8")
    ingest(corpus, tmp_path / "index", fake_embedder)
    with pytest.raises(SetError, match=f"no article {name}; it has 2023/年报$"):
        find_article(name, open_library(tmp_path / "index"))


def test_the_article_that_is_asked_about_is_named_before_its_drafts(index: Path, tmp_path: Path, capsys) -> None:
    assert main(["甲.md", str(tmp_path / "set.jsonl"), "--index", str(index)], typed("q")) == 0
    assert capsys.readouterr().out.startswith("甲: 甲\n\nnumber: ")


def test_an_article_without_a_draft_is_told(tmp_path: Path, fake_embedder, capsys) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "鱼.md").write_text("猫吃鱼，鱼吃虾。", encoding="utf-8")
    ingest(tmp_path / "corpus", tmp_path / "index", fake_embedder)
    assert main(["鱼", str(tmp_path / "set.jsonl"), "--index", str(tmp_path / "index")], typed()) == 0
    assert "write lines of your own, as docs/eval.md tells\n0 questions added" in capsys.readouterr().out


def test_a_set_without_a_line_break_at_its_end_gets_a_line_of_its_own(index: Path, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    assert main(["甲", str(path), "--index", str(index)], typed("y", "q")) == 0
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    assert main(["甲", str(path), "--index", str(index)], typed("y", "q")) == 0
    assert [question.id for question in load_set(path)] == ["甲-01", "甲-02"]


def test_an_unknown_article_is_told_with_those_that_are_there(index: Path, tmp_path: Path, capsys) -> None:
    assert main(["乙", str(tmp_path / "set.jsonl"), "--index", str(index)], typed()) == 1
    assert capsys.readouterr().err == "error: the index has no article 乙; it has 甲\n"


def test_a_set_with_a_wrong_line_is_left_as_it_is(index: Path, tmp_path: Path, capsys) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"id": "a"}) + "\n")
    assert main(["甲", str(path), "--index", str(index)], typed("y")) == 1
    assert "line 1" in capsys.readouterr().err and path.read_text() == '{"id": "a"}\n'
