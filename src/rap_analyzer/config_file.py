"""Reads `config.yaml`: sections, ${VAR} filled in, and every name in it known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from rap_analyzer.domain.errors import ConfigError
from rap_analyzer.domain.suggestion import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ANALYZERS = "analyzers"
VARIABLE = re.compile(r"(\w+)(?::-(.*))?", re.DOTALL)
WRITTEN = re.compile(r"\$\{([^}]*)\}")
# Private-use characters: they stand for a ${VAR} while YAML is read, so that its value cannot change the reading.
FIRST, LAST = "\ue000", "\ue001"
PLACE = re.compile(f"{FIRST}(\\d+){LAST}")
SECTIONS = {"app": "", "database": "POSTGRES_", "redis": "REDIS_", "monitoring": "", "enrichment": "ENRICHMENT_"}
OTHER_NAMES = {
    "app": {"environment": "RAP_ENVIRONMENT", "data_dir": "RAP_DATA_DIR"},
    "database": {
        "name": "POSTGRES_DB",
        "max_connections": "MAX_CONNECTIONS",
        "connection_timeout": "CONNECTION_TIMEOUT",
    },
}
"""What a section calls a setting otherwise than by its name without the section's prefix."""


@dataclass(frozen=True, slots=True)
class Found:
    """One setting that the file has.

    Attributes:
        where: its section and name, as written, such as `database.port`.
        value: what stands there, ${VAR} filled in.
    """

    where: str
    value: Any


def read_config(path: Path, settings: Iterable[str], variables: Mapping[str, str]) -> dict[str, Found]:
    """The settings in a file, by the names of their environment variables; `analyzers` by that name.

    What is null, blank, or the ${VAR} of a variable that is not set, counts as not there.

    Args:
        path: the file.
        settings: names of the environment variables that there are.
        variables: what ${VAR} is filled from.

    Raises:
        ConfigError: it is no YAML, a name in it is unknown or stands twice, or a part of a value has no value.
    """
    content = _parsed(path)
    if content is None:
        return {}
    if not isinstance(content, dict):
        kind = "a list" if isinstance(content, list) else f"the {type(content).__name__} {content!r}"
        raise ConfigError(f"{path} must hold sections such as `database:`, not {kind}.")
    known = {section: _names(section, settings) for section in SECTIONS}
    found: dict[str, Found] = {}
    for section, name, value in _entries(path, content):
        if name not in known[section]:
            meant = did_you_mean(name, known[section]) or "; docs/reference/settings.md has all of them."
            raise ConfigError(f"{path}: unknown setting {section}.{name}{meant}")
        where, setting = f"{section}.{name}", known[section][name]
        if setting in found:
            raise ConfigError(f"{path}: {found[setting].where} and {where} are the same setting; keep one of them.")
        found[setting] = Found(where, _filled(value, f"{path}: {where}", variables))
    analyzers = _analyzers(path, content.get(ANALYZERS), variables)
    found |= {ANALYZERS: Found(ANALYZERS, analyzers)} if analyzers else {}
    return {setting: one for setting, one in found.items() if not is_blank(one.value)}


def is_blank(value: Any) -> bool:
    """Whether a value counts as not set: nothing, or nothing but spaces."""
    return value is None or (isinstance(value, str) and not value.strip())


def _names(section: str, settings: Iterable[str]) -> dict[str, str]:
    """What a section may hold, each with its environment variable."""
    prefix = SECTIONS[section]
    own = {name.removeprefix(prefix).lower(): name for name in settings if name.startswith(prefix)}
    return own | OTHER_NAMES.get(section, {})


def _entries(path: Path, content: dict[Any, Any]) -> Iterator[tuple[str, str, Any]]:
    """Section, name and value of all that is set, but the analyzers."""
    for section, part in content.items():
        if section not in {*SECTIONS, ANALYZERS}:
            meant = did_you_mean(str(section), [*SECTIONS, ANALYZERS])
            known = meant or f"; the sections are {', '.join([*SECTIONS, ANALYZERS])}."
            raise ConfigError(f"{path}: unknown section {section!r}{known}")
        if part is not None and not isinstance(part, dict):
            raise ConfigError(f"{path}: {section} must hold settings, one `name: value` a line below it.")
        if section != ANALYZERS:
            yield from ((section, str(name).lower(), value) for name, value in (part or {}).items())


def _analyzers(path: Path, part: dict[Any, Any] | None, variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Each analyzer's settings; one without any has the defaults."""
    read = {}
    for name, own in (part or {}).items():
        if own is not None and not isinstance(own, dict):
            raise ConfigError(f"{path}: analyzers.{name} must hold settings such as `enabled: true`, not {own!r}.")
        filled = {k: _filled(v, f"{path}: analyzers.{name}.{k}", variables) for k, v in (own or {}).items()}
        read[str(name)] = {str(k): v for k, v in filled.items() if not is_blank(v)}
    return read


class _Loader(yaml.SafeLoader):
    """YAML in which no key stands twice: of two values the first would be lost without a word."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key, _ in node.value:
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"{key.value} stands twice", problem_mark=key.start_mark)
        seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _parsed(path: Path) -> Any:
    """The file as YAML; a ${VAR} stays as it is."""
    variables: list[str] = []

    def hide(found: re.Match[str]) -> str:
        variables.append(found[0])
        return f"{FIRST}{len(variables) - 1}{LAST}"

    def show(value: Any) -> Any:
        if isinstance(value, str):
            return PLACE.sub(lambda found: variables[int(found[1])], value)
        if isinstance(value, dict):
            return {show(key): show(one) for key, one in value.items()}
        return [show(one) for one in value] if isinstance(value, list) else value

    try:
        return show(yaml.load(WRITTEN.sub(hide, path.read_text("utf-8-sig")), Loader=_Loader))  # noqa: S506 - a safe one
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path} cannot be read as YAML ({_place(error)}).") from error
    except FileNotFoundError as error:
        raise ConfigError(f"RAP_CONFIG names {path}, and there is no such file.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: it is no text in UTF-8, or not yours to read.") from error


def _place(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def _filled(value: Any, where: str, variables: Mapping[str, str]) -> Any:
    """The value with ${VAR} and ${VAR:-default} filled in, also inside lists."""
    if isinstance(value, list):
        return [_filled(one, where, variables) for one in value]
    if not isinstance(value, str):
        return value
    return WRITTEN.sub(lambda found: _variable(found, value, where, variables), value)


def _variable(found: re.Match[str], whole: str, where: str, variables: Mapping[str, str]) -> str:
    named = VARIABLE.fullmatch(found[1])
    if named is None:
        raise ConfigError(f"{where} has {found[0]}, which is neither ${{VARIABLE}} nor ${{VARIABLE:-default}}.")
    name, default = named[1], named[2] or ""
    text = variables.get(name, "")
    text = default if is_blank(text) else text
    # As the whole value it counts as not set; a part of one that is missing would leave something wrong.
    if is_blank(text) and named[2] is None and found[0] != whole.strip():
        raise ConfigError(f"{where} has {found[0]}, and {name} is not set; set it, or write ${{{name}:-default}}.")
    return text
