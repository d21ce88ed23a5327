"""All settings, from the environment, `.env`, and `config.yaml` with ${VAR} in it; the environment wins."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from rap_analyzer.domain.errors import ConfigError

CONFIG_FILE = "config.yaml"
ENABLED = ("algorithmic_basic", "emotion", "qwen", "hybrid")
"""Analyzers that run unless the configuration says otherwise; `qwen` is left out, and said to be, without a key."""
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def _joined(value: Any) -> Any:
    """A YAML list of names as one text, as the environment gives it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value


Weight = Annotated[float, Field(ge=0)]


class AnalyzerSettings(BaseModel):
    """One analyzer's part of `config.yaml`.

    Attributes:
        enabled: whether it runs where none is named.
        weight: what it counts for in `hybrid`, beside the others' weights.
        model: id of its model, where it has one.
        rate_limit_rpm: most requests to its model in a minute, of all processes together.
        concurrency: most requests on the way at once.
        prompt_price: US dollars for a million tokens that the model reads.
        completion_price: US dollars for a million tokens that it writes.
        combine_weights: of `hybrid` only: what algorithmic_basic, the chat model and emotion count for.
    """

    model_config = ConfigDict(extra="forbid")

    enabled: bool = True
    weight: float = Field(default=1.0, ge=0)
    model: str | None = None
    rate_limit_rpm: int | None = Field(default=None, gt=0)
    concurrency: int | None = Field(default=None, gt=0, le=64)
    prompt_price: float = Field(default=0.0, ge=0)
    completion_price: float = Field(default=0.0, ge=0)
    combine_weights: tuple[Weight, Weight, Weight] | None = None


class Settings(BaseSettings):
    """Settings; each field's description is its entry in `docs/reference/settings.md`."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True)

    environment: Literal["development", "production"] = Field(
        "development",
        validation_alias=AliasChoices("RAP_ENVIRONMENT", "environment"),
        description="`production` forbids the embedded server and the simulators.",
    )
    data_dir: Path = Field(
        Path("data"), validation_alias="RAP_DATA_DIR", description="The embedded server, caches and model files."
    )

    postgres_host: str | None = Field(
        None, validation_alias="POSTGRES_HOST", description="PostgreSQL server; unset: the embedded one."
    )
    postgres_port: int = Field(5432, validation_alias="POSTGRES_PORT", description="Its port.")
    postgres_db: str = Field("rap_lyrics", validation_alias="POSTGRES_DB", description="Name of the database.")
    postgres_user: str = Field("rap_user", validation_alias="POSTGRES_USER", description="Role to connect as.")
    postgres_password: SecretStr = Field(
        SecretStr(""), validation_alias="POSTGRES_PASSWORD", description="That role's password."
    )
    postgres_direct_host: str | None = Field(
        None, validation_alias="POSTGRES_DIRECT_HOST", description="The server past a PgBouncer, for migrations."
    )
    postgres_replica_host: str | None = Field(
        None, validation_alias="POSTGRES_REPLICA_HOST", description="A replica for searches and pages."
    )
    max_connections: int = Field(
        20, gt=0, validation_alias="MAX_CONNECTIONS", description="Most connections to PostgreSQL of one process."
    )
    connection_timeout: float = Field(
        30.0, gt=0, validation_alias="CONNECTION_TIMEOUT", description="Seconds to wait for a connection."
    )

    redis_host: str | None = Field(
        None, validation_alias="REDIS_HOST", description="Redis server; unset: memory of the process."
    )
    redis_port: int = Field(6379, validation_alias="REDIS_PORT", description="Its port.")
    redis_db: int = Field(0, ge=0, validation_alias="REDIS_DB", description="Its database number.")
    redis_password: SecretStr = Field(
        SecretStr(""), validation_alias="REDIS_PASSWORD", description="Its password, where it wants one."
    )
    redis_ttl: int = Field(3600, gt=0, validation_alias="REDIS_TTL", description="Seconds that cached answers live.")

    prometheus_enabled: bool = Field(
        True, validation_alias="PROMETHEUS_ENABLED", description="Whether `/metrics` answers."
    )
    prometheus_port: int = Field(
        9090, validation_alias="PROMETHEUS_PORT", description="Port of the metrics of long-running commands."
    )

    genius_access_token: SecretStr | None = Field(
        None, validation_alias="GENIUS_ACCESS_TOKEN", description="Your Genius client access token."
    )
    genius_api_url: str = Field(
        "https://api.genius.com", validation_alias="GENIUS_API_URL", description="Root of the Genius API."
    )
    genius_web_url: str = Field(
        "https://genius.com", validation_alias="GENIUS_WEB_URL", description="Root of the song pages."
    )
    genius_rate: str = Field(
        "60/minute", validation_alias="GENIUS_RATE", description="Most requests to Genius, such as `60/minute`."
    )
    spotify_client_id: str | None = Field(
        None, validation_alias="SPOTIFY_CLIENT_ID", description="Your Spotify app's client id."
    )
    spotify_client_secret: SecretStr | None = Field(
        None, validation_alias="SPOTIFY_CLIENT_SECRET", description="Its secret."
    )
    spotify_api_url: str = Field(
        "https://api.spotify.com", validation_alias="SPOTIFY_API_URL", description="Root of the Spotify API."
    )
    spotify_accounts_url: str = Field(
        "https://accounts.spotify.com",
        validation_alias="SPOTIFY_ACCOUNTS_URL",
        description="Root of its token service.",
    )
    spotify_rate: str = Field(
        "90/minute", validation_alias="SPOTIFY_RATE", description="Most requests to Spotify, such as `90/minute`."
    )
    reccobeats_api_url: str = Field(
        "https://api.reccobeats.com", validation_alias="RECCOBEATS_API_URL", description="Root of the ReccoBeats API."
    )
    reccobeats_rate: str = Field(
        "60/minute",
        validation_alias="RECCOBEATS_RATE",
        description="Most requests to ReccoBeats, such as `60/minute`; each asks for up to 40 tracks.",
    )
    enrichment_sources: Annotated[str, BeforeValidator(_joined)] = Field(
        "spotify, reccobeats",
        validation_alias="ENRICHMENT_SOURCES",
        description="Metadata services in the order in which they are asked (`enrichment.sources` in config.yaml).",
    )
    novita_api_key: SecretStr | None = Field(
        None, validation_alias="NOVITA_API_KEY", description="Key for the `qwen` analyzer, from novita.ai."
    )
    novita_api_url: str = Field(
        "https://api.novita.ai/openai/v1",
        validation_alias="NOVITA_API_URL",
        description="Where `qwen` is asked: any server of OpenAI's shape, up to and with `/v1`.",
    )
    ollama_url: str = Field(
        "http://127.0.0.1:11434", validation_alias="OLLAMA_URL", description="Your Ollama, for the `ollama` analyzer."
    )

    analysis_batch_size: int = Field(
        100, gt=0, le=10_000, validation_alias="ANALYSIS_BATCH_SIZE", description="Tracks saved at a time."
    )
    batch_queue_limit: int = Field(
        100_000, ge=10_000, validation_alias="BATCH_QUEUE_LIMIT",
        description="Analyses of texts from `POST /batch` that may wait at once; beyond that it answers 503.",
    )  # fmt: skip
    memory_limit_mb: int = Field(
        6144, gt=0, validation_alias="MEMORY_LIMIT_MB", description="Memory that a process should stay under."
    )
    grafana_admin_password: SecretStr | None = Field(
        None, validation_alias="GRAFANA_ADMIN_PASSWORD", description="For the Grafana of docker-compose."
    )
    embedding_precision: Literal["fp32", "int8"] = Field(
        "fp32",
        validation_alias="EMBEDDING_PRECISION",
        description="Arithmetic of the embedding model: `fp32`, or `int8` for a graph a third smaller.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", validation_alias="LOG_LEVEL", description="How much is logged to standard error."
    )
    analyzers: dict[str, AnalyzerSettings] = Field(
        default_factory=lambda: {name: AnalyzerSettings() for name in ENABLED},
        description="Which analyzers run, their weights, models and rates (`analyzers` in config.yaml).",
    )

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded PostgreSQL serves."""
        return self.postgres_host is None

    @property
    def simulates(self) -> bool:
        """Whether a source's address is one on this machine: a simulator, never the real service."""
        urls = (self.genius_api_url, self.genius_web_url, self.spotify_api_url, self.spotify_accounts_url)
        return any(is_on_this_machine(url) for url in (*urls, self.reccobeats_api_url))

    @property
    def enrichment_order(self) -> tuple[str, ...]:
        """Names of the metadata services, each once, the first to be asked first."""
        named = (name.strip().lower() for name in self.enrichment_sources.split(","))
        return tuple(dict.fromkeys(name for name in named if name))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over `.env`, which wins over config.yaml."""
        del file_secret_settings
        return init_settings, env_settings, dotenv_settings, _YamlSource(settings_cls)


class _YamlSource(PydanticBaseSettingsSource):
    """`config.yaml` of the working folder, flattened to the names of the fields."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        path = Path(os.environ.get("RAP_CONFIG", CONFIG_FILE))
        if not path.exists():
            return {}
        try:
            content = yaml.safe_load(expand_variables(path.read_text("utf8"))) or {}
        except yaml.YAMLError as error:
            raise ConfigError(f"{path} cannot be read as YAML ({_place(error)}).") from error
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: it is no text in UTF-8, or not yours to read.") from error
        if not isinstance(content, dict):
            raise ConfigError(f"{path} must hold sections such as `database:`, not {type(content).__name__}.")
        return _flatten(content)


def is_on_this_machine(url: str) -> bool:
    """Whether an address is one of this machine: a simulator's, never a real service's."""
    return re.match(r"https?://(127\.|localhost|\[::1\])", url) is not None


def _place(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def expand_variables(text: str) -> str:
    """Puts the environment's values in place of ${VAR} and ${VAR:-default}; an unset one without default is empty."""
    return VARIABLE.sub(lambda m: os.environ.get(m[1], m[2] or ""), text)


SECTIONS = {"app": "", "database": "POSTGRES_", "redis": "REDIS_", "monitoring": "", "enrichment": "ENRICHMENT_"}
ALIASES = {"POSTGRES_NAME": "POSTGRES_DB", "POSTGRES_MAX_CONNECTIONS": "MAX_CONNECTIONS"}


def _flatten(content: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    unknown = set(content) - set(SECTIONS) - {"analyzers"}
    if unknown:
        known = ", ".join([*SECTIONS, "analyzers"])
        raise ConfigError(f"config.yaml has a section {min(unknown)!r}; the sections are {known}.")
    wrong = [name for name, part in content.items() if part is not None and not isinstance(part, dict)]
    if wrong:
        raise ConfigError(f"config.yaml: {wrong[0]} must hold settings, one `name: value` a line below it.")
    for section, prefix in SECTIONS.items():
        for name, value in (content.get(section) or {}).items():
            if value in (None, ""):
                continue
            key = f"{prefix}{name.upper()}"
            flat[ALIASES.get(key, "environment" if key == "ENVIRONMENT" else key)] = value
    analyzers = content.get("analyzers") or {}
    if analyzers:
        flat["analyzers"] = {k: v for k, v in analyzers.items() if isinstance(v, dict)}
    return flat


def load_settings(**overrides: Any) -> Settings:
    """Settings from every source.

    Raises:
        ConfigError: a setting has a value that it cannot have; the message names it.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"The setting {name} is wrong: {first['msg']} (it is {first['input']!r}).") from error
    if settings.environment == "production":
        _check_production(settings)
    return settings


def _check_production(settings: Settings) -> None:
    if settings.is_embedded:
        raise ConfigError("RAP_ENVIRONMENT is production, which needs a server: set POSTGRES_HOST.")
    if settings.simulates:
        raise ConfigError(
            "RAP_ENVIRONMENT is production, but a source's URL is on this machine: "
            "unset GENIUS_*_URL, SPOTIFY_*_URL and RECCOBEATS_API_URL."
        )
