"""The catalog: what names mean. A script is planned on a copy before anything happens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from streamsql.expr.registry import FunctionRegistry
from streamsql.formats.format import FormatSpec
from streamsql.types.record import SourceKind
from streamsql.types.schema import HeaderColumn, Schema, TimestampSpec
from streamsql.types.sqltypes import SqlType, quote


@dataclass(frozen=True, slots=True)
class Source:
    """A stream or table: a topic, the schema of its records, and how they are written.

    Attributes:
        headers: Value columns that are read from the record's headers (never written).
        timestamp: What gives the event time, if not the record's own timestamp.
        window_size_ms: Size of the windows in the key, for time windows.
        query: Id of the persistent query that writes it (CREATE … AS SELECT), else ``None``.
        writers: Ids of all persistent queries that write it (INSERT INTO … SELECT among them).
        readers: Ids of the persistent queries that read it.
        read_only: Declared as SOURCE.
        materialized: Whether rows can be looked up by pull queries.
        text: The statement that made it.
        application: The other application that declares it; ``None``: the catalog's own does.
    """

    name: str
    kind: SourceKind
    topic: str
    schema: Schema
    key_format: FormatSpec
    value_format: FormatSpec
    partitions: int | None = None
    replicas: int | None = None
    retention_ms: int | None = None
    headers: tuple[HeaderColumn, ...] = ()
    timestamp: TimestampSpec | None = None
    window_size_ms: int | None = None
    query: str | None = None
    writers: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()
    read_only: bool = False
    materialized: bool = False
    text: str = ""
    application: str | None = None

    @property
    def full_name(self) -> str:
        """The name as it is written; with the application's when that is another.

        The case of an application's name counts, quoted or not.
        """
        if self.application is None:
            return quote(self.name)
        return f"{quote(self.application, folds=False)}.{quote(self.name)}"

    @property
    def header_names(self) -> frozenset[str]:
        """The value columns that no payload holds."""
        return frozenset(header.column for header in self.headers)

    @property
    def written(self) -> Schema:
        """The columns that records of the topic hold."""
        headers = self.header_names
        value = tuple(column for column in self.schema.value if column.name not in headers)
        return replace(self.schema, value=value)


@dataclass(frozen=True, slots=True)
class PersistentQuery:
    """A running query: what it is called, writes, says, and was made to read."""

    id: str
    sink: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Sources, persistent queries, custom types and functions, by upper-case (or quoted) name.

    Attributes:
        sources: Those of the application.
        application: Its name.
        foreign: The sources of other applications on the broker.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    queries: Mapping[str, PersistentQuery] = field(default_factory=dict)
    types: Mapping[str, SqlType] = field(default_factory=dict)
    functions: FunctionRegistry = field(default_factory=FunctionRegistry)
    next_query: int = 0
    application: str = ""
    foreign: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)

    def with_source(self, source: Source) -> "Catalog":
        """Return a catalog in which the source is added or replaced."""
        return replace(self, sources={**self.sources, source.name: source})

    def without_source(self, name: str) -> "Catalog":
        """Return a catalog without the source."""
        return replace(self, sources={n: s for n, s in self.sources.items() if n != name})

    def with_type(self, name: str, sql_type: SqlType) -> "Catalog":
        """Return a catalog in which the custom type is added."""
        return replace(self, types={**self.types, name: sql_type})

    def without_type(self, name: str) -> "Catalog":
        """Return a catalog without the custom type."""
        return replace(self, types={n: t for n, t in self.types.items() if n != name})

    def with_query(self, query: PersistentQuery) -> "Catalog":
        """Return a catalog with the query, known to its sources and sink; the next id moves on."""
        sources = dict(self.sources)
        for source in query.sources:
            if source.application is None:
                own = sources[source.name]
                sources[own.name] = replace(own, readers=own.readers | {query.id})
        sink = sources[query.sink]
        sources[query.sink] = replace(sink, writers=sink.writers | {query.id})
        return replace(
            self,
            sources=sources,
            queries={**self.queries, query.id: query},
            next_query=self.next_query + 1,
        )

    def without_queries(self, ended: Iterable[str]) -> "Catalog":
        """Return a catalog without the queries of these ids; nobody refers to them any more."""
        gone = frozenset(ended)
        sources = {
            name: replace(
                source,
                readers=source.readers - gone,
                writers=source.writers - gone,
                query=None if source.query in gone else source.query,
            )
            for name, source in self.sources.items()
        }
        queries = {i: query for i, query in self.queries.items() if i not in gone}
        return replace(self, sources=sources, queries=queries)
