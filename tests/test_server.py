"""What the page's server lets a browser load, with a page that tries to load from elsewhere."""

import re
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from oidc_provider import oidc_provider
from page_server import ROOT, serve_page
from playwright.sync_api import Browser, expect
from starlette.responses import RedirectResponse
from starlette.testclient import TestClient
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import populate_hash_if_needed

from bench.page import free_port
from server import HEADERS
from views.messages import t
from views.returning import COOKIE, Returning
from views.shell import CHAT, PARTS

HOSTILE = """
import streamlit as st

st.caption("![](http://127.0.0.1:{port}/caption.png) 一句话")
st.button("![](http://127.0.0.1:{port}/label.png) 按钮")
st.html("<img src='http://127.0.0.1:{port}/html.png' onerror=\\"fetch('http://127.0.0.1:{port}/script')\\">")
st.text("到这里")
"""


class Outside(BaseHTTPRequestHandler):
    """A host that notes what it is asked for."""

    asked: list[str] = []  # noqa: RUF012  # one list for the one server of the test

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def outside() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@contextmanager
def page_server(folder: Path, page: str, port: int, **variables: str) -> Iterator[str]:
    """The server of the page around another page, in a folder of its own."""
    (folder / "app.py").write_text(page, encoding="utf-8")
    (folder / "server.py").write_text((ROOT / "server.py").read_text(encoding="utf-8"), encoding="utf-8")
    options = ["--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    variables["PYTHONPATH"] = str(ROOT)
    with serve_page(variables, folder=folder, port=port, options=options) as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, outside: int) -> Iterator[str]:
    """A page that tries to load from elsewhere."""
    with page_server(tmp_path_factory.mktemp("server"), HOSTILE.format(port=outside), free_port()) as running:
        yield running


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/no/such/page"])
def test_every_response_has_the_headers(address: str, path: str) -> None:
    with urllib.request.urlopen(address + path) as response:
        assert {name: response.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.browser
def test_a_page_that_holds_images_of_another_host_loads_none_of_them(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(address)
    page.get_by_text("到这里").wait_for()
    page.wait_for_timeout(1000)
    page.close()
    assert Outside.asked == []
    assert any("caption.png" in line and "Content Security Policy" in line for line in refused), "it was tried"


WRITTEN = """
import streamlit as st
from views.messages import plain

for text in ("见 https://evil.example/x", "HTTP://evil.example", "www.evil.example", "li@evil.example"):
    st.caption(plain(text))
    st.button(plain(text))
st.text("到这里")
"""


@pytest.mark.browser
def test_addresses_in_what_readers_write_are_no_links(browser: Browser, tmp_path: Path) -> None:
    with page_server(tmp_path, WRITTEN, free_port()) as address:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        page.get_by_text("到这里").wait_for()
        expect(page.get_by_text("evil")).to_have_count(8)
        assert page.get_by_test_id("stMain").locator("a").count() == 0
        page.close()


WHO = """
import streamlit as st
from views.access import may_edit, reader_name
from views.login import admit

here = [st.Page(lambda: None, title=path, url_path=path, default=path == "chat") for path in ("chat", "library")]
st.navigation(here, position="hidden")
if admit():
    st.text(f"{reader_name()}|{may_edit()}")
"""
SECRETS = """
[auth]
redirect_uri = "{address}/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "yinju"
client_secret = "s3cret"
server_metadata_url = "{issuer}/.well-known/openid-configuration"
"""


@pytest.mark.browser
def test_accounts_of_a_provider_log_in_with_their_role_and_out_again(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    with oidc_provider() as provider:
        (tmp_path / ".streamlit").mkdir()
        secrets = SECRETS.format(address=f"http://127.0.0.1:{port}", issuer=provider.issuer)
        (tmp_path / ".streamlit" / "secrets.toml").write_text(secrets, encoding="utf-8")
        lists = {"YINJU_READERS": "@example.org", "YINJU_EDITORS": "li@example.org"}
        with page_server(tmp_path, WHO, port, **lists) as address:
            for name, verified, shown in (
                ("li", True, "|True"),
                ("wang", True, "|False"),
                ("li", False, t("account_refused", account="")[:2]),
            ):
                provider.claims = {"sub": name, "email": f"{name}@example.org", "email_verified": verified}
                page = browser.new_context().new_page()
                page.set_default_timeout(60_000)
                page.goto(f"{address}/library?c=12ab")
                page.get_by_role("button", name=t("log_in")).click()
                page.get_by_text(shown).wait_for()
                assert page.url == f"{address}/library?c=12ab"
                page.get_by_role("button", name=t("log_out")).click()
                page.get_by_role("button", name=t("log_in")).wait_for()


@pytest.mark.parametrize(
    ("kept", "led_to"),
    [
        ("library", "/library"),
        ("?c=12ab", "/?c=12ab"),
        ("", "/"),
        ("/evil.example", "/"),
        ("https://evil.example", "/"),
        (".evil", "/"),
        ("oauth2callback", "/"),
    ],
)
def test_a_login_leads_back_to_a_page_of_ours_and_nowhere_else(kept: str, led_to: str) -> None:
    client = TestClient(Returning(RedirectResponse("/", 302)), cookies={COOKIE: kept}, follow_redirects=False)
    assert client.get("/oauth2callback?code=1").headers["location"] == led_to
    assert client.get("/auth/logout").headers["location"] == "/"


@pytest.mark.browser
def test_a_login_outlasts_a_reload_at_every_address_until_one_logs_out(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    variables = {
        "YINJU_READER_PASSWORD": "reader-password",
        "YINJU_EDITOR_PASSWORD": "editor-password",
        "YINJU_CORPUS": str(tmp_path / "articles"),
        "YINJU_INDEX": str(tmp_path / "index"),
    }
    port = free_port()
    with serve_page(variables, port=port) as address, browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        password = page.get_by_label(t("password"), exact=True)
        log_out = page.get_by_role("button", name=t("log_out"))
        library = page.get_by_role("button", name=t("upload_button"))
        page.goto(f"{address}/library")
        password.fill("editor-password")
        password.press("Enter")
        library.wait_for()
        assert page.url == f"{address}/library"
        (cookie,) = [one for one in context.cookies() if one["name"] == f"yinju-login-{port}"]
        assert cookie["sameSite"] == "Strict" and 6 < (cookie["expires"] - time.time()) / 86_400 < 8
        page.reload()
        library.wait_for()
        log_out.click()
        password.wait_for()
        page.wait_for_function("!document.cookie.includes('yinju-login')")
        context.add_cookies([cookie])  # a copy of it opens nothing any more
        page.reload()
        password.wait_for()


def test_an_html_page_comes_with_our_styles_and_names_the_parts_that_it_draws_with(tmp_path: Path) -> None:
    with page_server(tmp_path, "import streamlit as st\nst.text('一')", free_port()) as address:
        for path, needed in (("", CHAT), ("/library", PARTS["library"])):
            asked = urllib.request.Request(address + path, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
            with urllib.request.urlopen(asked) as response:
                page = response.read().decode()
                assert "ETag" not in response.headers
            assert "<script>" not in page  # the policy lets none run that stands in the page
            assert page.index(".yj-answer") > page.index("<body>") and page.endswith("</html>\n")
            links = re.findall(r'<link rel="modulepreload" crossorigin href="\./(static/js/[^"]+)">', page)
            assert set(needed) <= {Path(link).name.split(".")[0] for link in links}
        for link in links:
            assert urllib.request.urlopen(f"{address}/{link}").status == 200
        assert ".yj-answer" not in urllib.request.urlopen(f"{address}/{links[0]}").read().decode()


def test_no_article_is_sent_as_a_reference_to_what_the_browser_may_have_let_go_of() -> None:
    message = ForwardMsg()
    message.delta.new_element.markdown.body = "鲸" * 10**6
    populate_hash_if_needed(message)
    assert message.hash
    assert not message.metadata.cacheable
