# The page, the API and the ingest in one image; compose.yaml says which of them a container runs.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
COPY deploy/requirements.lock /tmp/
# The CPU wheels of torch are on PyTorch's own package index: --build-arg PIP_EXTRA_INDEX_URL=ADDRESS names it.
ARG PIP_EXTRA_INDEX_URL
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.lock
# The model is unpacked here, so that containers need no folder of their own for it.
WORKDIR /app
COPY rag rag
RUN XDG_CACHE_HOME=/opt/cache /opt/venv/bin/python -c "from rag.bundled import unpacked_model as unpack; [unpack(kind) for kind in ('bfloat16', 'float32')]"

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin yinju \
    && mkdir -p /data/corpus /data/index /data/state \
    && chown -R yinju:yinju /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/cache /opt/cache
WORKDIR /app
COPY LICENSE NOTICE README.md app.py server.py ./
COPY .streamlit .streamlit
COPY prompts prompts
COPY rag rag
COPY ingest ingest
COPY views views
COPY eval eval
COPY service service
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    HOME=/tmp XDG_CACHE_HOME=/opt/cache \
    YINJU_CORPUS=/data/corpus YINJU_INDEX=/data/index \
    YINJU_API_KEYS=/data/state/api-keys.json YINJU_HISTORY=/data/state/history.sqlite YINJU_LOG_JSON=1
USER yinju
VOLUME ["/data/corpus", "/data/index", "/data/state"]
EXPOSE 8501 8600
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-m", "service", "health"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "service", "serve", "--host", "0.0.0.0"]
