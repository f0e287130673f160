"""The HTTP API: its addresses, and what each does. Decides nothing about answers."""

import json
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from ingest.status import read_status
from rag.asked import to_question
from rag.chain import AnswerChain
from rag.errors import RagError
from rag.refuse import is_empty, is_too_long
from rag.text import without_invisible
from rag.types import Answer, Question
from service.access import Access
from service.errors import ArticleMissing, UnusableQuestion, add_error_handlers, describe
from service.health import Health
from service.middleware import Requests
from service.schemas import (
    AnswerJson,
    ArticlePage,
    ArticleText,
    Ask,
    ErrorJson,
    Found,
    HealthJson,
    Status,
)
from service.telemetry import Telemetry
from service.turns import Workers, while_heard

log = logging.getLogger(__name__)
LLM_WORKERS = 8
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorJson, "description": text}
    for status, text in {
        400: "the body cannot be read as UTF-8",
        401: "no key, or an unknown one",
        404: "there is no such article",
        413: "the body is too large",
        422: "the request is not as described",
        429: "too many requests of this user in a minute; see Retry-After",
        500: "the request failed inside the server",
        503: "there is no usable index, or too many requests are waiting; see Retry-After",
    }.items()
}
DESCRIPTION = "Answers from a folder of Chinese articles, every sentence with the exact sentence it rests on."
EVENT = {
    "type": "object",
    "properties": {"event": {"enum": ["partial", "answer", "error"]}, "data": {"type": "string"}},
    "required": ["event", "data"],
}
STREAM = {
    "content": {"text/event-stream": {"schema": EVENT}},
    "description": "events; the data of each is JSON: docs/api.md",
}


def create_app(chain: AnswerChain, *, open_: bool = True, telemetry: Telemetry | None = None) -> FastAPI:
    """The API over a chain; with `open_` it answers without a key as long as there is none."""
    settings = chain.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Made here, since an app may be started again in another event loop. Without an LLM a question is CPU alone,
        # and more threads than cores would only wait for each other; an LLM is waited for.
        default = LLM_WORKERS if settings.llm else os.cpu_count() or 1
        app.state.workers = Workers(settings.api_workers or default, settings.api_queue)
        chain.waiting = lambda: app.state.workers.turns.waiting
        try:
            app.state.health.warm()
        except RagError as error:
            log.error("the API starts without an index: %s", error)
        yield
        app.state.workers.close()
        chain.close()

    app = FastAPIOffline(title="引据 Yinju", version="1", description=DESCRIPTION, lifespan=lifespan)
    app.state.chain = chain
    app.state.health = Health(chain)
    app.state.access = Access(settings, open_=open_)
    app.state.telemetry = telemetry or Telemetry()
    app.include_router(public)
    app.include_router(router)
    add_error_handlers(app)
    app.add_middleware(Requests, telemetry=app.state.telemetry)
    return app


class Admitting(APIRoute):
    """An address for users: who asks is known and counted before anything of the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's way to do something before all that it does itself."""
        handle = super().get_route_handler()

        async def admit(request: Request) -> Response:
            access: Access = request.app.state.access
            request.state.user = access.user_of(request)
            access.count(request.state.user)
            return await handle(request)

        return admit


def user_of(request: Request, _: Annotated[object, Depends(HTTPBearer(auto_error=False))]) -> str:
    """Who asks."""
    return str(request.state.user)


User = Annotated[str, Depends(user_of)]
public = APIRouter()
router = APIRouter(prefix="/v1", responses=ERRORS, route_class=Admitting)


@public.head("/healthz", include_in_schema=False)
@public.get("/healthz", response_model=HealthJson, responses={503: {"model": HealthJson}})
def healthz(request: Request) -> JSONResponse:
    """Whether the API can answer; the status is 503 when it cannot."""
    health = request.app.state.health.check(request.app.state.workers.turns.waiting)
    return JSONResponse(health, 503 if health["status"] == "down" else 200)


@public.get("/metrics", response_class=StreamingResponse, responses={404: ERRORS[404]}, include_in_schema=False)
def metrics(request: Request) -> StreamingResponse:
    """Figures for Prometheus; with the extra `telemetry` only."""
    app = request.app
    body, kind = app.state.telemetry.exposition(app.state.workers.turns.waiting, app.state.chain.index)
    return StreamingResponse(iter([body]), media_type=kind)


@router.post("/ask", response_model=AnswerJson)
async def ask(request: Request, asked: Ask, user: User, explain: bool = False) -> JSONResponse:
    """The whole answer to a question."""
    state, question = request.app.state, question_of(asked)
    answers = state.workers.last(user, lambda: state.chain.stream(question, state.telemetry.config()))
    answer = await while_heard(request.receive, answers)
    state.telemetry.answered(answer)
    return JSONResponse(answer.to_json(explain=explain))


@router.post("/ask/stream", response_class=StreamingResponse, responses={200: STREAM})
async def ask_stream(request: Request, asked: Ask, user: User, explain: bool = False) -> StreamingResponse:
    """The answer as it grows, as server-sent events: `partial` as often as it grows, then `answer`, or `error`."""
    state, question = request.app.state, question_of(asked)
    answers = state.workers.items(user, lambda: state.chain.stream(question, state.telemetry.config()))
    # An error before the first words is an ordinary response.
    first = await while_heard(request.receive, anext(answers))

    async def events() -> AsyncIterator[bytes]:
        answer: Answer = first
        try:
            yield partial(answer)
            async for answer in answers:
                yield partial(answer)
            state.telemetry.answered(answer)
            yield event("answer", answer.to_json(explain=explain))
        except Exception as error:  # the response has begun: it can only be told in an event
            log.exception("a stream broke off")
            yield event("error", describe(error)[1])

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def question_of(asked: Ask) -> Question:
    """The question that was asked. Raises ScopeError."""
    return to_question(asked.model_dump())


def event(name: str, data: dict[str, Any]) -> bytes:
    """One server-sent event; encoded here, so that what cannot be is an error of the stream that makes it."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def partial(answer: Answer) -> bytes:
    """What of an answer is there so far: checked words, and words of an LLM that are not checked yet."""
    return event("partial", {"text": answer.text, "draft": answer.draft})


@router.post("/search", response_model=Found)
async def search(request: Request, asked: Ask, user: User) -> JSONResponse:
    """The passages that a question finds and how they were ranked, without an answer."""
    state, question = request.app.state, question_of(asked)
    limit, seen = state.chain.settings.question_limit, without_invisible(question.text)
    if is_empty(seen) or is_too_long(seen, limit):
        raise UnusableQuestion(f"a question has a word, and at most {limit} characters", f"问题要有 1 到 {limit} 个字")

    def find() -> dict[str, Any]:
        generation = state.chain.index.current()
        found = state.chain.retrieve(question, generation, state.telemetry.config())
        passages = Answer(question, passages=found.passages).to_json()["passages"]
        return {
            "passages": passages,
            "search": found.to_json(),
            "index_generation": generation.manifest.generation,
        }

    return JSONResponse(await while_heard(request.receive, state.workers.result(user, find)))


@router.get("/articles", response_model=ArticlePage)
def articles(
    request: Request,
    _: User,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[str, Query(max_length=4000, description="id of the article before the first")] = "",
) -> JSONResponse:
    """Articles in the order of their ids."""
    generation = request.app.state.chain.index.current()
    metadata = generation.library.metadata
    ids = [id_ for id_ in metadata if id_ > after]
    shown = [{"id": id_, **vars(metadata[id_])} for id_ in ids[:limit]]
    following = ids[limit - 1] if len(ids) > limit else None
    page = {"articles": shown, "total": len(metadata), "next": following}
    return JSONResponse({**page, "index_generation": generation.manifest.generation})


@router.get("/articles/{id:path}", response_model=ArticleText)
def article(request: Request, id: str, _: User) -> JSONResponse:  # noqa: A002  # the name in the address
    """An article with its clean text."""
    generation = request.app.state.chain.index.current()
    try:
        found = generation.library.article(id)
    except (KeyError, UnicodeEncodeError):
        raise ArticleMissing(
            "there is no article of this id: see /v1/articles", "没有这个 id 的文章：请看 /v1/articles"
        ) from None
    names = ("id", "title", "author", "publisher", "published", "tags", "source_path", "url", "text")
    body = {name: getattr(found, name) for name in names}
    return JSONResponse({**body, "index_generation": generation.manifest.generation})


@router.get("/status", response_model=Status)
def status(request: Request, _: User) -> JSONResponse:
    """What the index holds, whether an ingest is at work, and which files failed."""
    told = read_status(request.app.state.chain.settings.index)
    return JSONResponse({name: value for name, value in told.items() if name not in ("index", "directory")})
