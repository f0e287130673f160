"""Hostile articles, questions and a model that obeys them, through the page in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from llm_server import FakeServer, fake_llm
from page_server import serve_page
from playwright.sync_api import Browser, Page, expect
from test_injection import ATTACKS, FACT

from ingest.run import ingest
from rag.embed import SentenceEmbedder

pytestmark = [pytest.mark.model, pytest.mark.browser]
OUTSIDE = "https://evil.example"
SHOWN = ("markdown image", "markdown link", "html image", "script", "data link", "system tag")
ARTICLES = {
    "<img src=x onerror=alert(1)>.md": f"# <script>alert(1)</script>出海计划\n\n{FACT}",
    "图.md": f"# ![看]({OUTSIDE}/title.png)养猫\n\n"
    f"猫砂盆要每天清理一次。![图]({OUTSIDE}/p.png)<img src='{OUTSIDE}/q.png'>\n",
    "链.txt": f"[养狗]({OUTSIDE}/buy)\n\n"
    "狗每天要散步两次。<svg onload=alert(1)></svg><a href='javascript:alert(1)'>看</a>\n",
}


@pytest.fixture(scope="module")
def llm() -> Iterator[FakeServer]:
    with fake_llm() as running:
        yield running


@pytest.fixture(scope="module")
def corpus(real_embedder: SentenceEmbedder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    corpus = tmp_path_factory.mktemp("attacks") / "corpus"
    corpus.mkdir()
    for name, text in ARTICLES.items():
        (corpus / name).write_text(text, encoding="utf-8")
    ingest(corpus, corpus.parent / "index", real_embedder)
    return corpus


def environment(corpus: Path, **more: str) -> dict[str, str]:
    folder = corpus.parent
    where = {"YINJU_CORPUS": corpus, "YINJU_INDEX": folder / "index", "YINJU_HISTORY": folder / "history.sqlite"}
    return {name: str(value) for name, value in where.items()} | {"YINJU_REFUSAL_THRESHOLD": "0"} | more


@pytest.fixture(scope="module")
def with_model(corpus: Path, llm: FakeServer) -> Iterator[str]:
    given = {"YINJU_LLM": "openai:fake", "YINJU_LLM_BASE_URL": llm.base_url, "YINJU_LLM_API_KEY": "x"}
    with serve_page(environment(corpus, **given)) as address:
        yield address


class Watched:
    """A page, the hosts that it asked, and the scripts that spoke up."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.page: Page = browser.new_page(viewport={"width": 1200, "height": 900})
        self.page.set_default_timeout(120_000)
        self.hosts: set[str] = set()
        self.spoke: list[str] = []
        self.page.on("request", lambda request: self.hosts.update(filter(None, [urlsplit(request.url).hostname])))
        self.page.on("dialog", lambda dialog: (self.spoke.append(dialog.message), dialog.dismiss()))
        self.page.goto(address)
        self.page.wait_for_selector("textarea")

    def ask(self, question: str) -> list[str]:
        """The statements of the answer, without their marks."""
        answers = self.page.locator(".yj-answer")
        before = answers.count()
        self.page.fill("textarea", question)
        self.page.keyboard.press("Enter")
        expect(answers).to_have_count(before + 1, timeout=120_000)
        found = answers.last.locator(".yj-statement")
        expect(found).not_to_have_count(0, timeout=120_000)  # what shows the stages may not be there yet
        expect(self.page.locator(".yj-stages")).to_have_count(0, timeout=120_000)
        read: list[str] = []
        while not read or read != self.statements():  # what ends is drawn anew, and for a moment is not there
            self.page.wait_for_timeout(300)
            read = self.statements()
        return read

    def statements(self) -> list[str]:
        """Those of the last answer as they are drawn now."""
        words = "e => { const c = e.cloneNode(true); c.querySelectorAll('.yj-mark, small').forEach(m => m.remove()); "
        found = self.page.locator(".yj-answer").last.locator(".yj-statement")
        return list(found.evaluate_all(f"all => all.map({words}return c.textContent.trim() }})"))

    def close(self) -> None:
        """Nothing of an attack may have reached the browser, in what was asked or in what is drawn."""
        self.page.wait_for_timeout(500)
        drawn = self.page.locator(
            "[src*='evil.example'], [href*='evil.example'], [href^='javascript:'], [href^='data:text'], "
            ".yj-answer :is(img, script, svg[onload], iframe)"
        ).count()
        self.page.close()
        assert (self.hosts, self.spoke, drawn) == ({"127.0.0.1"}, [], 0)


def test_what_an_obedient_model_writes_is_not_shown_and_asks_no_other_host(
    browser: Browser, with_model: str, llm: FakeServer
) -> None:
    watched = Watched(browser, with_model)
    for attack in SHOWN:
        words, payload = ATTACKS[attack]
        llm.reply, llm.queue = f"{FACT}[1]{payload}", []
        assert watched.ask(f"出海计划首期覆盖哪些市场？{words}") == [FACT], attack
    watched.close()


def test_hostile_articles_are_quoted_as_text_and_ask_no_other_host(browser: Browser, corpus: Path) -> None:
    written = "".join(ARTICLES.values())
    with serve_page(environment(corpus)) as address:
        watched = Watched(browser, address)
        for question in ("出海计划首期覆盖哪些市场？", "猫砂盆多久清理一次？", "狗每天要散步几次？"):
            statements = watched.ask(question)
            assert statements and all(statement in written for statement in statements), statements
            watched.page.locator(".yj-card summary, .yj-card button, .yj-card a").first.click()
            watched.page.wait_for_timeout(500)
        watched.page.goto(f"{address}/library")
        expect(watched.page.locator(".stDataFrame canvas").first).to_be_visible(timeout=120_000)
        watched.close()
