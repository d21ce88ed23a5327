"""The documentation names everything that exists, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from rap_analyzer import telemetry
from rap_analyzer.analyzers.algorithmic import MEASURES
from rap_analyzer.cli import app
from rap_analyzer.cli.console import EXIT_CODES, INTERRUPTED, READER_GONE
from rap_analyzer.domain.export_schema import columns
from rap_analyzer.settings import Settings
from rap_analyzer.web.app import create_app
from rap_analyzer.wiring import ANALYZERS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """A page of the reference."""
    return (REFERENCE / f"{name}.md").read_text("utf8")


def headings(text: str) -> list[str]:
    """What stands in backticks in the headings of a page, outside code."""
    return re.findall(r"^#{2,3} `([^`]+)`", FENCE.sub("", text), re.MULTILINE)


def section(text: str, heading: str) -> str:
    """From a heading in backticks to the next of its rank."""
    found = re.search(rf"^## `{re.escape(heading)}`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def commands(command: Any, name: str = "rap") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its whole name."""
    inner = getattr(command, "commands", None)
    if inner is None or command.invoke_without_command:
        yield name, command
    if inner is None:
        return
    for word, sub in inner.items():
        yield from commands(sub, f"{name} {word}")


COMMANDS = dict(commands(typer.main.get_command(app)))


def environment_name(field: str) -> str:
    """The variable that sets a field."""
    alias = Settings.model_fields[field].validation_alias
    return str(getattr(alias, "choices", [alias])[0] if alias else field)


def default_of(field: str) -> str:
    """A field's default, as the page writes it."""
    value = Settings.model_fields[field].get_default(call_default_factory=True)
    value = value.get_secret_value() or None if hasattr(value, "get_secret_value") else value
    if value is None:
        return "unset"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


@pytest.mark.parametrize("field", sorted(set(Settings.model_fields) - {"analyzers"}))
def test_every_setting_has_a_row_with_its_default_and_description(field: str) -> None:
    """A setting that is added, renamed or gets another default fails here until the page says so."""
    row = (
        f"| `{environment_name(field)}` | `{field}` | {default_of(field)} | {Settings.model_fields[field].description}"
    )
    assert row in page("settings")


def test_the_settings_page_tells_of_the_analyzers_in_the_yaml() -> None:
    """The one setting that no variable sets has a row too."""
    assert "| `analyzers` |" in page("settings")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section_with_its_options(name: str) -> None:
    """Every option that --help shows stands in the command's section."""
    told = section(page("commands"), name)
    assert told, f"docs/reference/commands.md has no section for {name}"
    options = [o for p in COMMANDS[name].params if p.name != "help" for o in (*p.opts, *p.secondary_opts)]
    missing = [option for option in options if option.startswith("--") and f"`{option}" not in told]
    assert not missing, f"{name}: {missing}"


def test_no_command_is_told_of_that_does_not_exist() -> None:
    """A heading for a command that is gone fails."""
    told = {heading for heading in headings(page("commands")) if heading.startswith("rap ")}
    assert told == set(COMMANDS)


def test_the_exit_codes_are_those_of_the_table() -> None:
    """Each code stands beside the class of error that ends with it."""
    rows = re.findall(r"^\| (\d+) \|(?:[^|]|\\\|)*\|([^|]*)\|$", page("commands"), re.MULTILINE)
    told = {int(code): classes for code, classes in rows}
    assert set(told) == {0, 1, *EXIT_CODES.values(), INTERRUPTED, READER_GONE}
    for kind, code in EXIT_CODES.items():
        assert f"`{kind.__name__}`" in told[code]


@pytest.mark.parametrize("metric", list(telemetry.registry.collect()), ids=lambda metric: metric.name)
def test_every_metric_has_a_row(metric: Any) -> None:
    """Name and kind."""
    assert f"| `{metric.name}` | {metric.type} |" in page("metrics")


@pytest.mark.parametrize("name", ANALYZERS)
def test_every_analyzer_has_a_section(name: str) -> None:
    """A new analyzer needs its entry."""
    assert section(page("analyzers"), name)


def test_every_measure_has_a_section_with_its_meaning_and_unit() -> None:
    """In the order in which pages show them; the sentence is the one that people see."""
    assert headings(page("measures")) == list(MEASURES)
    for name, measure in MEASURES.items():
        told = section(page("measures"), name)
        assert measure.meaning in told
        assert f"Unit: {measure.unit or 'none (a plain number)'}. Range: " in told


def test_every_endpoint_has_a_section() -> None:
    """Method and path, and no section for a route that is gone."""
    paths: dict[str, dict[str, Any]] = create_app().openapi()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert set(headings(page("api"))) == routes


def test_every_column_of_an_export_has_a_row() -> None:
    """With its type and its meaning, in order, and no row for a column that is gone."""
    told = re.findall(r"^\| `([^`]+)` \| (\w+) \| (.+) \|$", page("export"), re.MULTILINE)
    assert told == [(column.name, column.kind, column.meaning) for column in columns(with_lyrics=True)]


def test_every_table_of_the_migrations_is_named() -> None:
    """Tables and views that the SQL files make."""
    folder = ROOT / "src" / "rap_analyzer" / "adapters" / "postgres" / "migrations"
    sql = "\n".join(file.read_text("utf8") for file in folder.glob("*.sql"))
    made = re.findall(r"^CREATE (?:TABLE|VIEW) (\w+)", sql, re.MULTILINE)
    assert made
    assert not [name for name in made if f"| `{name}`" not in page("database")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(path: Path) -> None:
    """To a file that exists and, with a fragment, to a heading in it."""
    for target in LINK.findall(FENCE.sub("", path.read_text("utf8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, fragment = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.relative_to(ROOT)}: {target}"
        if fragment:
            assert fragment in anchors(file.read_text("utf8")), f"{path.relative_to(ROOT)}: {target}"


def anchors(text: str) -> set[str]:
    """Fragments that a page's headings have, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_reachable_from_the_map() -> None:
    """docs/index.md links each page under docs/."""
    linked = {(DOCS / t.partition("#")[0]).resolve() for t in LINK.findall((DOCS / "index.md").read_text("utf8"))}
    assert {p.resolve() for p in DOCS.rglob("*.md")} - {(DOCS / "index.md").resolve()} <= linked


def test_the_readme_has_the_two_commands() -> None:
    """What a stranger types stands in a block of its own, and make knows both."""
    blocks = "\n".join(FENCE.findall((ROOT / "README.md").read_text("utf8")))
    makefile = (ROOT / "Makefile").read_text("utf8")
    for command in ("quick-start", "test"):
        assert re.search(rf"^make {command}\b", blocks, re.MULTILINE)
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
