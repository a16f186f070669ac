"""A schema registry over HTTP, by confluent-kafka's client, which caches schemas by number."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from streamsql.errors import EngineError
from streamsql.formats.registry import (
    NO_REGISTRY,
    NoRegistry,
    Reference,
    RegisteredSchema,
    SchemaIncompatible,
    SchemaNotFound,
    SchemaType,
    WriterSchema,
)

_NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 404, 409, 422
_Answer = TypeVar("_Answer")


def open_registry(settings: Mapping[str, str]) -> "ConfluentRegistry | NoRegistry":
    """Return the registry that the settings name; without a URL there is none.

    Args:
        settings: As confluent-kafka's client calls them.

    Raises:
        EngineError: Its library is not installed, or the settings are wrong.
    """
    return ConfluentRegistry(settings) if "url" in settings else NO_REGISTRY


class ConfluentRegistry:
    """The registry at a URL."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        try:
            from confluent_kafka.schema_registry import (
                Schema,
                SchemaReference,
                SchemaRegistryClient,
            )
            from confluent_kafka.schema_registry.error import SchemaRegistryError
        except ImportError as error:
            raise EngineError(
                'the schema registry needs further packages: run pip install "streamsql[registry]"'
            ) from error
        self._url = settings["url"]
        try:
            self._client = SchemaRegistryClient(dict(settings))
        except (ValueError, TypeError, OSError) as error:
            raise EngineError(f"the settings of the schema registry are wrong: {error}") from error
        self._schema, self._reference, self._error = Schema, SchemaReference, SchemaRegistryError

    def schema(self, schema_id: int) -> WriterSchema:
        """Return the schema of a number."""
        return self._ask(lambda: _read(self._client.get_schema(schema_id)), f"schema {schema_id}")

    def version(self, subject: str, version: int) -> WriterSchema:
        """Return a version of a subject."""
        return self._ask(
            lambda: _read(self._client.get_version(subject, version).schema),
            f'version {version} of subject "{subject}"',
        )

    def latest(self, subject: str) -> RegisteredSchema | None:
        """Return the latest version of a subject."""

        def ask() -> RegisteredSchema:
            found = self._client.get_latest_version(subject)
            return RegisteredSchema(int(found.schema_id or 0), _read(found.schema))

        try:
            return self._ask(ask, f'subject "{subject}"')
        except SchemaNotFound:
            return None

    def register(self, subject: str, schema: WriterSchema) -> int:
        """Return the number of the schema, which becomes a version of the subject."""
        references = [
            self._reference(reference.name, reference.subject, reference.version)
            for reference in schema.references
        ]
        written = self._schema(schema.text, schema.type.value, references)
        return self._ask(
            lambda: int(self._client.register_schema(subject, written)), f'subject "{subject}"'
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, ask: Callable[[], _Answer], what: str) -> _Answer:
        try:
            return ask()
        except self._error as error:
            said = error.error_message
            if error.http_status_code == _NOT_FOUND:
                raise SchemaNotFound(f"the registry has no {what}") from error
            if error.http_status_code in (_CONFLICT, _UNPROCESSABLE):
                raise SchemaIncompatible(
                    f"the registry refuses a new schema for {what}: {said}"
                ) from error
            raise EngineError(f'the registry at "{self._url}" answers: {said}') from error
        except Exception as error:  # what its HTTP library raises has no common class
            raise EngineError(f'the registry at "{self._url}" does not answer: {error}') from error


def _read(found: object) -> WriterSchema:
    """Return a schema of the client's as ours."""
    references = getattr(found, "references", None) or ()
    return WriterSchema(
        SchemaType(getattr(found, "schema_type", None) or SchemaType.AVRO),
        str(getattr(found, "schema_str", "")),
        tuple(Reference(one.name, one.subject, int(one.version)) for one in references),
    )
