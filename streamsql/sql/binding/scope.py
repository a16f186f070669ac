"""What names mean inside a query: the sources of FROM and their columns.

A query over one source sees its columns by their own names; over several, every column carries its
source's alias (``L.ID``) from the scan up to the final projection.
"""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from streamsql.catalog.catalog import Source
from streamsql.errors import BindError, Span
from streamsql.expr.nodes import ColumnRef
from streamsql.sql.dialect.nodes.node import span
from streamsql.types.record import SourceKind
from streamsql.types.schema import ROW_COLUMNS, WINDOW_COLUMNS, Column


@dataclass(frozen=True, slots=True)
class ScopedSource:
    """A source as FROM or JOIN names it; ``where`` is the place of that name in the text."""

    alias: str
    source: Source
    qualified: bool
    where: Span

    def column_name(self, name: str) -> str:
        """Return how the plan names a column of the source."""
        return f"{self.alias}.{name}" if self.qualified else name

    def column(self, column: Column) -> Column:
        """Return the column under the plan's name."""
        return Column(self.column_name(column.name), column.type)

    def reference(self, column: Column) -> ColumnRef:
        """Return a reference to the column."""
        return ColumnRef(self.column_name(column.name), column.type)

    def pseudo_columns(self) -> tuple[Column, ...]:
        """Return the columns that every row has besides those of the schema."""
        windowed = self.source.schema.window is not None
        return ROW_COLUMNS + WINDOW_COLUMNS if windowed else ROW_COLUMNS

    def find(self, name: str) -> Column | None:
        """Return the column or pseudo column of that (unqualified) name."""
        found = self.source.schema.find(name)
        if found is not None:
            return found
        return next((column for column in self.pseudo_columns() if column.name == name), None)


class Scope:
    """The columns that an expression may refer to.

    Attributes:
        sources: The sources of FROM in the order written.
        extra: Columns of no source: the key that a join makes up, the bounds of the query's window.
    """

    __slots__ = ("extra", "sources")

    def __init__(self, sources: Sequence[ScopedSource], extra: Sequence[Column] = ()) -> None:
        self.sources = tuple(sources)
        self.extra = tuple(extra)

    @property
    def qualified(self) -> bool:
        """Whether columns carry the alias of their source."""
        return any(source.qualified for source in self.sources)

    def with_extra(self, columns: Sequence[Column]) -> "Scope":
        """Return a scope that knows these columns besides."""
        return Scope(self.sources, (*self.extra, *columns))

    def resolve(self, column: exp.Column) -> ColumnRef:
        """Return what a column name refers to.

        Raises:
            BindError: There is no such column or source, or the name is ambiguous.
        """
        name = column.this.name
        qualifier = column.args.get("table")
        if qualifier is not None:
            owner = self.source(qualifier)
            found = owner.find(name)
            if found is None:
                raise self._missing(name, span(column.this), (owner,))
            return owner.reference(found)
        return self._resolve_bare(name, span(column))

    def _resolve_bare(self, name: str, where: Span) -> ColumnRef:
        for column in self.extra:
            if column.name == name:
                return ColumnRef(name, column.type)
        owners = [(owner, owner.find(name)) for owner in self.sources]
        found = [(owner, column) for owner, column in owners if column is not None]
        if not found:
            raise self._missing(name, where, self.sources)
        if len(found) > 1:
            choices = " or ".join(f"{owner.alias}.{name}" for owner, _ in found)
            raise BindError(
                f'column "{name}" is ambiguous', where, hint=f"Name its source: {choices}."
            )
        owner, column = found[0]
        return owner.reference(column)

    def source(self, qualifier: exp.Identifier) -> ScopedSource:
        """Return the source of that alias.

        Raises:
            BindError: There is none.
        """
        for source in self.sources:
            if source.alias == qualifier.name:
                return source
        raise BindError(
            f'source "{qualifier.name}" is not in FROM',
            span(qualifier),
            hint=did_you_mean(qualifier.name, (source.alias for source in self.sources))
            or f"The sources are {', '.join(source.alias for source in self.sources)}.",
        )

    def is_clashing(self, name: str) -> bool:
        """Tell whether more than one source has a column of that name."""
        return sum(source.find(name) is not None for source in self.sources) > 1

    def owner_of(self, reference: ColumnRef) -> ScopedSource | None:
        """Return the source whose column a resolved reference means; ``None`` for extra columns."""
        for source in self.sources:
            if source.qualified:
                if reference.name.startswith(f"{source.alias}."):
                    return source
            elif source.find(reference.name) is not None:
                return source
        return None

    def names(self) -> Iterator[str]:
        """Yield the names of all columns, without qualifiers."""
        for source in self.sources:
            yield from (column.name for column in source.source.schema.columns())
        yield from (column.name for column in self.extra)

    def _missing(self, name: str, where: Span, owners: Sequence[ScopedSource]) -> BindError:
        known = [column.name for owner in owners for column in owner.source.schema.columns()]
        known += [column.name for column in self.extra]
        known += [column.name for owner in owners for column in owner.pseudo_columns()]
        if not owners:
            return BindError(f'column "{name}" has no value here', where, hint="Write a constant.")
        places = " or ".join(
            f"{kind_word(owner.source.kind)} {owner.source.name}" for owner in owners
        )
        return BindError(
            f'column "{name}" does not exist in {places}', where, hint=did_you_mean(name, known)
        )


def kind_word(kind: SourceKind) -> str:
    """Return "stream" or "table"."""
    return kind.value.lower()


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the closest of the known names, or ``None``."""
    choices = list(dict.fromkeys(known))
    by_upper = {choice.upper(): choice for choice in choices}
    exact = by_upper.get(name.upper())
    if exact is not None and exact != name:
        return f'Did you mean "{exact}"? Names in quotes keep their case.'
    close = difflib.get_close_matches(name.upper(), list(by_upper), n=1)
    return f'Did you mean "{by_upper[close[0]]}"?' if close else None
