"""What a text is planned against, as a value: the compiler asks no clock, thread or broker."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streamsql.broker.ports import Broker, TopicConfig
from streamsql.catalog.catalog import Catalog
from streamsql.engine.configuration.config import EngineConfig
from streamsql.errors import EngineError
from streamsql.expr.builtins import builtins
from streamsql.runtime.layout import StateTopics, changelogs, no_topics, state_topics


def _refuse(path: str) -> str:
    raise OSError(f"{path} is not read here")


@dataclass(frozen=True, slots=True)
class PlannerContext:
    """What names mean, the settings in force, and the topics that there are.

    Attributes:
        variables: Values of ``${name}`` by name.
        topics: By name; those that the statements planned before will create are added.
        partial: Whether there may be other topics: then a query that reads one that is not known
            is planned without a layout, else it is refused.
        state_topics: Which topics keep the state of tasks.
        until_end: Whether push queries read from the beginning to what is the end when they are
            there, instead of what comes from now on; a setting may say where they begin.
        session: Tells the push queries of one engine from those of others.
        pushes: How many push queries the session has had.
        read_script: Returns the text of a file that RUN SCRIPT names, or raises OSError.
    """

    catalog: Catalog
    config: EngineConfig = field(default_factory=EngineConfig)
    variables: Mapping[str, str] = field(default_factory=dict)
    topics: Mapping[str, TopicConfig] = field(default_factory=dict)
    partial: bool = False
    state_topics: StateTopics = changelogs
    until_end: bool = False
    session: str = "0"
    pushes: int = 0
    read_script: Callable[[str], str] = _refuse


def context_on(
    broker: Broker,
    config: EngineConfig,
    variables: Mapping[str, str] | None = None,
    *,
    until_end: bool = False,
) -> PlannerContext:
    """Return what the first statement on a broker is planned against."""
    return PlannerContext(
        first_catalog(config),
        config,
        dict(variables or {}),
        broker.topics(),
        state_topics=state_topics(broker),
        until_end=until_end,
        session=uuid.uuid4().hex[:12],
        read_script=text_of,
    )


def context_on_nothing(
    config: EngineConfig, variables: Mapping[str, str] | None = None
) -> PlannerContext:
    """Return what the first statement is planned against on an embedded broker still to be made."""
    return PlannerContext(
        first_catalog(config),
        config,
        dict(variables or {}),
        state_topics=no_topics,
        read_script=text_of,
    )


def first_catalog(config: EngineConfig) -> Catalog:
    """Return the catalog before the first statement: the built-in functions alone."""
    limits = {name: int(value) for name, value in config.limits().items()}
    return Catalog(functions=builtins(limits))


def text_of(path: str | Path) -> str:
    """Return the text of a file."""
    return Path(path).read_text(encoding="utf-8")


def read_script(path: Path) -> str:
    """Return the text of a file.

    Raises:
        EngineError: It cannot be read.
    """
    try:
        return text_of(path)
    except (OSError, ValueError) as error:
        raise EngineError(f'cannot read "{path}": {error}') from error
