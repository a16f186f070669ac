"""What a text is planned against, as a value: the compiler asks no clock, thread or broker."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streamsql.broker.ports import Broker, TopicConfig
from streamsql.catalog.catalog import Catalog, Source
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.declarations import NOBODY, Declarations, Door, Others, Owner
from streamsql.errors import EngineError
from streamsql.expr.builtins import builtins
from streamsql.formats.registry import NO_REGISTRY, SchemaRegistry
from streamsql.runtime.layout import StateTopics, changelogs, no_topics, state_topics


def _refuse(path: str) -> str:
    raise OSError(f"{path} is not read here")


@dataclass(frozen=True, slots=True)
class PlannerContext:
    """What names mean, the settings in force, and the topics that there are.

    Attributes:
        variables: Values of ``${name}`` by name.
        topics: By name; those that the statements planned before will create are added.
        others: Returns the sources of other applications, when a statement names one.
        door: How sources come in here.
        registry: Of the schemas of topics.
        partial: Whether there may be other topics: then a query that reads one that is not known
            is planned without a layout, else it is refused.
        state_topics: Which topics keep the state of tasks.
        until_end: Whether push queries read from the beginning to what is the end when they are
            there, instead of what comes from now on; a setting may say where they begin.
        session: Tells the push queries of one engine from those of others.
        pushes: How many push queries the session has had.
        replayed: How many commands of the service's log the catalog has been through.
        read_script: Returns the text of a file that RUN SCRIPT names, or raises OSError.
    """

    catalog: Catalog
    config: EngineConfig = field(default_factory=EngineConfig)
    variables: Mapping[str, str] = field(default_factory=dict)
    topics: Mapping[str, TopicConfig] = field(default_factory=dict)
    others: Others = NOBODY
    door: Door = Door.STATEMENT
    registry: SchemaRegistry = NO_REGISTRY
    partial: bool = False
    state_topics: StateTopics = changelogs
    until_end: bool = False
    session: str = "0"
    pushes: int = 0
    replayed: int = 0
    read_script: Callable[[str], str] = _refuse

    @property
    def owner(self) -> Owner:
        """Who declares what is declared here."""
        return Owner(self.catalog.application, self.door)

    def foreign(self) -> Mapping[str, tuple[Source, ...]]:
        """Return the sources of other applications, as of now, by name."""
        return self.others(self.owner)


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
        Declarations(broker).others,
        registry=broker.registry,
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
    """Return the catalog of a service before its first statement: the built-in functions alone."""
    limits = {name: int(value) for name, value in config.limits().items()}
    return Catalog(functions=builtins(limits), application=config.service)


def text_of(path: str | Path) -> str:
    """Return the text of a file, without the byte order mark that some editors put in front."""
    return Path(path).read_text(encoding="utf-8-sig")


def read_script(path: Path) -> str:
    """Return the text of a file.

    Raises:
        EngineError: It cannot be read.
    """
    try:
        return text_of(path)
    except (OSError, ValueError) as error:
        raise EngineError(f'cannot read "{path}": {error}') from error
