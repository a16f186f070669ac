"""The schemas of a registry, in memory."""

from streamsql.formats.registry import RegisteredSchema, SchemaNotFound, WriterSchema


class MemoryRegistry:
    """Schemas by number, and versions of subjects. Equal schemas have one number."""

    def __init__(self) -> None:
        self._schemas: dict[int, WriterSchema] = {}
        self._subjects: dict[str, list[RegisteredSchema]] = {}

    def schema(self, schema_id: int) -> WriterSchema:
        """Return the schema of a number."""
        found = self._schemas.get(schema_id)
        if found is None:
            raise SchemaNotFound(f"there is no schema {schema_id} in the registry")
        return found

    def version(self, subject: str, version: int) -> WriterSchema:
        """Return a version of a subject."""
        versions = self.versions(subject)
        if not 1 <= version <= len(versions):
            raise SchemaNotFound(f'subject "{subject}" has no version {version}')
        return versions[version - 1].schema

    def versions(self, subject: str) -> list[RegisteredSchema]:
        """Return all versions of a subject, the oldest first."""
        return self._subjects.get(subject, [])

    def latest(self, subject: str) -> RegisteredSchema | None:
        """Return the latest version of a subject."""
        versions = self.versions(subject)
        return versions[-1] if versions else None

    def register(self, subject: str, schema: WriterSchema) -> int:
        """Return the number of the schema, which becomes a version of the subject."""
        known = next((one for one in self.versions(subject) if one.schema == schema), None)
        if known is not None:
            return known.id
        new = RegisteredSchema(self.number_of(schema), schema)
        self.put(subject, new)
        return new.id

    def number_of(self, schema: WriterSchema) -> int:
        """Return the number of the schema, the next one for a schema that is not known."""
        known = next((number for number, other in self._schemas.items() if other == schema), None)
        return max(self._schemas, default=0) + 1 if known is None else known

    def put(self, subject: str, registered: RegisteredSchema) -> None:
        """Add a version to a subject."""
        self._schemas[registered.id] = registered.schema
        self._subjects.setdefault(subject, []).append(registered)
