"""The configuration of an engine: options, environment, ``streamsql.toml``, defaults.

The first that says something counts.

``STREAMSQL_COMMIT_INTERVAL_MS`` in the environment is ``commit.interval.ms``. In
``streamsql.toml``, read from the working directory, names are keys, with or without quotes (a
dotted key is the same thing).
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from streamsql.engine.configuration.settings import (
    CLIENT_PREFIXES,
    FIXED,
    REGISTRY_PREFIX,
    SETTINGS,
    canonical,
    check,
)
from streamsql.errors import EngineError
from streamsql.runtime.config import RuntimeConfig
from streamsql.topology.nodes import OffsetReset

FILE = "streamsql.toml"
EMBEDDED_DIRECTORY = Path(".streamsql")
_ENVIRONMENT = "STREAMSQL_"
_NO_SETTINGS = frozenset({"STREAMSQL_CRASH_AT", "STREAMSQL_LOG"})
"""Variables of the program itself."""
_DEFAULTS = {
    **{name: setting.default for name, setting in SETTINGS.items() if setting.default is not None},
    **FIXED,
}


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Settings in force: those that were given, by canonical name, above the defaults.

    Attributes:
        overrides: What was given.
        state_directory: Where the state of tasks on Kafka lives; ``None``: in memory.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    state_directory: Path | None = None

    def get(self, name: str) -> str | None:
        """Return the value of a setting, or ``None`` when it is unset."""
        if name in self.overrides:
            return self.overrides[name]
        return FIXED[name] if name in FIXED else SETTINGS[name].default

    def whole(self, name: str) -> int:
        """Return the value of a setting that is a number and has a default."""
        value = self.get(name)
        assert value is not None
        return int(value)

    def all(self) -> dict[str, str]:
        """Return every setting that has a value, by name."""
        return {**_DEFAULTS, **self.overrides}

    def with_setting(self, name: str, value: str | None) -> "EngineConfig":
        """Return the configuration after SET, or after UNSET with ``None``.

        Raises:
            SettingError: There is no such setting, or SET cannot give it this value.
        """
        known = check(name, self.get_default(name) if value is None else value, session=True)
        overrides = {other: old for other, old in self.overrides.items() if other != known}
        if value is not None:
            overrides[known] = value
        return replace(self, overrides=overrides)

    @staticmethod
    def get_default(name: str) -> str:
        """Return a value that the setting may certainly have, for looking at its name alone."""
        known = canonical(name)
        if known in FIXED:
            return FIXED[known]
        default = SETTINGS[known].default if known in SETTINGS else None
        return _HARMLESS.get(known, "1") if default is None else default

    @property
    def service(self) -> str:
        """The name of the engine or application: of its groups, internal topics and state."""
        return self.get("ksql.service.id") or "default"

    @property
    def replicas(self) -> int | None:
        """Replicas of topics that the engine creates; ``None``: the broker's default."""
        value = self.get("replication.factor")
        return None if value is None else int(value)

    def limits(self) -> dict[str, str]:
        """Return the settings of the built-in functions that were given."""
        return {n: v for n, v in self.overrides.items() if n.startswith("ksql.functions.")}

    def reset(self, default: OffsetReset) -> OffsetReset:
        """Return where a query without committed offsets begins."""
        value = self.get("auto.offset.reset")
        return default if value is None else OffsetReset(value.lower())

    def runtime(self, application: str) -> RuntimeConfig:
        """Return the configuration of the workers of an application or query."""
        old_name = self.overrides.get("cache.max.bytes.buffering")
        cache = self.get("statestore.cache.max.bytes")
        if old_name is not None and "statestore.cache.max.bytes" not in self.overrides:
            cache = old_name
        assert cache is not None
        return RuntimeConfig(
            application,
            commit_interval_ms=self.whole("commit.interval.ms"),
            cache_bytes=int(cache),
            state_directory=self.state_directory,
            poll_records=self.whole("max.poll.records"),
            max_ahead_ms=self.whole("max.timestamp.ahead.ms"),
        )

    def registry(self) -> dict[str, str]:
        """Return the settings of the client of the schema registry, as it calls them."""
        return {
            name.removeprefix(REGISTRY_PREFIX): value
            for name, value in self.overrides.items()
            if name.startswith(REGISTRY_PREFIX)
        }

    def client(self) -> dict[str, str | int | float | bool]:
        """Return the settings that the Kafka client library is given as they are."""
        passed: dict[str, str | int | float | bool] = {
            name: value
            for name, value in self.overrides.items()
            if name.startswith(CLIENT_PREFIXES)
        }
        if "compression.type" in self.overrides:
            passed["compression.type"] = self.overrides["compression.type"]
        return passed


_HARMLESS = {
    "auto.offset.reset": "earliest",
    "ksql.persistence.default.format.value": "JSON",
    "ksql.persistence.wrap.single.values": "true",
}


def load_config(
    options: Mapping[str, object] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> EngineConfig:
    """Return the configuration that options, environment and file make together.

    Args:
        options: Settings by name; values are taken as text.
        environment: ``None``: the process's.
        directory: Where ``streamsql.toml`` is looked for; ``None``: the working directory.

    Raises:
        EngineError: A setting does not exist or has a value it cannot have, or the file cannot be
            read.
    """
    overrides: dict[str, str] = {}
    layers = (
        (str((directory or Path()) / FILE), _from_file((directory or Path()) / FILE)),
        ("the environment", _from_environment(os.environ if environment is None else environment)),
        ("the options", {name: _plain(value) for name, value in (options or {}).items()}),
    )
    for place, layer in layers:
        for name, value in layer.items():
            try:
                overrides[check(name, value, session=False)] = value
            except EngineError as error:
                raise EngineError(f"in {place}: {error}") from error
    state = overrides.get("state.dir")
    return EngineConfig(overrides, Path(state) if state else None)


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings among the variables."""
    known = {_ENVIRONMENT + name.replace(".", "_").upper(): name for name in (*SETTINGS, *FIXED)}
    found = {}
    for variable, value in environment.items():
        if variable in known:
            found[known[variable]] = value
        elif variable.startswith(_ENVIRONMENT) and variable not in _NO_SETTINGS:
            name = variable.removeprefix(_ENVIRONMENT).replace("_", ".").lower()
            found[name] = value
    return found


def _from_file(path: Path) -> dict[str, str]:
    """Return the settings of the file, if there is one."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EngineError(f'cannot read "{path}": {error}') from error
    return dict(_flat("", tree))


def _flat(prefix: str, tree: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{key}.", value)
        else:
            yield prefix + key, _plain(value)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
