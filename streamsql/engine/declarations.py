"""What all applications on a broker declare: how one knows the sources of the others.

A compacted topic of one partition. A record says of a source what a reader must know, as JSON::

    key    ["source", "climate", "PER_MINUTE"]
    value  {"application": "climate", "door": "file",
            "declaration": "CREATE SOURCE TABLE PER_MINUTE (…) WITH (KAFKA_TOPIC='PER_MINUTE', …)",
            "statement": "CREATE TABLE per_minute AS SELECT …", "query": "CTAS_PER_MINUTE_0",
            "version": 1}

A source that is dropped, or whose application is forgotten, leaves a record without a value. Each
record is true by itself, so they need no transaction. Other kinds of keys, and fields that this
version does not know, are skipped; a record that it cannot read is logged and left out.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

import msgspec

from streamsql.broker.ports import Broker, TopicConfig, TopicPartition
from streamsql.broker.read_to_end import read_on
from streamsql.catalog.catalog import Source
from streamsql.errors import StatementError
from streamsql.sql.declaration import declaration, declared
from streamsql.topology.naming import DECLARATIONS

log = logging.getLogger(__name__)

_VERSION = 1
_SOURCE = "source"
_PARTITION = TopicPartition(DECLARATIONS, 0)


class Door(Enum):
    """How a source came in: both doors may be open under the name of one application."""

    STATEMENT = "statement"
    FILE = "file"


class Owner(NamedTuple):
    """Who declares a source."""

    application: str
    door: Door


@dataclass(frozen=True, slots=True)
class Declaration:
    """A source as it is told to others.

    Attributes:
        declaration: A statement that declares it without anything else.
        statement: The one that made it.
        query: The id of the query that fills it; ``None``: none does.
    """

    application: str
    door: Door
    declaration: str
    statement: str
    query: str | None = None
    version: int = _VERSION

    @classmethod
    def of(cls, source: Source, owner: Owner) -> "Declaration":
        """Return what to tell of the source."""
        return cls(*owner, declaration(source), source.text, source.query)

    @property
    def owner(self) -> Owner:
        """Who tells it."""
        return Owner(self.application, self.door)

    def source(self) -> Source:
        """Return the source, as another application sees it.

        Raises:
            StatementError: This version does not know what is declared.
        """
        found = declared(self.declaration)
        return replace(found, text=self.statement, query=self.query, application=self.application)


Others = Callable[[Owner], Mapping[str, tuple[Source, ...]]]
"""Returns the sources of all but the owner, by name."""


def as_told(sources: Iterable[Source]) -> tuple[Declaration, ...]:
    """Return what others told of their sources, for :func:`fixed`."""
    told = []
    for source in sources:
        assert source.application is not None, "it is another application's"
        told.append(Declaration.of(source, Owner(source.application, Door.STATEMENT)))
    return tuple(told)


def fixed(declarations: Iterable[Declaration]) -> Others:
    """Return what knows of these sources and no others."""
    return lambda _: _by_name(told.source() for told in declarations)


NOBODY = fixed(())
"""Knows of no source."""


def _by_name(sources: Iterable[Source]) -> Mapping[str, tuple[Source, ...]]:
    found: dict[str, tuple[Source, ...]] = {}
    for source in sources:
        found[source.name] = (*found.get(source.name, ()), source)
    return found


def _now_ms() -> int:
    return int(time.time() * 1000)


class Declarations:
    """The topic of one broker, read as far as it went when somebody asked."""

    def __init__(self, broker: Broker, wall_clock_ms: Callable[[], int] = _now_ms) -> None:
        self._broker = broker
        self._wall_clock_ms = wall_clock_ms
        self._position = 0
        self._told: dict[bytes, Declaration] = {}
        self._sources: dict[bytes, Source] = {}

    def others(self, owner: Owner) -> Mapping[str, tuple[Source, ...]]:
        """Return the sources of all but the owner, by name, as of now.

        Raises:
            EngineError: The broker does not do its part.
        """
        self._read()
        keys = sorted(key for key, told in self._told.items() if told.owner != owner)
        for key in keys:
            if key not in self._sources:
                self._bind(key)
        return _by_name(self._sources[key] for key in keys if key in self._sources)

    def tell(self, owner: Owner, changes: Mapping[str, Source | None]) -> None:
        """Tell of sources, whose topics are there, and of names that are sources no more.

        Raises:
            EngineError: The broker does not do its part.
        """
        topics = self._broker.topics()
        self._write(_telling(owner, changes, topics), topics)

    def tell_all(self, owner: Owner, sources: Mapping[str, Source]) -> None:
        """Tell that these are the owner's sources, and that others that it had are no more.

        Raises:
            EngineError: The broker does not do its part.
        """
        self._read()
        topics = self._broker.topics()
        before = {key: told for key, told in self._told.items() if told.owner == owner}
        now = _telling(owner, sources, topics)
        changes = {key: told for key, told in now.items() if before.get(key) != told}
        self._write(dict.fromkeys(before.keys() - now.keys()) | changes, topics)

    def _read(self) -> None:
        """Take in what has come."""
        if not self._position and DECLARATIONS not in self._broker.topics():
            return
        messages, self._position = read_on(self._broker, _PARTITION, self._position)
        for message in messages:
            self._take(message.key() or b"", message.value())

    def _take(self, key: bytes, value: bytes | None) -> None:
        self._told.pop(key, None)
        self._sources.pop(key, None)
        try:
            if value is not None and msgspec.json.decode(key, type=list[str])[:1] == [_SOURCE]:
                self._told[key] = msgspec.json.decode(value, type=Declaration)
        except msgspec.DecodeError as error:
            _complain(key, error)

    def _bind(self, key: bytes) -> None:
        try:
            self._sources[key] = self._told[key].source()
        except StatementError as error:
            del self._told[key]
            _complain(key, error)

    def _write(
        self, changes: Mapping[bytes, Declaration | None], topics: Mapping[str, TopicConfig]
    ) -> None:
        if not changes:
            return
        if DECLARATIONS not in topics:
            self._broker.create([TopicConfig(DECLARATIONS, 1, compacted=True)])
        now_ms = self._wall_clock_ms()
        records = [
            (key, None if told is None else msgspec.json.encode(told), now_ms, ())
            for key, told in changes.items()
        ]
        self._broker.append(DECLARATIONS, records, _PARTITION.partition)


def _telling(
    owner: Owner, sources: Mapping[str, Source | None], topics: Mapping[str, TopicConfig]
) -> dict[bytes, Declaration | None]:
    """Return the records that tell of the sources, each with the partitions that it really has."""
    found: dict[bytes, Declaration | None] = {}
    for name, source in sources.items():
        key = msgspec.json.encode([_SOURCE, owner.application, name])
        found[key] = None
        if source is not None:
            topic = topics.get(source.topic)
            partitions = source.partitions if topic is None else topic.partitions
            found[key] = Declaration.of(replace(source, partitions=partitions), owner)
    return found


def _complain(key: bytes, error: Exception) -> None:
    log.warning("declaration %s is not of this version: %s", key.decode(errors="replace"), error)
