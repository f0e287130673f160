"""Figures for Prometheus and traces for OpenTelemetry, where the extra `telemetry` is installed; nothing otherwise.

Neither ever holds words of a question, an answer or an article.
"""

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig

from rag.errors import RagError
from rag.index import IndexReader
from rag.types import Answer
from service.errors import NotInstalled

if TYPE_CHECKING:
    from fastapi import FastAPI
    from opentelemetry.trace import Span, Tracer

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)  # upper bounds of the histograms
UNTRACED = "healthz,metrics"


class Telemetry:
    """The figures of one process, and the callbacks that a chain is run with."""

    def __init__(self, tracer: "Tracer | None" = None) -> None:
        self._callbacks: list[BaseCallbackHandler] = [Spans(tracer)] if tracer else []
        self._registry: Any = None
        if find_spec("prometheus_client") is None:
            return
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Histogram(
            "yinju_request_seconds", "requests", ("route", "status"), buckets=SECONDS, registry=registry
        )
        self._answers = Counter("yinju_answers", "questions answered", ("answerer", "refused"), registry=registry)
        self._stages = Histogram(
            "yinju_stage_seconds", "stages of answers", ("stage",), buckets=SECONDS, registry=registry
        )
        self._waiting = Gauge("yinju_waiting", "requests that wait for their turn", registry=registry)
        self._generation = Gauge("yinju_index_generation", "generation of the index that answers", registry=registry)

    def config(self) -> RunnableConfig:
        """What a chain is to be run with."""
        return {"callbacks": [*self._callbacks]} if self._callbacks else {}

    def requested(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        if self._registry:
            self._requests.labels(route, str(status)).observe(seconds)

    def answered(self, answer: Answer) -> None:
        """Count an answer, with the times of its stages."""
        if self._registry:
            self._answers.labels(answer.answerer, str(answer.refused).lower()).inc()
            for stage, milliseconds in answer.timings_ms.items():
                self._stages.labels(stage).observe(milliseconds / 1000)

    def exposition(self, waiting: int, index: IndexReader) -> tuple[bytes, str]:
        """Every figure as Prometheus reads it, and its media type. Raises NotInstalled without the extra."""
        if not self._registry:
            raise NotInstalled("there are no figures: run pip install 'yinju[telemetry]'", "没有安装 yinju[telemetry]")
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

        self._waiting.set(waiting)
        try:
            self._generation.set(index.current().manifest.generation)
        except RagError:
            self._generation.set(0)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class Spans(BaseCallbackHandler):
    """A span for the chain, for its search and for each call of an LLM, below the span of the request."""

    def __init__(self, tracer: "Tracer") -> None:
        self._tracer = tracer
        self._open: dict[UUID, Span] = {}

    def _begin(self, name: str, run_id: UUID, parent: UUID | None) -> None:
        from opentelemetry.trace import set_span_in_context

        above = self._open.get(parent) if parent else None
        context = set_span_in_context(above) if above else None
        self._open[run_id] = self._tracer.start_span(name, context)

    def _end(self, run_id: UUID, error: BaseException | None = None) -> None:
        from opentelemetry.trace import StatusCode

        if span := self._open.pop(run_id, None):
            if error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
            span.end()

    def on_chain_start(self, *_: Any, run_id: UUID, parent_run_id: UUID | None = None, **__: Any) -> None:
        """LangChain's callback."""
        self._begin("answer", run_id, parent_run_id)

    def on_retriever_start(self, *_: Any, run_id: UUID, parent_run_id: UUID | None = None, **__: Any) -> None:
        """LangChain's callback."""
        self._begin("retrieve", run_id, parent_run_id)

    def on_chat_model_start(self, *_: Any, run_id: UUID, parent_run_id: UUID | None = None, **__: Any) -> None:
        """LangChain's callback."""
        self._begin("llm", run_id, parent_run_id)

    def on_chain_end(self, *_: Any, run_id: UUID, **__: Any) -> None:
        """LangChain's callback."""
        self._end(run_id)

    def on_retriever_end(self, *_: Any, run_id: UUID, **__: Any) -> None:
        """LangChain's callback."""
        self._end(run_id)

    def on_llm_end(self, *_: Any, run_id: UUID, **__: Any) -> None:
        """LangChain's callback."""
        self._end(run_id)

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """LangChain's callback."""
        self._end(run_id, error)

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """LangChain's callback."""
        self._end(run_id, error)

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **_: Any) -> None:
        """LangChain's callback."""
        self._end(run_id, error)


def open_tracer() -> "Tracer | None":
    """A tracer to the collector that OpenTelemetry's own variables name; None without one, or without the extra."""
    names = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if not any(map(os.environ.get, names)) or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        return None
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "yinju")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.get_tracer("yinju")


def trace_requests(app: "FastAPI") -> None:
    """A span for every request to an app."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    FastAPIInstrumentor.instrument_app(app, excluded_urls=UNTRACED)
