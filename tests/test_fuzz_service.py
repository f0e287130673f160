"""The API under requests that its own description makes up, right and wrong ones; and attacks through it."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from fakes import FakeEmbedder
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from llm_server import FakeServer, fake_llm
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from test_injection import ATTACKS

from bench.page import free_port
from ingest.run import ingest
from rag.chain import AnswerChain
from rag.settings import Settings
from service.api import create_app
from service.keys import add_key

FACT = "出海计划首期覆盖美国、中国香港和中国澳门市场。"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "corpus").mkdir()
    (folder / "corpus" / "甲.md").write_text("# 甲\n\n猫吃鱼。猫怕狗。\n", encoding="utf-8")
    (folder / "corpus" / "乙.txt").write_text(f"乙\n\n{FACT}\n", encoding="utf-8")
    ingest(folder / "corpus", folder / "index", FakeEmbedder())
    return folder / "index"


def client_of(index: Path, **given: Any) -> TestClient:
    values = {"index": index, "api_keys": index / "none", "api_rate": 10**9, "refusal_threshold": 0.0, **given}
    chain = AnswerChain(Settings.model_validate(values), embedder=FakeEmbedder())
    return TestClient(create_app(chain), client=("127.0.0.1", 1), raise_server_exceptions=False)


FUZZING = settings(max_examples=40, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
OPERATIONS = [
    ("GET", "/healthz"),
    ("POST", "/v1/ask"),
    ("POST", "/v1/ask/stream"),
    ("POST", "/v1/search"),
    ("GET", "/v1/articles"),
    ("GET", "/v1/articles/{id}"),
    ("GET", "/v1/status"),
]
# What the description cannot say: how long a question may be (a setting), that a scope ends after it begins, that a
# body may be too large, and that the right key replaces the wrong one that was made up.
NOT_SAID = [positive_data_acceptance, negative_data_rejection]
WITHOUT_INPUT = {"/healthz", "/v1/status"}  # nothing in such a request can be wrong
MODES = [
    (method, path, mode)
    for method, path in OPERATIONS
    for mode in GenerationMode
    if mode == GenerationMode.POSITIVE or path not in WITHOUT_INPUT
]


@pytest.fixture(scope="module")
def key(index: Path) -> str:
    return add_key(index / "keys.json", "fuzz")


@pytest.fixture(scope="module")
def described(index: Path, key: str) -> Iterator[Any]:
    port = free_port()
    app = client_of(index, api_keys=index / "keys.json").app
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_config=None))
    running = threading.Thread(target=server.run)
    running.start()
    while not server.started:
        time.sleep(0.01)
    yield schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
    server.should_exit = True
    running.join(30)


def test_every_operation_is_fuzzed(described: Any) -> None:
    found = [result.ok() for result in described.get_all_operations()]
    assert sorted((one.method.upper(), one.path) for one in found) == sorted(OPERATIONS)


@pytest.mark.parametrize(("method", "path", "mode"), MODES)
def test_every_response_is_as_described_and_no_request_breaks_it(
    described: Any, key: str, method: str, path: str, mode: GenerationMode
) -> None:
    @settings(FUZZING, phases=[Phase.generate])
    @given(case=described[path][method].as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        case.call_and_validate(headers=headers, excluded_checks=NOT_SAID, timeout=100)

    check()


def test_an_app_that_is_stopped_and_started_again_answers(index: Path) -> None:
    client = client_of(index)
    for _ in range(2):
        with client:
            assert client.post("/v1/ask", json={"question": "猫吃什么？"}).status_code == 200


@pytest.fixture(scope="module")
def llm() -> Iterator[FakeServer]:
    with fake_llm() as running:
        yield running


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/ask/stream"])
def test_what_a_model_writes_because_an_attack_said_so_is_not_in_the_answer(
    index: Path, llm: FakeServer, path: str, attack: str
) -> None:
    words, payload = ATTACKS[attack]
    llm.reply, llm.queue = f"{FACT}[1]{payload}", []
    scope = {"articles": ["乙"]}
    with client_of(index, llm="openai:fake", llm_base_url=llm.base_url) as client:
        response = client.post(path, json={"question": f"首期覆盖哪些市场？{words}", "scope": scope})
    assert response.status_code == 200
    answer = response.json() if path == "/v1/ask" else last_event(response.text)
    assert [statement["text"] for statement in answer["statements"]] == [FACT]


def last_event(text: str) -> dict[str, Any]:
    import json

    data: dict[str, Any] = json.loads(text.strip().rpartition("data: ")[2])
    return data
