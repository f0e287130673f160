"""Conversations on the page, run by Streamlit's own tester over a small corpus with the real model."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button, TextInput
from test_history import ANSWER, about, damage

from ingest.run import ingest
from rag.embed import SentenceEmbedder
from rag.errors import HistoryError
from rag.history import History, Rating, Turn
from rag.settings import load_settings
from rag.suggest import example_questions, follow_up_questions
from views.messages import plain, t
from views.resources import open_history

pytestmark = pytest.mark.model
APP = str(Path(__file__).parent.parent / "app.py")
QUESTION = "福利社是什么时候关闭的？"
CLOSED = "福利社于2023年11月16日正式关闭，跨境电商业务中断。"
ARTICLES = {
    "福利社.md": f"# 福利社往事\n\n{CLOSED}当时福利社有1669万粉丝，主营海外商品。\n",
    "买手.md": "# 买手电商\n\n“买手时代”从2023年开始，买手时代靠主播带货，“买手时代”的佣金是一成。\n",
}


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what the tester leaves behind: it makes the page the process's main module, which new processes run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def update(corpus: Path, tmp_path: Path, real_embedder: SentenceEmbedder) -> Callable[[], object]:
    """Brings the index up to date."""
    return lambda: ingest(corpus, tmp_path / "index", real_embedder)


@pytest.fixture
def start(
    update: Callable[[], object], corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AppTest]:
    """Opens the page, as after a restart of the server, at an address with the parameters given."""
    import streamlit

    update()
    streamlit.cache_resource.clear()
    for name in ("index", "corpus"):
        monkeypatch.setenv(f"YINJU_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("YINJU_HISTORY", str(tmp_path / "history" / "history.sqlite"))

    def opened(**parameters: str) -> AppTest:
        open_history.clear()  # the chain, which takes seconds to open, stays
        page = AppTest.from_file(APP, default_timeout=120)
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return opened


@pytest.fixture
def history(start: object, tmp_path: Path) -> History:
    """The same history, opened beside the page."""
    return History(str(tmp_path / "history" / "history.sqlite"))


def ask(page: AppTest, question: str = QUESTION) -> AppTest:
    page.chat_input[0].set_value(question).run()
    assert not page.exception
    return page


def html_of(page: AppTest) -> str:
    """Answers and what is said of them, without what was searched for them."""
    bodies = [element.proto.body for element in page.get("html")]
    return "".join(body for body in bodies if "yj-search" not in body)


def labelled(page: AppTest, label: str) -> Button:
    return next(button for button in page.button if button.label == label)


def name_field(page: AppTest) -> TextInput:
    return next(field for field in page.text_input if field.label == t("rename"))


def test_a_conversation_is_resumed_by_its_address_after_a_restart(start: Callable[..., AppTest]) -> None:
    page = ask(ask(start()), "那它当时有多少粉丝？")
    id_ = page.query_params["c"]
    again = start(c=id_)
    assert not again.exception
    assert CLOSED in html_of(again) and "1669万粉丝" in html_of(again)
    ask(again, "佣金是多少？")
    assert 'data-turn="2"' in html_of(again)


def test_a_link_whose_conversation_cannot_be_opened_says_why_and_the_page_is_there(
    start: Callable[..., AppTest], history: History
) -> None:
    page = ask(start())
    id_ = page.query_params["c"]
    unknown = start(c="another")
    assert [warning.value for warning in unknown.warning] == [t("unknown_conversation")]
    assert not unknown.chat_message and unknown.query_params["c"] == "another"
    assert not ask(unknown).warning
    page.button(key="delete").click().run()
    deleted = start(c=id_)
    assert not deleted.warning and t("deleted", title=QUESTION) in [markdown.value for markdown in deleted.markdown]
    deleted.button(key="undo").click().run()
    assert CLOSED in html_of(deleted)
    damage(history)
    damaged = start(c=id_)
    assert ["已损坏" in warning.value for warning in damaged.warning] == [True]
    assert not damaged.error and damaged.button(key=f"open-{id_}")


def test_where_the_articles_suggest_no_question_none_is_announced(
    start: Callable[..., AppTest], update: Callable[[], object], corpus: Path
) -> None:
    announced = f"**{t('examples')}**"
    assert announced in [element.value for element in start().markdown]
    (corpus / "买手.md").write_text("# 买手电商\n\n买手时代从2023年开始。\n", encoding="utf-8")
    update()
    assert announced not in [element.value for element in start().markdown]


def test_conversations_are_listed_found_opened_renamed_deleted_and_brought_back(
    start: Callable[..., AppTest], history: History
) -> None:
    page = ask(start())
    page.button(key="new").click().run()
    ask(page, "“买手时代”是什么？")
    listed = [button.label for button in page.sidebar.button]
    assert listed == [t("clear"), "“买手时代”是什么？", QUESTION]
    page.text_input(key="history-search").set_value("跨境").run()
    assert [button.label for button in page.sidebar.button] == [t("clear"), QUESTION]
    page.sidebar.button[1].click().run()
    assert CLOSED in html_of(page) and "佣金" not in html_of(page)
    name_field(page).set_value("福利社的事").run()
    assert "福利社的事" in [one.title for one in history.conversations()]
    field = name_field(page)
    assert field.max_chars == 60
    field.set_value("  ").run()
    assert name_field(page).value == "福利社的事"
    page.button(key="delete").click().run()
    assert [one.title for one in history.conversations()] == ["“买手时代”是什么？"]
    assert CLOSED not in html_of(page)
    page.button(key="undo").click().run()
    assert CLOSED in html_of(page) and len(history.conversations()) == 2
    page.button(key="delete").click().run()
    page.text_input(key="history-search").set_value("买手").run()
    page.sidebar.button[1].click().run()
    page.button(key="delete").click().run()
    page = start()  # the notice is gone with the visit
    (deleted,) = page.sidebar.expander
    titles = "“买手时代”是什么？", "福利社的事"  # the last deleted first
    assert [button.label for button in deleted.button] == [t("restore", title=title) for title in titles]
    deleted.button[1].click().run()
    assert CLOSED in html_of(page)
    page.sidebar.expander[0].button[0].click().run()
    assert "佣金" in html_of(page) and len(history.conversations()) == 2
    assert not page.sidebar.expander


def test_blanks_are_no_question_and_a_refusal_without_a_search_names_no_generation(
    start: Callable[..., AppTest], history: History
) -> None:
    page = ask(start(), " \n ")
    assert not page.exception and not page.chat_message and history.conversations() == []
    ask(page, "？？？")
    assert "请输入一个问题。" in html_of(page)
    assert not any("0.00" in caption.value for caption in page.caption)


def test_words_of_a_reader_or_an_article_are_no_markdown(
    start: Callable[..., AppTest], corpus: Path, update: Callable[[], object], history: History
) -> None:
    question, escaped = "$a$ 福利社是 *什么时候* 关闭的？", r"\$a\$ 福利社是 \*什么时候\* 关闭的？"
    (corpus / "福利社.md").write_text(ARTICLES["福利社.md"].replace("往事", "$往$事"), encoding="utf-8")
    update()
    page = ask(start(), question)
    assert page.sidebar.button[1].label == escaped
    (turn,) = history.turns(history.conversations()[0].id)
    page.button_group(key=f"useful-{turn.id}").set_value("useless").run()
    page.text_input(key=f"note-{turn.id}").set_value("[*甲*](http://x)").run()
    listed = AppTest.from_function(_feedback_page, args=(str(history.where),)).run()
    assert any(f" · {plain('[*甲*](http://x)')}" in caption.value for caption in listed.caption)
    (corpus / "福利社.md").write_text("# 福利社$往$事\n\n福利社没有关闭。\n", encoding="utf-8")
    update()
    page.run()
    assert r"《福利社\$往\$事》" in page.warning[0].value
    page.button(key="delete").click().run()
    assert f"「{escaped}」" in page.markdown[0].value


def test_an_answer_says_that_its_article_has_changed_and_asked_again_shows_the_difference(
    start: Callable[..., AppTest], corpus: Path, update: Callable[[], object]
) -> None:
    page = ask(start())
    assert not page.warning
    (corpus / "福利社.md").write_text(ARTICLES["福利社.md"].replace("11月16日", "12月1日"), encoding="utf-8")
    update()
    page.run()
    (told,) = [warning.value for warning in page.warning]
    assert "《福利社往事》" in told and "1 处引文已改动" in told
    assert f"<del>{CLOSED}</del><br><ins>{CLOSED.replace('11月16日', '12月1日')}</ins>" in html_of(page)
    labelled(page, t("again")).click().run()
    assert not page.exception and not page.warning
    html = html_of(page)
    assert (
        f"<p><del>{CLOSED}</del></p>" in html and f"<p><ins>{CLOSED.replace('11月16日', '12月1日')}</ins></p>" in html
    )
    labelled(page, t("again")).click().run()
    assert t("same_as_before") in html_of(page)


def test_an_answer_says_that_its_article_is_gone_and_which_other_one_has_the_same_words(
    start: Callable[..., AppTest], corpus: Path, update: Callable[[], object]
) -> None:
    page = ask(start())
    (corpus / "福利社.md").unlink()
    update()
    page.run()
    (told,) = [warning.value for warning in page.warning]
    assert t("articles_removed", titles="《福利社往事》") in told and "1 处引文已不在" in told and "改动" not in told
    assert f"<del>{CLOSED}</del><br>{t('quote_removed')}</p>" in html_of(page)
    (corpus / "转载.md").write_text(f"# 一篇转载\n\n{CLOSED}\n", encoding="utf-8")
    update()
    page.run()
    assert f"<del>{CLOSED}</del><br>{t('quote_elsewhere', title='一篇转载')}</p>" in html_of(page)


def test_an_edited_question_takes_the_place_of_what_followed(start: Callable[..., AppTest], history: History) -> None:
    page = ask(ask(start()), "那它当时有多少粉丝？")
    labelled(page, t("edit")).click().run()
    assert t("edit_cuts") in [caption.value for caption in page.caption]
    page.text_area[0].set_value("“买手时代”是什么？")
    labelled(page, t("edit_send")).click().run()
    assert not page.exception
    assert "买手" in html_of(page) and CLOSED not in html_of(page)
    (conversation,) = history.conversations()
    assert [turn.answer.question.text for turn in history.turns(conversation.id)] == ["“买手时代”是什么？"]


def test_the_field_for_the_name_follows_a_rename_on_another_page(start: Callable[..., AppTest]) -> None:
    page = ask(start())
    other = start(c=page.query_params["c"])
    name_field(other).set_value("别处改的名字").run()
    page.run().run()
    assert name_field(page).value == "别处改的名字"
    name_field(page).set_value(" 这里改的 ").run()
    assert name_field(page).value == name_field(other.run()).value == "这里改的"


def test_what_is_asked_in_a_conversation_that_another_page_deleted_begins_a_new_one(
    start: Callable[..., AppTest], history: History
) -> None:
    page = ask(start())
    first = page.query_params["c"]
    start(c=first).button(key="delete").click().run()
    ask(page, "“买手时代”是什么？")
    assert t("deleted", title=QUESTION) in [markdown.value for markdown in page.markdown]
    assert [one.title for one in history.conversations()] == ["“买手时代”是什么？"]
    page.button(key="undo").click().run()
    assert CLOSED in html_of(page) and page.query_params["c"] == first


def test_on_two_pages_of_a_conversation_nothing_is_cut_unseen_and_nothing_cut_comes_back(
    start: Callable[..., AppTest], history: History
) -> None:
    page = ask(start())
    other = start(c=(id_ := page.query_params["c"]))
    ask(page, "那它当时有多少粉丝？")
    labelled(other, t("edit")).click().run()
    assert "1669万粉丝" in html_of(other) and [toast.value for toast in other.toast] == [t("changed_elsewhere")]
    ask(page, "佣金是多少？")
    other.text_area[0].set_value("“买手时代”是什么？")
    labelled(other, t("edit_send")).click().run()
    assert [turn.answer.question.text for turn in history.turns(id_)] == ["佣金是多少？", "“买手时代”是什么？"]
    labelled(page, t("again")).click().run()
    assert not page.exception
    asked = [turn.answer.question.text for turn in history.turns(id_)]
    assert asked == ["佣金是多少？", "“买手时代”是什么？", QUESTION]


def test_an_answer_that_could_not_be_kept_says_so_until_it_is(
    start: Callable[..., AppTest], history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ask(start())

    def full(*_: object) -> Turn:
        raise HistoryError("full", "磁盘满了。")

    with monkeypatch.context() as patched:
        patched.setattr(History, "append", full)
        ask(ask(page, "那它当时有多少粉丝？"), "佣金是多少？")
        labelled(page, t("keep")).click().run()
        assert [toast.value for toast in page.toast] == ["磁盘满了。"]
    assert [warning.value for warning in page.warning] == [t("not_kept")] * 2
    assert t("stop") not in [button.label for button in page.button]
    labelled(page, t("keep")).click().run()
    labelled(page, t("keep")).click().run()
    assert not page.warning and not page.exception and not page.toast
    (conversation,) = history.conversations()
    asked = [turn.answer.question.text for turn in history.turns(conversation.id)]
    assert asked == [QUESTION, "那它当时有多少粉丝？", "佣金是多少？"]


def test_a_damaged_conversation_that_is_chosen_is_told_and_the_open_one_stays(
    start: Callable[..., AppTest], history: History
) -> None:
    damaged = ask(start(), "“买手时代”是什么？").query_params["c"]
    damage(history)
    page = ask(start())
    page.button(key=f"open-{damaged}").click().run()
    assert not page.exception and not page.error
    assert ["已损坏" in toast.value for toast in page.toast] == [True]
    assert CLOSED in html_of(page) and len(page.chat_input) == 1


def test_what_the_history_does_not_take_is_told_and_the_page_stays(
    start: Callable[..., AppTest], history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise HistoryError("full", "磁盘满了。")

    page = ask(start())
    (turn,) = history.turns(history.conversations()[0].id)
    title = f"title-{page.query_params['c']}-0"
    labelled(page, t("edit")).click().run()
    page.text_area[0].set_value("“买手时代”是什么？")
    for method in ("cut", "rename", "rate", "delete"):
        monkeypatch.setattr(History, method, full)
    for use in (
        lambda: labelled(page, t("edit_send")).click(),
        lambda: page.text_input(key=title).set_value("福利社的事"),
        lambda: page.button_group(key=f"useful-{turn.id}").set_value("useful"),
        lambda: page.button(key="delete").click(),
    ):
        use().run()
        assert not page.exception and [toast.value for toast in page.toast] == ["磁盘满了。"]
        assert CLOSED in html_of(page)
        assert page.text_area[0].value == "“买手时代”是什么？"  # what was written is still there to send
    assert page.text_input(key=title).value == QUESTION  # the name that is kept
    assert history.turns(history.conversations()[0].id) == [turn]


def test_a_question_that_the_history_does_not_take_stands_in_the_field_again(
    start: Callable[..., AppTest], history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise HistoryError("full", "磁盘满了。")

    page = start()
    for method, question in (("start", QUESTION), ("conversation", "“买手时代”是什么？")):  # of none, and of one open
        with monkeypatch.context() as patched:
            patched.setattr(History, method, full)
            ask(page, question)
        assert [error.value for error in page.error] == ["磁盘满了。"]
        assert (page.chat_input[0].proto.value, page.chat_input[0].proto.set_value) == (question, True)
        shown = len(page.run().chat_message)  # nothing is asked before the reader sends it
        assert not page.error and len(ask(page, question).chat_message) == shown + 2
    (conversation,) = history.conversations()
    assert [turn.answer.question.text for turn in history.turns(conversation.id)] == [QUESTION, question]


def test_a_rating_is_kept_and_becomes_a_question_of_a_set(start: Callable[..., AppTest], history: History) -> None:
    page = ask(start())
    (turn,) = history.turns(history.conversations()[0].id)
    page.button_group(key=f"useful-{turn.id}").set_value("useless").run()
    page.button_group(key=f"reason-{turn.id}").set_value("outdated").run()
    page.text_input(key=f"note-{turn.id}").set_value("11月16日").run()
    ((rated,), _) = history.rated()
    assert rated.rating and (rated.rating.reason, rated.rating.note) == ("outdated", "11月16日")
    listed = AppTest.from_function(_feedback_page, args=(str(history.where),)).run()
    assert not listed.exception
    assert f"{t('reason_outdated')} · {turn.created[:10]} · 11月16日" in [caption.value for caption in listed.caption]
    listed.button(key=f"add-{turn.id}").click().run()
    row = json.loads(history.questions()[turn.id])
    assert (row["question"], row["gold"]) == (QUESTION, [["11月16日"]])
    assert row["evidence"] == [{"article": "福利社", "quote": CLOSED}]
    listed.button(key=f"remove-{turn.id}").click().run()
    assert history.questions() == {}


def test_a_damaged_answer_takes_neither_the_other_ratings_nor_the_question_set_from_the_feedback(
    tmp_path: Path,
) -> None:
    history = History(str(tmp_path / "history.sqlite"))
    id_ = history.start("题")
    damaged, whole = history.append(id_, ANSWER), history.append(id_, about("后来？"))
    for turn in (damaged, whole):
        history.rate(turn.id, Rating(useful=False))
        history.keep_question(turn.id, "{}")
    history.rate(damaged.id, Rating(useful=False), "another reader")
    damage(history, damaged)
    listed = AppTest.from_function(_feedback_page, args=(history.where,)).run()
    assert not listed.exception
    assert [damaged.id in error.value for error in listed.error] == [True]
    assert "后来？" in [text.value for text in listed.text]
    assert [button.proto.label for button in listed.get("download_button")] == [t("set_download", count=2)]


def _feedback_page(where: str) -> None:
    from views.feedback import feedback_page

    feedback_page(where)


def test_example_and_follow_up_questions_are_answered_by_the_articles(
    start: object, real_embedder: SentenceEmbedder
) -> None:
    from rag.chain import AnswerChain

    chain = AnswerChain(load_settings(), embedder=real_embedder)
    assert example_questions(chain) == {"": ["“买手时代”是什么？"]}
    first, *_, whole = chain.stream("佣金是多少？")
    assert (first.statements, first.citations) == ((), ())
    assert {passage.chunk.id for passage in first.passages} == {passage.chunk.id for passage in whole.passages}
    for question in follow_up_questions(whole, chain):
        answer = chain.invoke(question)
        assert {c.quote for c in answer.citations} - {c.quote for c in whole.citations}
