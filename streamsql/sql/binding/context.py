"""What a statement is bound against: the catalog, the settings, and the statement itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from streamsql.catalog.catalog import Catalog, Source
from streamsql.errors import BindError, Span
from streamsql.sql.binding.expressions.expression import Names
from streamsql.sql.binding.scope import did_you_mean, kind_word
from streamsql.sql.dialect.nodes.node import span
from streamsql.types.record import SourceKind


@dataclass(frozen=True, slots=True)
class Context:
    """One statement and its surroundings.

    Attributes:
        text: The statement's own text.
        where: Its place in the submitted text.
    """

    catalog: Catalog
    settings: Mapping[str, str]
    text: str
    where: Span

    @property
    def names(self) -> Names:
        """Functions and types that expressions may name."""
        return Names(self.catalog.functions, self.catalog.types)

    def source(self, name: exp.Identifier) -> Source:
        """Return the stream or table of that name.

        Raises:
            BindError: There is none.
        """
        found = self.catalog.sources.get(name.name)
        if found is None:
            raise BindError(
                f'stream or table "{name.name}" does not exist',
                span(name),
                hint=did_you_mean(name.name, self.catalog.sources),
            )
        return found

    def source_of_kind(self, name: exp.Identifier, kind: SourceKind) -> Source:
        """Return the source of that name, which must be of the kind.

        Raises:
            BindError: There is none, or it is of the other kind.
        """
        found = self.source(name)
        if found.kind is not kind:
            raise BindError(
                f'"{found.name}" is a {kind_word(found.kind)}, not a {kind_word(kind)}', span(name)
            )
        return found
