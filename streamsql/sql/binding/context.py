"""What a statement is bound against: the catalog, the settings, and the statement itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from streamsql.catalog.catalog import Catalog, Source
from streamsql.errors import BindError, Span
from streamsql.formats.registry import SchemaRegistry
from streamsql.sql.binding.expressions.expression import Names
from streamsql.sql.binding.scope import did_you_mean, kind_word
from streamsql.sql.dialect.nodes.statements import name_span
from streamsql.types.record import SourceKind


@dataclass(frozen=True, slots=True)
class Context:
    """One statement and its surroundings.

    Attributes:
        text: The statement's own text.
        where: Its place in the submitted text.
        registry: Tells the columns that a declaration leaves out.
    """

    catalog: Catalog
    settings: Mapping[str, str]
    text: str
    where: Span
    registry: SchemaRegistry

    @property
    def names(self) -> Names:
        """Functions and types that expressions may name."""
        return Names(self.catalog.functions, self.catalog.types)

    def source(self, name: exp.Table) -> Source:
        """Return the stream or table of that name, the application's own before any other's.

        Raises:
            BindError: There is none, or only several of other applications.
        """
        own = self.own_source(name)
        found = self._foreign(name) if own is None else (own,)
        if not found:
            raise self._missing(name)
        if len(found) > 1:
            choices = " or ".join(source.full_name for source in found)
            raise BindError(
                f'"{name.name}" is ambiguous: several applications declare it',
                name_span(name),
                hint=f"Name the application: {choices}.",
            )
        return found[0]

    def source_of_kind(self, name: exp.Table, kind: SourceKind) -> Source:
        """Return the source of that name, which must be of the kind.

        Raises:
            BindError: There is none, or it is of the other kind.
        """
        found = self.source(name)
        if found.kind is not kind:
            raise BindError(
                f'"{found.name}" is a {kind_word(found.kind)}, not a {kind_word(kind)}',
                name_span(name),
            )
        return found

    def own_source(self, name: exp.Table) -> Source | None:
        """Return the application's own source of that name, if there is one."""
        if name.db not in {"", self.catalog.application}:
            return None
        return self.catalog.sources.get(name.name)

    def check_own(self, source: Source, name: exp.Table) -> None:
        """Refuse to change what another application declares.

        Raises:
            BindError: One does.
        """
        if source.application is not None:
            raise BindError(
                f'{kind_word(source.kind)} "{source.name}" belongs to application '
                f'"{source.application}"',
                name_span(name),
                hint="It can be read here, and changed there.",
            )

    def check_own_name(self, name: exp.Table) -> None:
        """Refuse to declare a source in the name of another application.

        Raises:
            BindError: It shall be another's.
        """
        if name.db not in {"", self.catalog.application}:
            raise BindError(
                f'a source of application "{name.db}" cannot be declared by application '
                f'"{self.catalog.application}"',
                name_span(name),
                hint="Leave the application's name out.",
            )

    def _foreign(self, name: exp.Table) -> tuple[Source, ...]:
        found = self.catalog.foreign.get(name.name, ())
        return tuple(source for source in found if name.db in {"", source.application})

    def _missing(self, name: exp.Table) -> BindError:
        others = [source for sources in self.catalog.foreign.values() for source in sources]
        if not name.db:
            known = [*self.catalog.sources, *(source.name for source in others)]
            text, hint = f'"{name.name}" does not exist', did_you_mean(name.name, known)
        else:
            text = f'"{name.name}" does not exist in application "{name.db}"'
            hint = did_you_mean(name.name, [s.name for s in others if s.application == name.db])
        if hint is None and name.name in self.catalog.foreign:
            choices = " or ".join(s.full_name for s in self.catalog.foreign[name.name])
            hint = f"There is {choices}."
        return BindError(f"stream or table {text}", name_span(name), hint=hint)
