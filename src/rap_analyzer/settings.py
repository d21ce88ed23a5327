"""All settings, from the environment, `.env`, and `config.yaml` with ${VAR} in it; the environment wins."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from rap_analyzer.config_file import Found, is_blank, read_config
from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.suggestion import closest, did_you_mean

CONFIG_FILE, ENV_FILE = "config.yaml", ".env"
SLIP = 0.84
"""Similarity from which a variable is taken for a misspelt setting: one slip in 7 letters, two in 13."""
MEANT = {
    "int_parsing": "it must be a whole number",
    "int_from_float": "it must be a whole number",
    "int_type": "it must be a whole number",
    "float_parsing": "it must be a number",
    "float_type": "it must be a number",
    "bool_parsing": "it must be true or false",
    "bool_type": "it must be true or false",
}
"""What a value should be, by the kind of error that pydantic finds; its own words do for the others."""
ENABLED = ("algorithmic_basic", "emotion", "qwen", "hybrid")
"""Analyzers that run unless the configuration says otherwise; `qwen` is left out, and said to be, without a key."""


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

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        str_strip_whitespace=True,
    )

    environment: Literal["development", "production"] = Field(
        "development",
        validation_alias=AliasChoices("RAP_ENVIRONMENT", "environment"),
        description="`production` forbids the embedded server and the simulators.",
    )
    data_dir: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
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
        filled = (_FilledSource(settings_cls, source) for source in (env_settings, dotenv_settings))
        return init_settings, *filled, _FileSource(settings_cls)


class _FilledSource(PydanticBaseSettingsSource):
    """Another source without its blank values: `POSTGRES_HOST=` counts as not set, so that the next source is asked."""

    def __init__(self, settings_cls: type[BaseSettings], inner: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self._inner = inner

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self._inner.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        return {name: value for name, value in self._inner().items() if not is_blank(value)}


class _FileSource(PydanticBaseSettingsSource):
    """`config.yaml` of the working folder, or the file that RAP_CONFIG names."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {setting: found.value for setting, found in _config_file().items()}


def _config_file() -> dict[str, Found]:
    variables = {**_dotenv(), **os.environ}
    named = variables.get("RAP_CONFIG", "")
    path = Path(CONFIG_FILE if is_blank(named) else named).expanduser()
    if is_blank(named) and not path.exists():
        return {}
    return read_config(path, ENVIRONMENT_NAMES, variables)


def _dotenv() -> dict[str, str]:
    """What `.env` sets, by name in capitals."""
    read = DotEnvSettingsSource(Settings, env_file=ENV_FILE, env_file_encoding="utf-8", case_sensitive=False)
    return {name.upper(): value for name, value in read.env_vars.items() if value is not None}


def is_on_this_machine(url: str) -> bool:
    """Whether an address is one of this machine: a simulator's, never a real service's."""
    return re.match(r"https?://(127\.|localhost|\[::1\])", url) is not None


ENVIRONMENT_NAMES = {
    str(getattr(field.validation_alias, "choices", [field.validation_alias])[0]): name
    for name, field in Settings.model_fields.items()
    if field.validation_alias
}
"""The variable of each setting, with the name of its field."""


def misspelt_variables() -> list[str]:
    """A sentence for each variable of the environment or of `.env` that looks like a setting, and is none.

    Variables may belong to other programs, so one is told only if it is a slip or two away from a setting that is not
    set, or if it begins with RAP_.
    """
    sources = {"the environment": dict(os.environ), ENV_FILE: _dotenv()}
    given = {name.upper() for values in sources.values() for name, value in values.items() if not is_blank(value)}
    known = {*ENVIRONMENT_NAMES, "RAP_CONFIG"}
    told = []
    for source, values in sources.items():
        for name in sorted({name.upper() for name in values} - known):
            meant = closest(name, known - given, SLIP)
            if meant or name.startswith("RAP_"):
                hint = f"; did you mean {meant}?" if meant else " and does nothing."
                told.append(f"{source} has {name}, which is no setting{hint}")
    return told


def load_settings(**overrides: Any) -> Settings:
    """Settings from every source.

    Raises:
        ConfigError: a setting has a value that it cannot have; the message names it.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise ConfigError(_explained(error)) from error
    except SettingsError as error:
        raise ConfigError('ANALYZERS in the environment must be JSON, such as {"qwen": {"enabled": false}}.') from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{ENV_FILE} cannot be read: it is no text in UTF-8.") from error
    if settings.environment == "production":
        _check_production(settings)
    return settings


def _explained(error: ValidationError) -> str:
    """One sentence: which setting, where it stands, and what it should be."""
    first = error.errors()[0]
    setting, *inner = map(str, first["loc"])
    name, place = _origin(setting)
    name = ".".join([name, *inner])
    if first["type"] == "extra_forbidden":
        known = AnalyzerSettings.model_fields
        return f"unknown setting {name}" + (did_you_mean(inner[-1], known) or f"; there are {', '.join(known)}.")
    where = f"{name}{place}"
    field = Settings.model_fields.get(ENVIRONMENT_NAMES.get(setting, setting))
    is_secret = field is not None and "SecretStr" in str(field.annotation)
    given = "" if is_secret else f" (it is {first['input']!r})"
    if first["type"] == "string_type":
        return f"The setting {where} must be text: put it in quotes{given}."
    return f"The setting {where} is wrong: {MEANT.get(first['type'], first['msg'])}{given}."


def _origin(setting: str) -> tuple[str, str]:
    """What a setting is called where it was given, and the words for that place."""
    if any(name.upper() == setting and not is_blank(value) for name, value in os.environ.items()):
        return setting, ""
    if not is_blank(_dotenv().get(setting)):
        return setting, f" in {ENV_FILE}"
    found = _config_file().get(setting)
    return (found.where, " in the config file") if found else (setting, "")


def _check_production(settings: Settings) -> None:
    if settings.is_embedded:
        raise ConfigError("RAP_ENVIRONMENT is production, which needs a server: set POSTGRES_HOST.")
    if settings.simulates:
        raise ConfigError(
            "RAP_ENVIRONMENT is production, but a source's URL is on this machine: "
            "unset GENIUS_*_URL, SPOTIFY_*_URL and RECCOBEATS_API_URL."
        )
