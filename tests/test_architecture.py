"""What holds for the project as a whole: imports flow one way, and README names every setting and command."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from eval.__main__ import COMMANDS
from eval.__main__ import main as eval_main
from rag.errors import SettingsError
from rag.settings import Settings, _warn_of_misspelt, load_settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ORDER = """
surnames voices article question passage search types errors locks durable seal settings logs
text courtesy names negation opposites scope memory bundled adapter cores int8 graph embed reader_model reader fusion
lexical library_file library_terms library_copies library cache
vectors store embedded milvus backend index writer retrieve diversity explain rerank reading mentions words
rivals exchange given
rewrite aliases pinyin latin misquoted romanized spelling numerals dates written understand origins about projection
told_of quantity tables features named offices hanging alternatives timeline measure sections subjects missing
emphasis clauses enumeration overview choose others disagreement extract refuse asked drafts claims ground prompt reply
generate complete rewrite_llm parts
chain export verify record history_tables history history_copy difference feedback suggest terminal __main__
"""
FLOW = ORDER.split()


@cache
def imports_of(path: Path) -> frozenset[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return frozenset(plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module})


def test_rag_imports_nothing_that_is_built_on_it() -> None:
    for path in (ROOT / "rag").glob("*.py"):
        built_on_it = {"ingest", "eval", "views", "app", "bench", "service"}
        assert not {name.split(".")[0] for name in imports_of(path)} & built_on_it, path


def test_inside_rag_a_file_imports_only_files_earlier_in_the_flow() -> None:
    names = {path.stem for path in (ROOT / "rag").glob("*.py")} - {"__init__"}
    assert names == set(FLOW)
    for name in names:
        used = {module.split(".")[1] for module in imports_of(ROOT / f"rag/{name}.py") if module.startswith("rag.")}
        assert used <= set(FLOW[: FLOW.index(name)]), (name, used)


def test_a_server_and_a_page_import_nothing_that_is_for_a_terminal() -> None:
    for path in [*(ROOT / "service").glob("*.py"), *(ROOT / "views").glob("*.py"), ROOT / "app.py"]:
        assert not {"ingest.commands", "ingest.explain", "ingest.upkeep"} & imports_of(path), path


@pytest.mark.parametrize(
    ("library", "only"),
    [
        ("sqlite3", ["rag/cache.py", "rag/library_file.py"]),
        ("chromadb", ["rag/vectors.py"]),
        ("pymilvus", ["rag/milvus.py"]),
    ],
)
def test_each_store_is_known_to_few_files(library: str, only: list[str]) -> None:
    folders = ("rag", "ingest", "eval", "views", "service")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    files += [ROOT / "app.py", ROOT / "server.py"]
    users = [path for path in sorted(files) if library in {name.split(".")[0] for name in imports_of(path)}]
    assert [path.relative_to(ROOT).as_posix() for path in users] == only


@pytest.mark.parametrize("name", Settings.model_fields)
def test_readme_names_every_setting(name: str) -> None:
    assert f"`YINJU_{name.upper()}`" in README


@pytest.mark.parametrize(
    "command",
    [
        "make chat",
        "make test",
        "make serve",
        'python -m rag "',
        "python -m rag verify",
        "python -m ingest [",
        "python -m ingest watch",
        "python -m eval run",
        "python -m eval gate",
        "python -m service keys",
    ],
)
def test_readme_names_every_command(command: str) -> None:
    assert command in README


@pytest.mark.parametrize("command", ["rag", "ingest", "eval", "bench", "service"])
def test_every_command_has_a_help_text(command: str) -> None:
    line = [sys.executable, "-m", command, "--help"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"python -m {command}" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_eval_has_a_help_text(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        eval_main([command, "--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert f"python -m eval {command}" in told and "exit codes: 0 " in told
    assert "2 wrong arguments" in " ".join(told.split())


def test_the_commands_of_eval_are_listed_without_loading_any() -> None:
    line = [sys.executable, "-X", "importtime", "-m", "eval", "--help"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(f"  {command} " in done.stdout for command in COMMANDS)
    assert not re.search(r"\b(rag|torch|langchain|numpy|eval\.)", done.stderr)


@pytest.mark.parametrize(
    ("name", "value", "english", "chinese"),
    [
        ("YINJU_CHUNK_TOKENS", "9", "Input should be greater", "最小是 32"),
        ("YINJU_PASSAGES", "99", "Input should be less", "最大是 50"),
        ("YINJU_READER_SECONDS", "0", "Input should be greater", "要大于 0"),
        ("YINJU_PASSAGES", "many", "Input should be a valid integer", "要写成整数"),
        ("YINJU_READER", "maybe", "Input should be a valid boolean", "要写成 true 或 false"),
        ("YINJU_LLM_UNVERIFIED", "keep", "Input should be 'drop'", "只能是 'drop'"),
        ("YINJU_MILVUS_ALIAS", "引据", "String should match", "只能有字母、数字和下划线"),
        ("YINJU_READER_PASSWORD", "short", "it has fewer than 12 characters", "至少要有 12 个字符"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_wrong_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, english: str, chinese: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"the setting {name} is not usable: {english}") as raised:
        load_settings()
    assert raised.value.chinese.startswith(f"设置 {name} 的值不能用（{chinese}")


@pytest.mark.parametrize("name", ["YINJU_CORPSE", "OPENAI_API_KEY"])
def test_what_is_no_setting_in_the_env_file_is_refused_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / ".env").write_text(f"{name}=x\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=f"^.env holds {name}, which is no setting"):
        load_settings()


def test_a_misspelt_variable_is_warned_of_once_with_the_setting_that_is_meant(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("YINJU_CORPSE", "yinju_log_jsno", "YINJU_X", "yinju_corpus", "YINJU_TEST_LLM", "YINJU_SERVICE_PORT"):
        monkeypatch.setenv(name, ".")
    _warn_of_misspelt.cache_clear()
    for _ in range(2):
        load_settings()
    assert sorted(caplog.messages) == [
        "YINJU_CORPSE is no setting and changes nothing: is YINJU_CORPUS meant?",
        "YINJU_X is no setting and changes nothing",
        "yinju_log_jsno is no setting and changes nothing: is YINJU_LOG_JSON meant?",
    ]


def test_an_env_file_in_another_encoding_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# 设置\n", encoding="gbk")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"\.env is not UTF-8"):
        load_settings()


def test_the_readme_has_the_range_of_every_setting() -> None:
    rows = README.splitlines()
    for name, field in Settings.model_fields.items():
        least = max((bound.ge for bound in field.metadata if hasattr(bound, "ge")), default=0)
        most = min((bound.le for bound in field.metadata if hasattr(bound, "le")), default=1)
        wanted = f"{least} to {most}" if most > 1 else f"at least {least}" if least > 1 else ""
        assert any(f"`YINJU_{name.upper()}`" in row and wanted in row for row in rows), name


def test_the_key_of_the_llm_is_never_shown() -> None:
    settings = Settings.model_validate({"llm_api_key": "s3cret"})
    assert "s3cret" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"


def test_the_corpus_is_committed_with_its_bytes_unchanged() -> None:
    ours = {"SOURCES.md", "aliases.toml"}
    sizes = {path.name: path.stat().st_size for path in (ROOT / "corpus").iterdir() if path.name not in ours}
    assert sorted(sizes.values()) == [10562, 11062, 12824, 17425, 18974]
