"""A schema registry in a compacted topic of a broker: nothing else needs to be started.

One partition; a record's key names subject and version, its value holds the schema and its number.
One process owns such a broker, so that numbers can be counted up.
"""

import threading
from dataclasses import dataclass

import msgspec

from streamsql.broker.ports import Broker, TopicConfig, TopicPartition
from streamsql.broker.read_to_end import read_to_end
from streamsql.errors import EngineError
from streamsql.formats.memory_registry import MemoryRegistry
from streamsql.formats.registry import RegisteredSchema, SchemaNotFound, WriterSchema

TOPIC = "_streamsql_schemas"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A version of a subject."""

    subject: str
    version: int
    registered: RegisteredSchema


class TopicRegistry:
    """The registry of one broker; its methods may be called from several threads."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.RLock()
        self._known = MemoryRegistry()
        self._position = 0

    def schema(self, schema_id: int) -> WriterSchema:
        """Return the schema of a number."""
        with self._lock:
            try:
                return self._known.schema(schema_id)
            except SchemaNotFound:
                return self._read().schema(schema_id)

    def version(self, subject: str, version: int) -> WriterSchema:
        """Return a version of a subject."""
        with self._lock:
            return self._read().version(subject, version)

    def latest(self, subject: str) -> RegisteredSchema | None:
        """Return the latest version of a subject."""
        with self._lock:
            return self._read().latest(subject)

    def register(self, subject: str, schema: WriterSchema) -> int:
        """Return the number of the schema, which becomes a version of the subject."""
        with self._lock:
            versions = self._read().versions(subject)
            if all(known.schema != schema for known in versions):
                new = RegisteredSchema(self._known.number_of(schema), schema)
                self._append(_Entry(subject, len(versions) + 1, new))
            return self._read().register(subject, schema)

    def _append(self, entry: _Entry) -> None:
        owner = self._broker.owner
        if owner is not None:  # it alone counts the numbers
            raise EngineError(f'subject "{entry.subject}" gets a new schema from {owner}, not here')
        if TOPIC not in self._broker.topics():
            self._broker.create([TopicConfig(TOPIC, 1, compacted=True)])
        key = msgspec.json.encode((entry.subject, entry.version))
        self._broker.append(TOPIC, [(key, msgspec.json.encode(entry), 0, ())], 0)

    def _read(self) -> MemoryRegistry:
        """Return the schemas, with what the topic holds by now."""
        if TOPIC in self._broker.topics():
            partition = TopicPartition(TOPIC, 0)
            for message in read_to_end(self._broker, [partition], self._position):
                entry = msgspec.json.decode(message.value() or b"", type=_Entry)
                self._known.put(entry.subject, entry.registered)
                self._position = message.offset() + 1
        return self._known
