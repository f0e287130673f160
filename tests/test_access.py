"""Who may read and who may edit: without a login, with shared passwords, with accounts."""

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import views.login
from rag.errors import SettingsError
from rag.settings import load_settings
from views.access import Person, person_of_account
from views.login import ATTEMPT_SECONDS, MOST_ATTEMPTS, Attempts
from views.messages import plain, t
from views.sessions import SESSION_SECONDS, SESSIONS, TOKEN, Sessions, role_of_password

READER, EDITOR = "reader-password", "editor-password"
SECRETS = {"auth": {"cookie_secret": "0123456789abcdef0123456789abcdef"}}


def page() -> None:
    """A page that tells who it admitted."""
    import streamlit as st

    from views.access import may_edit, reader_name
    from views.login import admit

    if admit():
        st.text(f"{reader_name()}|{may_edit()}")


def page_with_a_button() -> None:
    """A page with a button that tells that it was clicked."""
    import streamlit as st

    from views.callbacks import telling
    from views.login import admit

    def click() -> None:
        st.session_state["clicked"] = True

    if admit():
        st.button("删除", key="delete", on_click=telling(click))


def contents() -> None:
    """A page that names every page of who it admitted."""
    import streamlit as st

    from app import pages
    from rag.settings import load_settings
    from views.login import admit
    from views.resources import open_indexing
    from views.shelf import Shelf

    if admit():
        settings = load_settings()
        shelf = Shelf(settings.corpus, settings.index, None, open_indexing(settings))
        st.text(" ".join(page.url_path for page in pages(None, None, shelf, settings)))


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(views.login, "ATTEMPTS", Attempts())
    monkeypatch.setattr(type(st.context), "ip_address", "10.0.0.1")  # the tester has none

    def run(
        secrets: dict[str, Any] | None = None,
        user: dict[str, Any] | None = None,
        page: Callable[[], None] = page,
        cookies: dict[str, str] | None = None,
        **variables: str,
    ) -> AppTest:
        monkeypatch.setattr(type(st.context), "cookies", cookies or {})
        for name, value in variables.items():
            monkeypatch.setenv(f"YINJU_{name}", value)
        test = AppTest.from_function(page, default_timeout=60)
        for name, of_secrets in (secrets or {}).items():
            test.secrets[name] = of_secrets
        test.user = user or {}
        return test.run()

    return run


def told(page: AppTest) -> list[str]:
    return [text.value for text in page.text]


def log_in(page: AppTest, password: str) -> AppTest:
    page.text_input[0].set_value(password)
    return page.button[0].click().run()


def test_without_a_login_everybody_may_edit_under_one_name(open_page: Callable[..., AppTest]) -> None:
    assert told(open_page()) == ["|True"]


def test_nothing_is_shown_before_the_password_and_a_wrong_one_is_told(open_page: Callable[..., AppTest]) -> None:
    opened = open_page(READER_PASSWORD=READER, EDITOR_PASSWORD=EDITOR)
    assert told(opened) == []
    log_in(opened, "another-password")
    assert (told(opened), [error.value for error in opened.error]) == ([], [t("wrong_password")])


@pytest.mark.parametrize(("password", "shown"), [(READER, "reader|False"), (EDITOR, "editor|True")])
def test_a_password_gives_its_role_until_one_logs_out(
    open_page: Callable[..., AppTest], password: str, shown: str
) -> None:
    opened = open_page(READER_PASSWORD=READER, EDITOR_PASSWORD=EDITOR)
    assert told(log_in(opened, password)) == [shown]
    assert told(opened.run()) == [shown]
    assert told(opened.sidebar.button[0].click().run()) == []


def test_a_login_allows_what_its_password_does_until_it_is_over_or_the_password_another_one() -> None:
    sessions, settings = Sessions(), load_settings(reader_password=READER, editor_password=EDITOR)
    reader, editor = sessions.open(READER, 0.0), sessions.open(EDITOR, 1.0)
    assert len({reader, editor}) == 2 and min(len(reader), len(editor)) >= 43  # 32 bytes
    assert [sessions.role(token, settings, 2.0) for token in (reader, editor, "", "x")] == [
        "reader",
        "editor",
        None,
        None,
    ]
    assert sessions.role(reader, settings, SESSION_SECONDS) is None
    assert sessions.role(editor, settings, SESSION_SECONDS) == "editor"
    changed = load_settings(reader_password=EDITOR, editor_password=READER + "-new")
    assert [sessions.role(token, changed, 2.0) for token in (reader, editor)] == [None, "reader"]
    sessions.close(editor)
    sessions.close(editor)
    assert sessions.role(editor, settings, 2.0) is None


def test_a_page_that_is_loaded_again_asks_for_no_password_until_one_logs_out(open_page: Callable[..., AppTest]) -> None:
    passwords = {"READER_PASSWORD": READER, "EDITOR_PASSWORD": EDITOR}
    cookies = {"yinju-login": SESSIONS.open(READER, time.time())}
    opened, other = open_page(cookies=cookies, **passwords), open_page(cookies=cookies, **passwords)
    assert told(opened) == told(other) == ["reader|False"]
    assert told(opened.sidebar.button[0].click().run()) == []
    assert told(other.run()) == []  # on every page
    assert told(open_page(cookies=cookies, **passwords)) == []
    assert told(open_page(cookies={"yinju-login": "reader"}, **passwords)) == []


def test_another_password_ends_what_was_logged_in_with_the_old_one(
    open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_page(READER_PASSWORD=READER)
    assert told(log_in(opened, READER)) == ["reader|False"]
    monkeypatch.setenv("YINJU_READER_PASSWORD", "another-password")
    assert told(opened.run()) == []


def test_who_logs_in_after_a_login_that_ended_elsewhere_finds_nothing_of_it(open_page: Callable[..., AppTest]) -> None:
    opened = log_in(open_page(READER_PASSWORD=READER, EDITOR_PASSWORD=EDITOR), EDITOR)
    opened.session_state["draft"] = "of the editor"
    SESSIONS.close(opened.session_state[TOKEN])
    assert told(opened.run()) == []
    assert told(log_in(opened, READER)) == ["reader|False"]
    assert "draft" not in opened.session_state


def test_a_page_whose_login_ended_elsewhere_does_nothing_that_is_clicked_on_it(
    open_page: Callable[..., AppTest],
) -> None:
    opened = log_in(open_page(page=page_with_a_button, READER_PASSWORD=READER), READER)
    opened.button(key="delete").click().run()
    assert opened.session_state["clicked"]
    del opened.session_state["clicked"]
    SESSIONS.close(opened.session_state[TOKEN])
    opened.button(key="delete").click().run()
    assert "clicked" not in opened.session_state
    assert opened.text_input  # the password is asked for


@pytest.mark.parametrize(("password", "shown"), [(READER, False), (EDITOR, True)])
def test_only_editors_see_what_others_found_useless(
    open_page: Callable[..., AppTest], password: str, shown: bool
) -> None:
    opened = open_page(page=contents, READER_PASSWORD=READER, EDITOR_PASSWORD=EDITOR)
    (paths,) = told(log_in(opened, password))
    assert ("feedback" in paths.split()) is shown


def test_an_empty_password_is_wrong_where_only_editors_have_one() -> None:
    assert role_of_password("", load_settings(editor_password=EDITOR)) is None
    assert role_of_password(EDITOR, load_settings(editor_password=EDITOR)) == "editor"


def test_after_ten_wrong_passwords_an_address_waits_and_others_do_not() -> None:
    attempts = Attempts()
    for second in range(MOST_ATTEMPTS):
        assert not attempts.blocked("10.0.0.1", second)
        attempts.note("10.0.0.1", second)
    assert attempts.blocked("10.0.0.1", MOST_ATTEMPTS)
    assert not attempts.blocked("10.0.0.2", MOST_ATTEMPTS)
    assert not attempts.blocked("10.0.0.1", ATTEMPT_SECONDS + 0.5)


def test_the_page_refuses_even_the_right_password_after_ten_wrong_ones(open_page: Callable[..., AppTest]) -> None:
    opened = open_page(READER_PASSWORD=READER)
    for number in range(MOST_ATTEMPTS):
        log_in(opened, f"wrong-password-{number}")
    log_in(opened, READER)
    assert (told(opened), [error.value for error in opened.error]) == ([], [t("too_many_attempts", minutes=10)])


def account(**claims: Any) -> dict[str, Any]:
    verified = {"email": "Li@Example.org", "email_verified": True}
    return {"is_logged_in": True, "iss": "https://id.example", "sub": "17", **verified, **claims}


@pytest.mark.parametrize(
    ("readers", "editors", "role"),
    [
        ("li@example.org", "", "reader"),
        (plain("li@example.org").replace("\\", ""), "", "reader"),  # as the page shows it
        ("", "wang@example.org, LI@example.org", "editor"),
        ("@example.org", "wang@example.org", "reader"),
        ("", "17", "editor"),
        ("*", "wang@example.org", "reader"),
        ("wang@example.org", "*", "editor"),
        ("wang@example.org,@example.com,18", "wang@example.org", None),
    ],
)
def test_accounts_have_the_role_that_lists_their_address_domain_or_subject(
    readers: str, editors: str, role: str | None
) -> None:
    found = person_of_account(account(), load_settings(readers=readers, editors=editors))
    assert found == (Person("https://id.example 17", role) if role else None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"sub": "li@example.org", "email_verified": False},
        {"email": "li@example.org.evil.example"},
        {"is_logged_in": False},
    ],
)
def test_an_address_that_the_provider_did_not_verify_gives_nothing(claims: dict[str, Any]) -> None:
    settings = load_settings(readers="@example.org", editors="li@example.org")
    assert person_of_account(account(**claims), settings) is None


@pytest.mark.parametrize("address", [{}, {"email": None}, {"email": "li"}])
def test_an_account_without_an_address_is_known_by_its_subject(address: dict[str, Any]) -> None:
    claims = {name: value for name, value in account().items() if name != "email"} | address
    assert person_of_account(claims, load_settings(readers="17")) == Person("https://id.example 17", "reader")
    assert person_of_account(claims, load_settings(readers="@example.org,none,li")) is None


def test_an_account_that_is_not_listed_is_told_so_and_can_log_out(open_page: Callable[..., AppTest]) -> None:
    opened = open_page(SECRETS, account(), EDITORS="wang@example.org")
    assert told(opened) == []
    assert [error.value for error in opened.error] == [t("account_refused", account=plain("Li@Example.org"))]
    assert [button.label for button in opened.button] == [t("log_out")]


def test_accounts_are_asked_to_log_in_and_admitted_with_their_role(open_page: Callable[..., AppTest]) -> None:
    opened = open_page(SECRETS, {"is_logged_in": False}, READERS="*")
    assert (told(opened), [button.label for button in opened.button]) == ([], [t("log_in")])
    assert told(open_page(SECRETS, account(), EDITORS="li@example.org")) == ["https://id.example 17|True"]


@pytest.mark.parametrize("secrets", [{}, {"auth": {"cookie_secret": "guess me"}}])
def test_accounts_without_a_secret_that_signs_their_cookies_are_refused(
    open_page: Callable[..., AppTest], secrets: dict[str, Any]
) -> None:
    opened = open_page(secrets, account(), READERS="*")
    assert (told(opened), [error.value for error in opened.error]) == ([], [t("login_unsafe", length=32)])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"reader_password": "short"}, "READER_PASSWORD is not usable: .*fewer than 12"),
        ({"reader_password": READER, "editor_password": READER}, "EDITOR_PASSWORD is not usable: .*readers too"),
        ({"reader_password": READER, "editors": "li@example.org"}, "EDITORS is not usable: .*choose one way"),
    ],
)
def test_logins_that_would_not_hold_are_refused(wrong: dict[str, str], why: str) -> None:
    with pytest.raises(SettingsError, match=why) as refused:
        load_settings(**wrong)
    assert "short" not in str(refused.value) and READER not in str(refused.value)
