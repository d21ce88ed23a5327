"""Where settings come from, and what is refused."""

from pathlib import Path

import pytest

from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.settings import ENVIRONMENT_NAMES, load_settings, misspelt_variables


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
    """${VAR} from the environment or `.env`, and ${VAR:-default} where it is not set or empty."""
    monkeypatch.setenv("WHO", "ann")
    monkeypatch.setenv("BLANK", "")
    Path(".env").write_text("WHERE=here\n")
    Path("config.yaml").write_text(
        "database: {user: '${WHO}-${NOBODY_AT_ALL:-bea}-${BLANK:-cat}', host: ${WHERE}, name: ${NOBODY_AT_ALL}}\n"
        "enrichment: {sources: ['${FIRST:-reccobeats}', spotify]}\n"
    )
    settings = load_settings()
    assert (settings.postgres_user, settings.postgres_host) == ("ann-bea-cat", "here")
    assert settings.postgres_db == "rap_lyrics"
    assert settings.enrichment_order == ("reccobeats", "spotify")


@pytest.mark.parametrize("password", ["a: b #c", "12345", "'", '"x', "yes", "[", "${x}", "\\", "*a", "tab\there"])
def test_a_variable_is_filled_in_as_it_is(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """What stands in a password is neither YAML, nor a number, nor another variable."""
    monkeypatch.setenv("PW", password)
    for written in (
        "database:\n  password: ${PW}\n",
        "database: {password: ${PW}}\n",
        'database: {password: "${PW}"}\n',
    ):
        Path("config.yaml").write_text(written)
        assert load_settings().postgres_password.get_secret_value() == password


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("app: {ollama_url: 'http://${NOBODY_AT_ALL}:1'}", "NOBODY_AT_ALL is not set"),
        ("enrichment: {sources: ['x${NOBODY_AT_ALL}']}", "NOBODY_AT_ALL is not set"),
        ("database: {host: '${POSTGRES-HOST}'}", "neither"),
        ("database: {host: '${}'}", "neither"),
    ],
)
def test_a_part_of_a_value_that_is_missing_is_told(written: str, told: str) -> None:
    """As the whole value a variable may be unset; a value with a hole would be wrong without a word."""
    Path("config.yaml").write_text(written)
    with pytest.raises(ConfigError, match=told):
        load_settings()


@pytest.mark.parametrize("blank", ["", " ", "\t "])
@pytest.mark.parametrize("name", sorted(ENVIRONMENT_NAMES))
def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, name: str, blank: str) -> None:
    """Of every setting: the environment's gives way to `.env`, an empty one there to the file and the default."""
    default = load_settings().model_dump()
    monkeypatch.setenv(name, blank)
    assert load_settings().model_dump() == default
    Path(".env").write_text("POSTGRES_HOST=from-dotenv\nMAX_CONNECTIONS='  '\n")
    Path("config.yaml").write_text("database: {max_connections: 7, host: x}\nredis: {host: ' '}\n")
    settings = load_settings()
    assert (settings.postgres_host, settings.max_connections, settings.redis_host) == ("from-dotenv", 7, None)


def test_an_empty_file_name_and_the_blanks_around_a_value_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """`RAP_CONFIG=` is config.yaml; a host that was pasted with a space is that host; `~` is the home folder."""
    Path("config.yaml").write_text("database: {host: ' db '}")
    monkeypatch.setenv("RAP_CONFIG", " ")
    monkeypatch.setenv("RAP_DATA_DIR", "~/rap")
    assert load_settings().postgres_host == "db"
    assert load_settings().data_dir == Path.home() / "rap"


def test_a_config_file_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """RAP_CONFIG names a file on purpose, also in `.env`; config.yaml need not be there."""
    Path(".env").write_text("RAP_CONFIG=other.yaml\n")
    with pytest.raises(ConfigError, match=r"RAP_CONFIG names other.yaml, and there is no such file"):
        load_settings()
    Path("other.yaml").write_text("database: {host: other}")
    assert load_settings().postgres_host == "other"
    monkeypatch.setenv("RAP_CONFIG", str(Path.cwd()))
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("app: {log_levl: debug}", r"unknown setting app.log_levl; did you mean log_level\?"),
        ("app: {log-level: debug}", r"unknown setting app.log-level; did you mean log_level\?"),
        ("database: {pasword: x}", r"unknown setting database.pasword; did you mean password\?"),
        ("database: {nothing_like_it: x}", "unknown setting database.nothing_like_it; docs"),
        ("database: {1: x}", "unknown setting database.1"),
        ("databse: {host: x}", r"unknown section 'databse'; did you mean database\?"),
        ("qqqq: {host: x}", "unknown section 'qqqq'; the sections are app, database"),
        ("yes: {host: x}", "unknown section True"),
        ("analyzers: {qwen: {rate_limit: 3}}", r"analyzers.qwen.rate_limit; did you mean rate_limit_rpm\?"),
        ("analyzers: {qwen: {zzzzzz: 3}}", "analyzers.qwen.zzzzzz; there are enabled"),
        ("analyzers: {qwen: true}", "analyzers.qwen must hold settings such as"),
        ("database: {name: a, db: b}", "database.name and database.db are the same setting"),
        ("app: {redis_host: a}\nredis: {host: b}", "app.redis_host and redis.host are the same"),
        ("app:\n  log_level: info\n  log_level: debug", "line 3: log_level stands twice"),
        ("redis: {}\nredis: {}", "line 2: redis stands twice"),
        ("- a\n- b", "must hold sections such as `database:`, not a list"),
        ("just words", "not the str 'just words'"),
        ("database: localhost", "database must hold settings"),
        ("a: b\n---\nc: d", "cannot be read as YAML"),
        ("[" * 2000, "cannot be read as YAML"),
    ],
)
def test_what_the_config_file_should_not_hold_is_told(written: str, told: str) -> None:
    """A slip of the pen does not pass in silence, and the sentence says what was probably meant."""
    Path("config.yaml").write_text(written)
    with pytest.raises(ConfigError, match=told):
        load_settings()


@pytest.mark.parametrize("written", ["", "# nothing", "app:\ndatabase:\nanalyzers:\n", "---\n", "\ufeffapp: {}", "{}"])
def test_a_file_and_sections_that_hold_nothing_change_nothing(written: str) -> None:
    """An empty file, sections that are there and empty, a byte-order mark."""
    default = load_settings()
    Path("config.yaml").write_text(written)
    assert load_settings() == default


def test_what_the_file_calls_otherwise_is_known() -> None:
    """An analyzer without settings has the defaults; what the environment prefixes with RAP_ goes without it."""
    Path("config.yaml").write_text(
        "app: {data_dir: /d, environment: development}\ndatabase: {connection_timeout: 3}\nanalyzers: {emotion: }\n"
    )
    settings = load_settings()
    assert (settings.data_dir, settings.connection_timeout) == (Path("/d"), 3.0)
    assert settings.analyzers["emotion"].enabled


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            "database: {port: abc}",
            r"database.port in the config file is wrong: it must be a whole number \(it is 'abc'",
        ),
        ("database: {port: 1.5}", "database.port in the config file is wrong: it must be a whole number"),
        ("database: {port: [1]}", "database.port in the config file is wrong: it must be a whole number"),
        ("database: {host: 12}", "database.host in the config file must be text: put it in quotes"),
        ("database: {host: yes}", "database.host in the config file must be text: put it in quotes"),
        ("monitoring: {prometheus_enabled: maybe}", "monitoring.prometheus_enabled .* must be true or false"),
        ("database: {connection_timeout: soon}", "must be a number"),
        ("redis: {ttl: 0}", "redis.ttl in the config file is wrong: .*greater than 0"),
        ("analyzers: {qwen: {concurrency: many}}", "analyzers.qwen.concurrency .* must be a whole number"),
    ],
)
def test_a_wrong_type_in_the_config_file_is_told_with_its_place_and_the_cure(written: str, told: str) -> None:
    """The name is the file's, not that of a variable which nobody set."""
    Path("config.yaml").write_text(written)
    with pytest.raises(ConfigError, match=told):
        load_settings()


def test_a_secret_of_a_wrong_type_is_not_shown() -> None:
    """A password of digits needs quotes; the sentence that says so does not have it."""
    Path("config.yaml").write_text("database: {password: 918273}")
    with pytest.raises(ConfigError, match="must be text: put it in quotes") as caught:
        load_settings()
    assert "918273" not in str(caught.value)


def test_a_wrong_value_in_dotenv_is_told_with_its_place() -> None:
    """And a file that is no text is told as such."""
    Path(".env").write_text("redis_port=x\n")
    with pytest.raises(ConfigError, match=r"REDIS_PORT in \.env is wrong: it must be a whole number"):
        load_settings()
    Path(".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"\.env cannot be read"):
        load_settings()


def test_analyzers_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no JSON is told."""
    monkeypatch.setenv("ANALYZERS", '{"qwen": {"enabled": false}}')
    assert not load_settings().analyzers["qwen"].enabled
    monkeypatch.setenv("ANALYZERS", "qwen")
    with pytest.raises(ConfigError, match="ANALYZERS in the environment must be JSON"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GENIUS_ACCES_TOKEN", "GENIUS_ACCESS_TOKEN"),
        ("POSTGRES_HSOT", "POSTGRES_HOST"),
        ("rap_data_dri", "RAP_DATA_DIR"),
        ("MAX_CONECTIONS", "MAX_CONNECTIONS"),
        ("RAP_CONFG", "RAP_CONFIG"),
    ],
)
def test_a_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch, name: str, meant: str) -> None:
    """In the environment and in `.env`, with what was meant."""
    monkeypatch.setenv(name, "x")
    assert misspelt_variables() == [f"the environment has {name.upper()}, which is no setting; did you mean {meant}?"]
    monkeypatch.delenv(name)
    Path(".env").write_text(f"{name}=x\n")
    assert misspelt_variables() == [f".env has {name.upper()}, which is no setting; did you mean {meant}?"]
    monkeypatch.setenv(meant, "x")
    assert not [told for told in misspelt_variables() if "did you mean" in told]


def test_variables_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker's links and PostgreSQL's own images have names with our prefixes; RAP_ alone is ours."""
    names = (
        "POSTGRES_INITDB_ARGS",
        "POSTGRES_PASSWORD_FILE",
        "REDIS_PORT_6379_TCP",
        "OLLAMA_HOST",
        "PGPASSWORD",
        "LOG",
    )
    for name in names:
        monkeypatch.setenv(name, "x")
    assert misspelt_variables() == []
    monkeypatch.setenv("RAP_SOMETHING_ELSE", "x")
    assert misspelt_variables() == ["the environment has RAP_SOMETHING_ELSE, which is no setting and does nothing."]


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
