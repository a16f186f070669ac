"""The port of a schema registry: schemas by number, and their versions under *subjects*.

A payload of AVRO, JSON_SR or PROTOBUF begins with the number of the schema that it was written
with, its *writer schema*. The schemas of the two sides of a topic are registered under the subjects
``topic-key`` and ``topic-value``; a new version must be able to read what older ones wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NoReturn, Protocol

from streamsql.errors import EngineError


class SchemaType(StrEnum):
    """The languages that schemas are written in, as registries call them."""

    AVRO = "AVRO"
    JSON = "JSON"
    PROTOBUF = "PROTOBUF"


@dataclass(frozen=True, slots=True)
class Reference:
    """A schema that another one names.

    Attributes:
        name: What the other one calls it: a type of Avro, a file that Protobuf imports, a URL.
    """

    name: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class WriterSchema:
    """A schema as it is registered.

    Attributes:
        text: Its source.
        references: What the text names and does not hold.
    """

    type: SchemaType
    text: str
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """A schema and its number."""

    id: int
    schema: WriterSchema


@dataclass(frozen=True, slots=True)
class ResolvedSchema:
    """A schema with everything that it refers to.

    Attributes:
        references: Texts by the name that schemas refer to them with; what others need comes first.
    """

    text: str
    references: Mapping[str, str] = field(default_factory=dict)


class SchemaNotFound(EngineError):
    """The registry has no such schema."""


class SchemaIncompatible(EngineError):
    """The registry refuses a new version of a subject."""


class SchemaUnusable(EngineError):
    """A registered schema is not one of its language, or not one of the columns."""


class SchemaRegistry(Protocol):
    """A registry. Every method raises EngineError when it does not answer."""

    def schema(self, schema_id: int) -> WriterSchema:
        """Return the schema of a number; SchemaNotFound when there is none."""

    def version(self, subject: str, version: int) -> WriterSchema:
        """Return a version of a subject; SchemaNotFound when there is none."""

    def latest(self, subject: str) -> RegisteredSchema | None:
        """Return the latest version of a subject, ``None`` when it has none."""

    def register(self, subject: str, schema: WriterSchema) -> int:
        """Return the number of the schema, made a version of the subject if it is none.

        SchemaIncompatible when it could not read what older versions wrote.
        """


class NoRegistry:
    """Stands where there is no registry: whoever needs one learns how to name it."""

    def schema(self, schema_id: int) -> WriterSchema:
        """Refuse."""
        del schema_id
        self._refuse()

    def version(self, subject: str, version: int) -> WriterSchema:
        """Refuse."""
        del subject, version
        self._refuse()

    def latest(self, subject: str) -> RegisteredSchema | None:
        """Refuse."""
        del subject
        self._refuse()

    def register(self, subject: str, schema: WriterSchema) -> int:
        """Refuse."""
        del subject, schema
        self._refuse()

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def _refuse(self) -> NoReturn:
        raise EngineError(
            "the format needs a schema registry: start with the setting "
            '"ksql.schema.registry.url", as in http://localhost:8081'
        )


NO_REGISTRY = NoRegistry()


def key_subject(topic: str) -> str:
    """Return the subject of the keys of a topic."""
    return f"{topic}-key"


def value_subject(topic: str) -> str:
    """Return the subject of the values of a topic."""
    return f"{topic}-value"


def resolved(registry: SchemaRegistry, schema: WriterSchema) -> ResolvedSchema:
    """Return the schema with everything that it refers to, directly or not."""
    return ResolvedSchema(schema.text, _referred(registry, schema))


def _referred(registry: SchemaRegistry, schema: WriterSchema) -> dict[str, str]:
    found: dict[str, str] = {}
    for reference in schema.references:
        referred = registry.version(reference.subject, reference.version)
        found |= {**_referred(registry, referred), reference.name: referred.text}
    return found
