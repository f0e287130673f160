"""Every setting of the product, read from the environment (`YINJU_*`) and from `.env`."""

import logging
import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError

log = logging.getLogger("yinju")
PREFIX = "YINJU_"
BUNDLED_MODEL = "multilingual-e5-small"
CHUNK_TOKENS = 800  # the tables of docs/retrieval.md
SHORTEST_PASSWORD = 12  # code points: more than anyone can try over a network
_OTHERS = re.compile("TEST_|(?:PORT|SERVICE)(?:_|$)")  # of our tests; set by Kubernetes for a service named yinju
_WRONG = {  # what pydantic and the checks below say in English, by its type
    "int_parsing": "要写成整数",
    "float_parsing": "要写成数字",
    "bool_parsing": "要写成 true 或 false",
    "literal_error": "只能是 {expected}",
    "greater_than": "要大于 {gt:g}",
    "greater_than_equal": "最小是 {ge:g}",
    "less_than_equal": "最大是 {le:g}",
    "string_pattern_mismatch": "只能有字母、数字和下划线，不能以数字开头，最多 64 个字符",
    "short_password": "至少要有 {least} 个字符",
    "same_password": "和读者的密码相同",
    "two_logins": "已经设了密码：两种登录方式只能选一种",
}


class Settings(BaseSettings):
    """One field per setting; the environment variable is the field's name after `YINJU_`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="forbid", frozen=True
    )

    corpus: Path = Field(Path("corpus"), description="folder of the articles")
    index: Path = Field(Path(".index"), description="folder of the index")
    runs: Path = Field(Path("eval/runs"), description="folder of the evaluation runs that the page shows")
    history: str = Field(
        ".history/history.sqlite", description="where conversations are kept: a path, or a database URL of SQLAlchemy"
    )
    milvus_uri: str = Field("", description="address of a Milvus to search with; empty means Chroma, embedded")
    milvus_token: SecretStr = Field(SecretStr(""), description="user:password or token of Milvus; never logged")
    milvus_alias: str = Field(
        "yinju", pattern="^[A-Za-z_][A-Za-z0-9_]{0,63}$", description="alias of the published collection in Milvus"
    )
    allow_urls: bool = Field(False, description="whether python -m ingest add may fetch web addresses")
    embedding_model: str = Field(
        BUNDLED_MODEL,
        description="embedding model: the bundled one, a sentence-transformers name, or a folder",
    )
    chunk_tokens: int = Field(
        CHUNK_TOKENS, ge=32, le=4000, description="largest chunk, in tokens of the embedding model"
    )
    candidates: int = Field(50, ge=1, description="chunks that each index hands to the fusion")
    dense_weight: float = Field(
        0.6, ge=0, le=1, description="weight of the dense score in the fusion, 0 to 1; the rest is lexical"
    )
    passages: int = Field(8, ge=1, le=50, description="passages retrieved for a question")
    prefer_newer: bool = Field(
        False, description="whether of passages that fit nearly as well those of newer articles come first, always"
    )
    reranker: str = Field(
        "", description="second stage: a sentence-transformers cross-encoder by name or folder; empty means none"
    )
    rerank_candidates: int = Field(20, ge=1, le=200, description="passages that the second stage reads")
    rerank_seconds: float = Field(
        2.0, gt=0, description="seconds for the second stage, after which the first stage's order stands"
    )
    reader: bool = Field(
        True, description="whether the trained reader reads the first passages; it needs the bundled embedding model"
    )
    read_passages: int = Field(5, ge=1, le=50, description="passages that the reader reads")
    reader_seconds: float = Field(
        3.0, gt=0, description="seconds for the reader, after which passages that are not read keep their order behind"
    )
    read_at_once: int = Field(
        2, ge=0, description="questions asked at once up to which passages are read; beyond, all are answered sooner"
    )
    question_limit: int = Field(1000, ge=1, description="longest question that is read, in code points")
    refusal_threshold: float = Field(
        0.08, ge=0, le=1, description="below this probability that the articles hold the topic, a question is refused"
    )
    unsaid_threshold: float = Field(
        0.5, ge=0, le=1, description="below this probability that what was read says what is asked, it is refused"
    )
    sure_threshold: float = Field(
        0.95,
        ge=0,
        le=1,
        description="below this probability of the same an answer says that it may not be one; from it on no more is "
        "read for a question for one thing",
    )
    declined_threshold: float = Field(
        0.8,
        ge=0,
        le=1,
        description="from this probability of the same on an LLM that finds no answer is not believed",
    )
    llm: str = Field("", description="LLM as provider:model, such as openai:deepseek-chat; empty means extractive")
    llm_base_url: str = Field("", description="base URL of an OpenAI-compatible API, ending in /v1")
    llm_api_key: SecretStr = Field(SecretStr(""), description="API key of the LLM; never logged")
    llm_timeout: float = Field(60, gt=0, description="seconds to wait for the LLM's next words before falling back")
    llm_rewrite_seconds: float = Field(
        10, gt=0, description="seconds for the LLM to complete a follow-up question, after which the rules do it"
    )
    llm_prompt_tokens: int = Field(3000, ge=200, description="budget of one prompt, in cl100k tokens")
    llm_history_tokens: int = Field(
        400, ge=0, description="of that prompt, at most these tokens for the conversation before; the oldest turns go"
    )
    llm_unverified: Literal["drop", "mark", "repair"] = Field(
        "drop", description="an LLM's sentence without support: drop it, mark it, or repair it with the article's own"
    )
    llm_answer_tokens: int = Field(600, ge=16, description="longest reply of the LLM, in its own tokens")
    api_keys: Path = Field(Path(".api-keys.json"), description="file of the hashed keys of the API")
    api_rate: int = Field(120, ge=1, description="requests that a user of the API may make in a minute")
    api_workers: int = Field(
        0, ge=0, le=64, description="questions that the API answers at a time; 0 is one for each core, 8 with an LLM"
    )
    api_queue: int = Field(100, ge=0, description="requests that wait for their turn, after which the API is busy")
    log_json: bool = Field(False, description="whether the page logs JSON lines; the API always does")
    log_questions: bool = Field(False, description="whether the log holds the words of questions")
    reader_password: SecretStr = Field(SecretStr(""), description="shared password of who may ask on the page")
    editor_password: SecretStr = Field(SecretStr(""), description="shared password of who may upload and index too")
    readers: str = Field(
        "", description="accounts that may ask: verified e-mail addresses, @domains, subjects, with commas; * means all"
    )
    editors: str = Field("", description="accounts that may upload and index too, listed in the same way")

    @field_validator("reader_password", "editor_password")
    @classmethod
    def _is_long(cls, password: SecretStr) -> SecretStr:
        if 0 < len(password) < SHORTEST_PASSWORD:
            raise PydanticCustomError(
                "short_password", "it has fewer than {least} characters", {"least": SHORTEST_PASSWORD}
            )
        return password

    @field_validator("editor_password")
    @classmethod
    def _is_another(cls, password: SecretStr, info: ValidationInfo) -> SecretStr:
        if password and password == info.data.get("reader_password"):
            raise PydanticCustomError("same_password", "it is the password of the readers too")
        return password

    @field_validator("readers", "editors")
    @classmethod
    def _is_the_only_login(cls, accounts: str, info: ValidationInfo) -> str:
        if accounts and (info.data.get("reader_password") or info.data.get("editor_password")):
            raise PydanticCustomError("two_logins", "passwords are set too: choose one way to log in")
        return accounts

    @property
    def login(self) -> Literal["", "passwords", "accounts"]:
        """How one logs in at the page; "" means that everybody may do everything."""
        if self.reader_password or self.editor_password:
            return "passwords"
        return "accounts" if self.readers or self.editors else ""


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, `.env` and the given overrides (None means: not overridden).

    Raises SettingsError naming the first wrong variable.
    """
    _warn_of_misspelt()
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic validates the values
    except UnicodeDecodeError as error:
        raise SettingsError(".env is not UTF-8: save it as UTF-8", ".env 不是 UTF-8 编码：请另存为 UTF-8") from error
    except ValidationError as error:
        raise _settings_error(error.errors()[0]) from error


def misspelt(variables: Iterable[str]) -> dict[str, str]:
    """Those that look like a setting and are none, each with the setting that is meant; "" where none is near."""
    known = [name.upper() for name in Settings.model_fields]
    given = {name: name.upper().removeprefix(PREFIX) for name in variables if name.upper().startswith(PREFIX)}
    others = {name: bare for name, bare in given.items() if bare not in known and not _OTHERS.match(bare)}
    near = {name: get_close_matches(bare, known, 1) for name, bare in others.items()}
    return {name: PREFIX + found[0] if found else "" for name, found in near.items()}


@cache
def _warn_of_misspelt() -> None:
    """Once in a process: a variable that nothing reads would be ignored without a word."""
    for name, meant in misspelt(os.environ).items():
        log.warning("%s is no setting and changes nothing%s", name, f": is {meant} meant?" if meant else "")


def _settings_error(wrong: Mapping[str, Any]) -> SettingsError:
    """The error of one that pydantic found. A name that stands in `.env` and is no setting is given as it stands."""
    name = "_".join(map(str, wrong["loc"])).upper()
    if wrong["type"] == "extra_forbidden":
        return SettingsError(
            f".env holds {name}, which is no setting: correct its name by the table in README.md, or set it elsewhere",
            f".env 里的 {name} 不是设置：名字请对照 README.md 里的设置表；其他变量请写在别处",
        )
    name, told = f"{PREFIX}{name}", _WRONG.get(wrong["type"], wrong["msg"]).format(**wrong.get("ctx", {}))
    return SettingsError(
        f"the setting {name} is not usable: {wrong['msg']}; see the table in README.md",
        f"设置 {name} 的值不能用（{told}）：请对照 README.md 里的设置表改正",
    )
