"""python -m service: run the API (and the page), ask for its health, manage its keys."""

import argparse
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import RagError, exit_code
from rag.settings import Settings, load_settings

APP = Path(__file__).parents[1] / "server.py"
HOST, PORT, PAGE_PORT = "127.0.0.1", 8600, 8501
EPILOG = "退出码：0 正常；1 不健康，或启动不了；2 参数或设置不对"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m service", description="给团队用的 HTTP API（见 docs/api.md）。", epilog=EPILOG
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    serve = commands.add_parser("serve", help="启动 API；加 --page 同时启动网页")
    serve.add_argument("--host", default=HOST, help=f"监听的地址（默认 {HOST}；其他地址必须先有密钥）")
    serve.add_argument("--port", type=int, default=PORT, help=f"端口（默认 {PORT}）")
    serve.add_argument("--page", action="store_true", help="同时启动网页")
    serve.add_argument("--page-port", type=int, default=PAGE_PORT, help=f"网页的端口（默认 {PAGE_PORT}）")
    serve.add_argument("--index", type=Path, metavar="DIR", help="索引文件夹（默认 YINJU_INDEX，即 .index）")
    health = commands.add_parser("health", help="问正在运行的服务是否健康")
    health.add_argument("--url", default=f"http://{HOST}:{PORT}", help="服务的地址；没有路径时问它的 /healthz")
    keys = commands.add_parser("keys", help="API 密钥：add 名字、list、remove 名字")
    keys.add_argument("action", choices=("add", "list", "remove"))
    keys.add_argument("name", nargs="?", help="密钥的名字，如 alice")
    options = parser.parse_args(arguments)
    if options.command == "keys" and (options.action == "list") != (options.name is None):
        parser.error("add 和 remove 要写名字，list 不写")
    run: dict[str, Callable[[argparse.Namespace], int]] = {"serve": serve_api, "health": ask_health, "keys": edit_keys}
    try:
        return run[options.command](options)
    except RagError as error:
        print(f"错误：{error.chinese}", file=sys.stderr)
        return exit_code(error)


def serve_api(options: argparse.Namespace) -> int:
    """Serve until a signal to stop; answers that have begun are finished first."""
    import uvicorn

    from rag.chain import AnswerChain
    from rag.logs import log_json
    from service.access import is_loopback
    from service.api import create_app
    from service.telemetry import Telemetry, open_tracer, trace_requests

    settings = load_settings(index=options.index)
    log_json(settings)
    tracer = open_tracer()
    app = create_app(AnswerChain(settings), open_=is_loopback(options.host), telemetry=Telemetry(tracer))
    if tracer:
        trace_requests(app)
    config = uvicorn.Config(
        app,
        options.host,
        options.port,
        log_config=None,
        access_log=False,
        server_header=False,
        # Else whoever asks from this machine could call itself another address at each request.
        proxy_headers="FORWARDED_ALLOW_IPS" in os.environ,
        timeout_graceful_shutdown=int(settings.llm_timeout) + 10,
    )
    server = uvicorn.Server(config)
    # uvicorn stops well at a signal and then raises it again: leave through the block below, which ends the page.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with suppress(KeyboardInterrupt), page(options, settings):
        server.run()
    return 0 if server.started else 1


@contextmanager
def page(options: argparse.Namespace, settings: Settings) -> Iterator[None]:
    """The page beside the API, if it is wanted, ended when the block is left."""
    if not options.page:
        yield
        return
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.headless", "true"]
    address = ["--server.address", options.host, "--server.port", str(options.page_port)]
    environment = {**os.environ, "YINJU_INDEX": str(settings.index), "YINJU_LOG_JSON": "1"}
    with subprocess.Popen([*command, *address], env=environment) as process:
        try:
            yield
        finally:
            process.terminate()


def ask_health(options: argparse.Namespace) -> int:
    """Print what a health check says; exit code 1 unless it says that all is well enough to answer."""
    path = urllib.parse.urlsplit(options.url).path.strip("/")
    url = options.url if path else options.url.rstrip("/") + "/healthz"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            print(response.read().decode())
            return 0
    except urllib.error.HTTPError as error:
        print(error.read().decode())
    except (OSError, ValueError) as error:
        print(f"{url} 没有回应（{error}）：请先运行 python -m service serve", file=sys.stderr)
    return 1


def edit_keys(options: argparse.Namespace) -> int:
    """Add, list or remove keys; a new one is printed once and kept only as its hash."""
    from service.keys import add_key, read_keys, remove_key

    path = load_settings().api_keys
    if options.action == "add":
        print(add_key(path, options.name))
        print("请现在就保存：这里只留下它的哈希，以后再也看不到。", file=sys.stderr)
    elif options.action == "remove":
        remove_key(path, options.name)
        print(f"已移除 {options.name} 的密钥。")
    else:
        for key in read_keys(path).values():
            print(json.dumps({"name": key.name, "created": key.created}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
