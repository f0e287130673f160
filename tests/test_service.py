"""The HTTP API over a tiny index: its addresses, keys, limits, errors, logs and figures."""

import asyncio
import json
import logging
import os
import re
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEmbedder
from fastapi.testclient import TestClient
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from llm_server import fake_llm

from rag.chain import AnswerChain
from rag.errors import SettingsError
from rag.logs import JsonFormatter, fields, of_request
from rag.settings import Settings
from service.__main__ import main
from service.api import create_app
from service.keys import add_key, hashed, read_keys, remove_key
from service.schemas import AnswerJson, Found

ASK = {"question": "猫吃什么？"}
FISH = "猫吃鱼。"


def client_of(index: Path, tmp_path: Path, *, open_: bool = True, **settings: Any) -> TestClient:
    given = {"index": index, "api_keys": tmp_path / "keys.json", "refusal_threshold": 0.0, **settings}
    chain = AnswerChain(Settings.model_validate(given), embedder=FakeEmbedder())
    return TestClient(create_app(chain, open_=open_), client=("127.0.0.1", 1), raise_server_exceptions=False)


@pytest.fixture
def client(tiny_index: Path, tmp_path: Path) -> Iterator[TestClient]:
    with client_of(tiny_index, tmp_path) as client:
        yield client


def error_of(response: Any) -> tuple[int, str]:
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "chinese"}
    assert all(body["error"].values())
    return response.status_code, body["error"]["code"]


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


def without_times(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "timings_ms": {}}


def test_there_is_a_turn_for_each_core_and_the_chain_knows_how_many_wait_for_theirs(client: TestClient) -> None:
    state = client.app.state  # type: ignore[attr-defined]

    async def ask() -> int:
        cores = os.cpu_count() or 1
        turns = [asyncio.create_task(state.workers.turns.take("a")) for _ in range(cores + 2)]
        await asyncio.sleep(0)
        waiting: int = state.chain.waiting()
        for turn in turns:
            await turn
            state.workers.turns.give_back()
        return waiting

    assert (asyncio.run(ask()), state.chain.waiting()) == (2, 0)


class Hearer:
    """A client of an app without a server between: `hang_up` when it no longer waits; `status` is what it got."""

    def __init__(self, client: TestClient, address: str) -> None:
        self._app, self._address, self._asked = client.app, address, False
        self.hang_up, self.status = asyncio.Event(), 0

    async def ask(self) -> None:
        scope = {
            "type": "http", "method": "POST", "path": self._address, "query_string": b"", "client": ("127.0.0.1", 1),
            "headers": [(b"content-type", b"application/json")], "asgi": {"version": "3.0", "spec_version": "2.3"},
        }  # fmt: skip
        await self._app(scope, self._receive, self._send)

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": json.dumps(ASK).encode(), "more_body": False}
        await self.hang_up.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.status = message.get("status", self.status)


ADDRESSES = ("/v1/ask", "/v1/ask/stream", "/v1/search")


def test_who_hangs_up_while_waiting_leaves_the_queue_and_the_others_stay(client: TestClient) -> None:
    turns = client.app.state.workers.turns  # type: ignore[attr-defined]

    async def run() -> list[int]:
        cores = os.cpu_count() or 1
        for _ in range(cores):
            await turns.take("a")
        gone, patient = ([Hearer(client, address) for address in ADDRESSES] for _ in range(2))
        tasks = {hearer: asyncio.create_task(hearer.ask()) for hearer in (*gone, *patient)}
        while turns.waiting < len(tasks):
            await asyncio.sleep(0.001)
        for hearer in gone:
            hearer.hang_up.set()
        await asyncio.gather(*(tasks[hearer] for hearer in gone))
        assert turns.waiting == len(patient)
        for _ in range(cores):
            turns.give_back()
        await asyncio.gather(*(tasks[hearer] for hearer in patient))
        return [hearer.status for hearer in (*gone, *patient)]

    assert asyncio.run(run()) == [499, 499, 499, 200, 200, 200]
    assert 'yinju_request_seconds_count{route="/v1/ask",status="499"} 1.0' in client.get("/metrics").text


class Talkative(GenericFakeChatModel):
    """Writes without an end, a hundred words a second; `written` is how many."""

    messages: Iterator[Any] = iter(())
    written: int = 0

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        while True:
            self.written += 1
            yield ChatGenerationChunk(message=AIMessageChunk("猫吃鱼，"))
            time.sleep(0.01)


@pytest.mark.parametrize("address", ["/v1/ask", "/v1/ask/stream"])
def test_an_llm_stops_writing_for_who_has_hung_up(tiny_index: Path, tmp_path: Path, address: str) -> None:
    settings = Settings.model_validate(
        {"index": tiny_index, "api_keys": tmp_path / "keys.json", "refusal_threshold": 0.0, "api_workers": 1}
    )
    model = Talkative()
    chain = AnswerChain(settings, embedder=FakeEmbedder(), model=model)

    async def run(client: TestClient) -> None:
        hearer = Hearer(client, address)
        asked = asyncio.create_task(hearer.ask())
        while not model.written:
            await asyncio.sleep(0.01)
        hearer.hang_up.set()
        await asked
        turns = client.app.state.workers.turns  # type: ignore[attr-defined]
        await asyncio.wait_for(turns.take("another"), 20)
        turns.give_back()

    with TestClient(create_app(chain)) as client:
        asyncio.run(run(client))
    assert 0 < model.written < 200


def test_the_turns_before_may_name_the_passages_that_they_cite(client: TestClient) -> None:
    first = client.post("/v1/ask", json=ASK).json()
    ids = [passage["id"] for passage in first["passages"]]
    before = {"role": "assistant", "content": first["text"]}
    for sources, status in ((ids, 200), (["gone"], 200), ("gone", 422), ([1], 422)):
        history = [{"role": "user", "content": ASK["question"]}, {**before, "sources": sources}]
        asked = client.post("/v1/ask", json={"question": "它呢？", "history": history})
        assert asked.status_code == status, sources


def test_the_answer_is_the_one_of_the_chain(client: TestClient) -> None:
    answer = client.post("/v1/ask", json={"id": "q1", **ASK}).json()
    assert answer["statements"][0]["text"] == FISH
    chain: AnswerChain = client.app.state.chain  # type: ignore[attr-defined]
    assert without_times(answer) == without_times(chain.invoke({"id": "q1", **ASK}).to_json())


def test_the_documented_answer_has_exactly_the_fields_of_the_real_one(client: TestClient) -> None:
    answer = client.post("/v1/ask?explain=true", json=ASK).json()
    assert AnswerJson.model_validate(answer).model_dump(mode="json") == answer
    refused = client.post("/v1/ask", json={"question": ""}).json()
    assert AnswerJson.model_validate(refused).model_dump(mode="json", exclude_unset=True) == refused


def test_a_stream_ends_with_the_same_answer(client: TestClient) -> None:
    response = client.post("/v1/ask/stream", json=ASK)
    assert response.headers["content-type"].startswith("text/event-stream")
    events = events_of(response.text)
    assert [name for name, _ in events] == ["partial"] * (len(events) - 1) + ["answer"]
    assert events[-2][1] == {"text": events[-1][1]["text"], "draft": ""}
    assert without_times(events[-1][1]) == without_times(client.post("/v1/ask", json=ASK).json())


def test_a_stream_with_what_cannot_be_sent_ends_with_an_error(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = client.app.state.chain  # type: ignore[attr-defined]
    answer = chain.invoke(ASK["question"])
    monkeypatch.setattr(chain, "stream", lambda *_: iter([answer, replace(answer, draft="半个\ud83d")]))
    events = events_of(client.post("/v1/ask/stream", json=ASK).text)
    assert [name for name, _ in events] == ["partial", "error"]
    assert events[-1][1]["error"]["code"] == "internal"


def test_a_scope_decides_which_articles_answer(client: TestClient) -> None:
    within = client.post("/v1/ask", json={**ASK, "scope": {"articles": ["乙"]}}).json()
    assert {passage["article"] for passage in within["passages"]} == {"乙"}
    assert error_of(client.post("/v1/ask", json={**ASK, "scope": {"since": "2025-13-01"}})) == (422, "invalid_scope")


def test_a_search_gives_the_passages_without_an_answer(client: TestClient) -> None:
    found = client.post("/v1/search", json=ASK).json()
    assert Found.model_validate(found).model_dump(mode="json") == found
    assert found["passages"] == client.post("/v1/ask", json=ASK).json()["passages"]
    for empty in ("  ", "？", "\u200b"):
        assert error_of(client.post("/v1/search", json={"question": empty})) == (422, "unusable_question")
    assert error_of(client.post("/v1/search", json={"question": "猫" * 1001})) == (422, "unusable_question")


def test_articles_come_in_pages_that_hold_each_once(client: TestClient) -> None:
    first = client.get("/v1/articles?limit=2").json()
    rest = client.get("/v1/articles", params={"limit": 2, "after": first["next"]}).json()
    assert [a["id"] for a in first["articles"] + rest["articles"]] == sorted(["甲", "乙", "子/丙"])
    assert (first["total"], rest["next"]) == (3, None)


def test_a_citation_is_the_span_of_the_article_text(client: TestClient) -> None:
    [citation, *_] = client.post("/v1/ask", json=ASK).json()["citations"]
    article = client.get(f"/v1/articles/{citation['article']}").json()
    assert article["text"][citation["start"] : citation["end"]] == citation["quote"] == FISH
    assert client.get("/v1/articles/子/丙").json()["title"] == "丙"


@pytest.mark.parametrize("id_", ["丁", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "甲.md", "x" * 5000, "\0"])
def test_an_unknown_article_is_missing_whatever_it_is_called(client: TestClient, id_: str) -> None:
    assert client.get(f"/v1/articles/{id_.replace(chr(0), '%00')}").status_code == 404


def test_the_status_tells_what_is_indexed_and_no_path(client: TestClient, tmp_path: Path) -> None:
    status = client.get("/v1/status").json()
    assert (status["usable"], status["generation"], status["articles"], status["failures"]) == (True, 1, 3, {})
    assert str(tmp_path) not in json.dumps(status)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b"{}", "body.question"),
        (b'{"question": 5}', "body.question"),
        (b'{"question": "\\ud800"}', "body.question"),
        (b'{"question": "?", "history": [{"role": "system", "content": "x"}]}', "body.history.0.role"),
        (b'{"question": "?", "history": [{"role": "user", "content": "\\udfff"}]}', "body.history.0.content"),
        (b'{"question": "?", "scop": {}}', "body.scop"),
    ],
)
def test_a_malformed_request_is_told_what_is_wrong_in_both_languages(
    client: TestClient, body: bytes, place: str
) -> None:
    response = client.post("/v1/ask", content=body, headers={"content-type": "application/json"})
    assert error_of(response) == (422, "invalid_request")
    assert place in response.json()["error"]["message"] and place in response.json()["error"]["chinese"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"body": b"{"}, "请求里的 body.1 不对：不是正确的 JSON"),
        ({"body": b"[]"}, "请求里的 body 不对：要是一个 JSON 对象，并带上请求头 Content-Type: application/json"),
        (
            {"body": b'{"question": "?"}', "type": "text/plain"},
            "请求里的 body 不对：要是一个 JSON 对象，并带上请求头 Content-Type: application/json",
        ),
        ({"body": b"{}"}, "请求里的 body.question 不对：缺少这一项"),
        ({"body": b'{"question": 5}'}, "请求里的 body.question 不对：要写成文字"),
        ({"body": b'{"question": "?", "id": "%s"}' % (b"x" * 201)}, "请求里的 body.id 不对：最多 200 个字"),
        ({"body": b'{"question": "?", "x": 1}'}, "请求里的 body.x 不对：没有这一项"),
        ({"body": b'{"question": "?"}', "query": "?explain=x"}, "请求里的 query.explain 不对：要写成 true 或 false"),
        ({"body": b'{"question": "?", "scope": {"since": ""}}'}, "日期要写成 2025-01-31 这样，不能是空的"),
    ],
)
def test_a_malformed_request_is_told_so_in_chinese_that_is_chinese(
    client: TestClient, asked: dict[str, Any], told: str
) -> None:
    headers = {"content-type": asked.get("type", "application/json")}
    response = client.post(f"/v1/ask{asked.get('query', '')}", content=asked["body"], headers=headers)
    assert (response.status_code, response.json()["error"]["chinese"]) == (422, told)


def test_null_is_as_good_as_a_key_that_is_left_out(client: TestClient) -> None:
    nulls = {**ASK, "id": None, "history": None, "scope": None}
    assert without_times(client.post("/v1/ask", json=nulls).json()) == without_times(
        client.post("/v1/ask", json=ASK).json()
    )
    turn = {"role": "user", "content": "猫怕什么？", "sources": None}
    assert client.post("/v1/ask", json={**ASK, "history": [turn]}).status_code == 200


def test_other_errors_have_the_same_shape(client: TestClient) -> None:
    assert error_of(client.get("/nothing")) == (404, "http_404")
    assert error_of(client.get("/v1/ask")) == (405, "http_405")
    assert error_of(client.post("/v1/ask", content=b"x" * 1_000_001)) == (413, "http_413")


def test_an_error_inside_says_nothing_of_the_inside(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(client.app.state.chain.index, "current", broken)  # type: ignore[attr-defined]
    response = client.post("/v1/ask", json=ASK)
    assert error_of(response) == (500, "internal")
    assert "secret" not in response.text


def test_without_an_index_it_starts_and_says_which_command_makes_one(tiny_corpus: Path, tmp_path: Path) -> None:
    with client_of(tmp_path / "none", tmp_path) as client:
        assert error_of(client.post("/v1/ask", json=ASK)) == (503, "no_index")
        assert "python -m ingest" in client.post("/v1/ask/stream", json=ASK).json()["error"]["chinese"]
        health = client.get("/healthz")
        assert (health.status_code, health.json()["status"], health.json()["model_loaded"]) == (503, "down", False)
        from ingest.run import ingest

        ingest(tiny_corpus, tmp_path / "none", FakeEmbedder())
        assert client.get("/healthz").json() == {
            "status": "ok",
            "generation": 1,
            "model_loaded": True,
            "llm_reachable": None,
            "waiting": 0,
            "problem": "",
        }


def test_health_tells_whether_the_llm_can_be_reached(tiny_index: Path, tmp_path: Path) -> None:
    def health(address: str) -> tuple[str, bool]:
        with client_of(tiny_index, tmp_path, llm="openai:fake", llm_base_url=address) as client:
            told = client.get("/healthz").json()
            return told["status"], told["llm_reachable"]

    with fake_llm() as server:
        assert health(server.base_url) == ("degraded", False)  # 501: it has no list of models
    assert health("http://127.0.0.1:9/v1") == ("degraded", False)


# Keys and limits


def test_only_the_hash_of_a_key_is_kept_in_a_file_of_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    key = add_key(path, "小红")
    assert key.startswith("yj_") and len(key) == 46 and key not in path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [kept] = read_keys(path).values()
    assert kept.name == "小红" and kept.sha256 != key
    with pytest.raises(Exception, match="has a key already"):
        add_key(path, "小红")
    with pytest.raises(Exception, match="is no name"):
        add_key(path, "a b")
    with pytest.raises(Exception, match="no key"):
        remove_key(path, "小明")
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["keys.json", "keys.json.lock"]


def test_of_keys_that_are_made_at_once_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(add_key, [path] * 16, "abcdefghijklmnop"))
    assert read_keys(path).keys() == set(map(hashed, made))


def test_a_key_opens_from_when_it_is_made_until_it_is_removed(client: TestClient, tmp_path: Path) -> None:
    assert client.post("/v1/ask", json=ASK).status_code == 200  # this machine only, and there is no key yet
    key = add_key(tmp_path / "keys.json", "alice")
    assert error_of(client.post("/v1/ask", json=ASK)) == (401, "unauthorized")
    for wrong in ("Bearer x", f"Basic {key}", "Bearer", f"Bearer {key}x"):
        response = client.get("/v1/articles", headers={"Authorization": wrong})
        assert error_of(response) == (401, "unauthorized") and response.headers["www-authenticate"] == "Bearer"
    right = {"Authorization": f"Bearer {key}"}
    assert client.post("/v1/ask", json=ASK, headers=right).status_code == 200
    add_key(tmp_path / "keys.json", "bob")
    remove_key(tmp_path / "keys.json", "alice")
    assert client.post("/v1/ask", json=ASK, headers=right).status_code == 401


def test_a_damaged_file_of_keys_opens_nothing(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{", encoding="utf-8")
    for response, status in ((client.get("/v1/articles"), 500), (client.get("/healthz"), 503)):
        assert response.status_code == status
        assert "keys cannot be read" in response.text and str(tmp_path) not in response.text
    assert client.get("/healthz").json()["status"] == "down"
    with pytest.raises(SettingsError, match="or delete it and make new keys"):
        add_key(tmp_path / "keys.json", "alice")
    (tmp_path / "keys.json").unlink()
    key = add_key(tmp_path / "keys.json", "alice")
    assert client.get("/v1/articles", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_who_asks_is_known_and_counted_before_a_body_is_read(tiny_index: Path, tmp_path: Path) -> None:
    right = {"Authorization": f"Bearer {add_key(tmp_path / 'keys.json', 'alice')}", "content-type": "application/json"}
    with client_of(tiny_index, tmp_path, api_rate=2) as client:
        assert error_of(client.post("/v1/ask", content=b"{")) == (401, "unauthorized")
        codes = [client.post("/v1/ask", content=b"{", headers=right).status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_a_monitor_may_ask_for_the_health_without_reading_it(client: TestClient) -> None:
    assert client.head("/healthz").status_code == 200


def test_where_others_can_ask_a_key_is_needed_even_if_there_is_none(tiny_index: Path, tmp_path: Path) -> None:
    with client_of(tiny_index, tmp_path, open_=False) as client:
        assert [client.get(path).status_code for path in ("/v1/articles", "/v1/status")] == [401, 401]
        assert client.get("/healthz").status_code == 200


def test_each_user_has_a_rate_of_their_own(tiny_index: Path, tmp_path: Path) -> None:
    alice, bob = ({"Authorization": f"Bearer {add_key(tmp_path / 'keys.json', name)}"} for name in ("alice", "bob"))
    with client_of(tiny_index, tmp_path, api_rate=2) as client:
        assert [client.get("/v1/articles", headers=alice).status_code for _ in range(3)] == [200, 200, 429]
        response = client.get("/v1/articles", headers=alice)
        assert error_of(response) == (429, "rate_limited") and 0 < int(response.headers["retry-after"]) <= 60
        assert client.get("/v1/articles", headers=bob).status_code == 200
        assert client.get("/healthz").status_code == 200


# Logs and figures


def test_the_log_has_times_and_generation_but_no_words(
    tiny_index: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = add_key(tmp_path / "keys.json", "alice")
    for shown in (False, True):
        caplog.clear()
        with caplog.at_level(logging.INFO), client_of(tiny_index, tmp_path, log_questions=shown) as client:
            asked = {"id": "q7", **ASK}
            response = client.post("/v1/ask", json=asked, headers={"Authorization": f"Bearer {key}"})
        rows = [r.fields for r in caplog.records if hasattr(r, "fields")]
        answered, request = rows
        assert (answered["id"], answered["generation"], "total" in answered["timings_ms"]) == ("q7", 1, True)
        assert (request["route"], request["status"], request["user"]) == ("/v1/ask", 200, "alice")
        assert answered.get("question") == (ASK["question"] if shown else None)
        assert ("猫" in caplog.text + str(rows)) == shown
        assert key not in caplog.text + str(rows) and len(response.headers["x-request-id"]) == 32


def line_of(message: str, *secrets: str, **values: Any) -> dict[str, Any]:
    record = logging.LogRecord("rag.x", logging.INFO, "x.py", 1, message, (), None)
    record.__dict__.update(fields(**values))
    line = JsonFormatter(*secrets).format(record)
    assert "\n" not in line
    return json.loads(line)


def test_a_log_line_is_json_with_its_fields_and_its_request() -> None:
    with of_request("r1"):
        row = line_of("两\n行", statements=2)
    assert row | {"time": ""} == {
        "time": "", "level": "info", "logger": "rag.x", "message": "两\n行", "request": "r1", "statements": 2,
    }  # fmt: skip
    assert "request" not in line_of("x")


@pytest.mark.parametrize("text", ["the key is {}", "Authorization: Bearer {}", 'Incorrect API key: "{}"'])
@pytest.mark.parametrize("secret", ['sk-"quoted"-\\0123', "sk-0123456789abcdef"])
def test_no_secret_reaches_the_log(text: str, secret: str) -> None:
    assert secret not in json.dumps(line_of(text.format(secret), secret))
    assert secret not in line_of(text.format(secret), secret)["message"]
    key = "yj_" + "k" * 43
    assert key not in line_of(text.format(key), more=key)["message"]


def test_figures_count_answers_and_requests(client: TestClient) -> None:
    client.post("/v1/ask", json=ASK)
    client.get("/v1/articles/甲")
    text = client.get("/metrics").text
    assert 'yinju_answers_total{answerer="extractive",refused="false"} 1.0' in text
    assert 'yinju_request_seconds_count{route="/v1/ask",status="200"} 1.0' in text
    assert 'yinju_request_seconds_count{route="/v1/articles/{id:path}",status="200"} 1.0' in text
    assert 'yinju_stage_seconds_count{stage="retrieve"} 1.0' in text
    assert "yinju_index_generation 1.0" in text and "猫" not in text


def test_a_trace_has_the_answer_and_its_search_below_it(tiny_index: Path, tmp_path: Path) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from service.telemetry import Telemetry

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = Settings.model_validate({"index": tiny_index, "api_keys": tmp_path / "none", "refusal_threshold": 0.0})
    chain = AnswerChain(settings, embedder=FakeEmbedder())
    with TestClient(create_app(chain, telemetry=Telemetry(provider.get_tracer("t")))) as client:
        client.post("/v1/ask", json=ASK)
    search, answer = exporter.get_finished_spans()
    assert (search.name, answer.name) == ("retrieve", "answer")
    assert search.parent is not None and answer.context is not None
    assert search.parent.span_id == answer.context.span_id


# The command


def test_the_command_makes_lists_and_removes_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YINJU_API_KEYS", str(tmp_path / "keys.json"))
    assert main(["keys", "add", "alice"]) == 0
    key = capsys.readouterr().out.strip()
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert json.loads(listed)["name"] == "alice" and key not in listed
    assert main(["keys", "remove", "alice"]) == 0 and main(["keys", "remove", "alice"]) == 2


@pytest.mark.parametrize(("name", "value", "code"), [("YINJU_LLM", "bad", 1), ("YINJU_CHUNK_TOKENS", "9", 2)])
def test_what_cannot_be_started_is_exit_code_1_and_a_wrong_setting_2(
    name: str, value: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["serve", "--index", str(tmp_path)]) == code


def test_health_of_a_service_that_does_not_run_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    for url in ("http://127.0.0.1:9", "http://127.0.0.1:9/", "http://127.0.0.1:9/healthz"):
        assert main(["health", "--url", url]) == 1
        told = capsys.readouterr().err
        assert told.startswith("http://127.0.0.1:9/healthz 没有回应") and "python -m service serve" in told


def test_other_headers_give_no_more_questions_a_minute(tiny_index: Path, tmp_path: Path) -> None:
    with client_of(tiny_index, tmp_path, api_rate=2) as client:
        codes = []
        for number in range(4):
            named = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded", "User-Agent"), f"9.9.9.{number}")
            headers = {**named, "Authorization": f"Bearer wrong{number}"}
            codes.append(client.post("/v1/ask", json=ASK, headers=headers).status_code)
    assert codes == [200, 200, 429, 429]


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_the_pages_that_describe_the_api_load_nothing_from_elsewhere(client: TestClient, page: str) -> None:
    loaded = re.findall(r'(?:src|href)="([^"]+)"', client.get(page).text)
    assert len(loaded) > 1
    assert [client.get(address).status_code for address in loaded if address.startswith("/")] == [200] * len(loaded)
