"""What requests hold and what responses hold, for checking the first and for documenting both.

An Answer is sent as rag makes it: docs/answer.md says what each field means, and a test holds these models to it.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MOST_TURNS = 50
MOST_NAMES = 1000
LONGEST_NAME = 1000
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Names = Annotated[list[Name], Field(max_length=MOST_NAMES)]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Text = Annotated[str, Field(max_length=100_000)]


class Given(BaseModel):
    """Part of a request: a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


class Turn(Given):
    """One turn of the conversation before."""

    role: Annotated[str, Field(pattern="^(user|assistant)$")]
    content: Text
    sources: Names | None = Field(
        None, description="ids of the passages that an answer cites, for an LLM that is asked on"
    )


class ScopeGiven(Given):
    """Which articles may answer: those that meet every condition given."""

    since: Day | None = Field(None, description="published on this day or later, YYYY-MM-DD")
    until: Day | None = Field(None, description="published on this day or before")
    sources: Names | None = Field(None, description="authors or publishers, one of which it must have")
    tags: Names | None = Field(None, description="tags, one of which it must have")
    articles: Names | None = Field(None, description="ids of articles")


class Ask(Given):
    """A question, with the turns before it and which articles may answer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": "小红书出海首期覆盖哪些市场？"},
                {
                    "id": "q2",
                    "question": "那它当时有多少粉丝？",
                    "history": [{"role": "user", "content": "福利社是什么时候关闭的？"}],
                    "scope": {"since": "2025-01-01", "sources": ["人人都是产品经理"]},
                },
            ]
        },
    )

    question: Text
    id: Annotated[str, Field(max_length=200)] | None = Field(None, description="given back in the answer")
    history: Annotated[list[Turn], Field(max_length=MOST_TURNS)] | None = Field(None, description="oldest first")
    scope: ScopeGiven | None = None


class ErrorText(BaseModel):
    """What went wrong and what to do: a code for programs, a sentence in English and one in Chinese."""

    code: str = Field(examples=["rate_limited"])
    message: str = Field(examples=["more than 120 requests a minute: try again in 7 s"])
    chinese: str = Field(examples=["每分钟最多 120 次请求，现在超过了：请过 7 秒再试"])


class ErrorJson(BaseModel):
    """Every error."""

    error: ErrorText


class StatementJson(BaseModel):
    """One sentence of an answer."""

    text: str
    citations: list[int]
    emphasis: list[tuple[int, int]]
    verified: bool
    subject: str


class CitationJson(BaseModel):
    """A marker resolved to a span of an article."""

    marker: int
    article: str
    source_path: str
    title: str
    author: str | None
    publisher: str | None
    published: str | None
    url: str | None
    quote: str
    voice: str
    start: int
    end: int
    raw_start: int
    raw_end: int
    article_sha256: str
    converted: bool
    provenance: dict[str, str]
    flags: list[str]
    origin: int | None = Field(None, description="absent from the nearest sentences of a refusal")


class PassageJson(BaseModel):
    """A stretch of an article that was found."""

    id: str
    article: str
    source_path: str
    start: int
    end: int
    text: str
    score: float
    rank: int
    rerank: float | None
    copy_of: int | None


class AnswerJson(BaseModel):
    """One Answer: docs/answer.md says what each field means."""

    id: str
    question: str
    scope: dict[str, Any]
    refused: bool
    text: str
    notice: str
    answerer: str
    confidence: float | None
    statements: list[StatementJson]
    citations: list[CitationJson]
    differ: bool
    nearest: list[CitationJson]
    passages: list[PassageJson]
    timings_ms: dict[str, float]
    index_generation: int
    search: dict[str, Any] | None = Field(None, description="only with explain=true")


class Found(BaseModel):
    """What a question finds, without an answer; `search` as in docs/answer.md."""

    passages: list[PassageJson]
    search: dict[str, Any]
    index_generation: int


class ArticleInfo(BaseModel):
    """What an article states of itself; null where it does not."""

    id: str
    title: str
    author: str | None
    publisher: str | None
    published: str | None
    tags: list[str]


class ArticlePage(BaseModel):
    """Some of the articles, in the order of their ids; `next` is the `after` of those that follow."""

    articles: list[ArticleInfo]
    total: int
    next: str | None
    index_generation: int


class ArticleText(ArticleInfo):
    """An article with its clean text, in which a citation's `start` and `end` count code points."""

    source_path: str
    url: str | None
    text: str
    index_generation: int


class Status(BaseModel):
    """What the index holds and which files failed."""

    usable: bool
    problem: str = Field(description="why it is not usable; empty when it is")
    writing: bool = Field(description="whether an ingest is at work")
    generation: int | None = None
    articles: int | None = None
    chunks: int | None = None
    model: str | None = None
    chunker: str | None = None
    created: str | None = None
    failures: dict[str, Any]


class HealthJson(BaseModel):
    """Whether the API can answer: status is "ok", "degraded" (it answers, but see `problem`) or "down"."""

    status: str = Field(examples=["ok"])
    generation: int | None = Field(description="number of the index generation that answers", examples=[7])
    model_loaded: bool
    llm_reachable: bool | None = Field(description="null without an LLM, or where its address is not known")
    waiting: int = Field(description="requests that wait for their turn", examples=[0])
    problem: str = Field(examples=[""])
