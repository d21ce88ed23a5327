"""Where settings come from, and what is refused."""

from pathlib import Path

import pytest

from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.settings import expand_variables, load_settings


def test_nothing_set_means_embedded_and_memory() -> None:
    """The defaults need no server."""
    settings = load_settings()
    assert settings.is_embedded
    assert settings.redis_host is None
    assert not settings.simulates


def test_the_environment_wins_over_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment, then .env, then config.yaml."""
    Path("config.yaml").write_text("database: {host: from-yaml, port: 5433, max_connections: 7}\nredis: {host: r}\n")
    Path(".env").write_text("POSTGRES_HOST=from-dotenv\n")
    assert (load_settings().postgres_host, load_settings().postgres_port) == ("from-dotenv", 5433)
    assert load_settings().max_connections == 7
    monkeypatch.setenv("POSTGRES_HOST", "from-env")
    assert load_settings().postgres_host == "from-env"


def test_variables_in_the_yaml_are_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    """${VAR}, ${VAR:-default}, and nothing for one that is not set."""
    monkeypatch.setenv("WHO", "ann")
    assert expand_variables("${WHO} ${NOBODY_AT_ALL} ${NOBODY_AT_ALL:-bea}") == "ann  bea"


@pytest.mark.parametrize(
    ("name", "value"),
    [("POSTGRES_PORT", "x"), ("MAX_CONNECTIONS", "0"), ("LOG_LEVEL", "loud"), ("ANALYSIS_BATCH_SIZE", "-1")],
)
def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The sentence has the setting and its value."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=rf"{name}.*{value}"):
        load_settings()


def test_production_needs_a_server_and_no_simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod with a missing setting fails instead of serving an empty corpus."""
    monkeypatch.setenv("RAP_ENVIRONMENT", "production")
    with pytest.raises(ConfigError, match="set POSTGRES_HOST"):
        load_settings()
    monkeypatch.setenv("POSTGRES_HOST", "db")
    monkeypatch.setenv("GENIUS_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ConfigError, match="on this machine"):
        load_settings()


def test_secrets_are_not_shown() -> None:
    """Printing the settings shows no token."""
    settings = load_settings(genius_access_token="sesame-open", postgres_password="hush-hush")
    assert "sesame" not in repr(settings)
    assert "hush" not in repr(settings)


def test_an_unknown_section_of_the_yaml_is_refused() -> None:
    """A typo does not pass in silence."""
    Path("config.yaml").write_text("databse: {host: x}\n")
    with pytest.raises(ConfigError, match="databse"):
        load_settings()


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ("enrichment: {sources: [reccobeats, spotify]}", ("reccobeats", "spotify")),
        ("enrichment: {sources: ' Spotify , spotify,'}", ("spotify",)),
        ("enrichment: {sources: []}", ()),
        ("enrichment:", ("spotify", "reccobeats")),
    ],
)
def test_the_order_of_metadata_services_is_a_list_or_a_line(written: str, order: tuple[str, ...]) -> None:
    """In the yaml either, in the environment names and commas; each service once."""
    Path("config.yaml").write_text(written)
    assert load_settings().enrichment_order == order
