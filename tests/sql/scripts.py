"""A script bound statement by statement: the room alone, without the engine's settings."""

from collections.abc import Iterator, Mapping

from streamsql.catalog.catalog import Catalog
from streamsql.sql.binding.settings import plain_name
from streamsql.sql.compile import bind
from streamsql.sql.dialect.parse import parse_script
from streamsql.sql.statements import SetProperty, Statement


def bind_script(
    text: str, catalog: Catalog, settings: Mapping[str, str]
) -> Iterator[tuple[Statement, Catalog]]:
    """Yield the statements, each with the catalog after it."""
    said = {plain_name(name): value for name, value in settings.items()}
    for parsed in parse_script(text):
        statement, catalog = bind(parsed, catalog, said)
        if isinstance(statement, SetProperty):
            said.pop(statement.name, None)
            said |= {} if statement.value is None else {statement.name: statement.value}
        yield statement, catalog
