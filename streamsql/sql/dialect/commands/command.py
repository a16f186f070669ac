"""Statements by their first word."""

from collections.abc import Callable

from sqlglot import exp

from streamsql.sql.dialect.commands.asserts import parse_assert
from streamsql.sql.dialect.commands.session import (
    parse_define,
    parse_describe,
    parse_explain,
    parse_pause,
    parse_print,
    parse_resume,
    parse_run_script,
    parse_set,
    parse_show,
    parse_terminate,
    parse_undefine,
    parse_unset,
)
from streamsql.sql.dialect.commands.sources import (
    parse_alter,
    parse_create,
    parse_drop,
    parse_insert,
)
from streamsql.sql.dialect.cursor import Cursor

_COMMANDS: dict[str, Callable[[Cursor], exp.Expr]] = {
    "SELECT": lambda cursor: cursor.parse_query(),
    "WITH": lambda cursor: cursor.parse_query(),
    "CREATE": parse_create,
    "INSERT": parse_insert,
    "DROP": parse_drop,
    "ALTER": parse_alter,
    "SHOW": parse_show,
    "LIST": parse_show,
    "DESCRIBE": parse_describe,
    "EXPLAIN": parse_explain,
    "PRINT": parse_print,
    "TERMINATE": parse_terminate,
    "PAUSE": parse_pause,
    "RESUME": parse_resume,
    "SET": parse_set,
    "UNSET": parse_unset,
    "DEFINE": parse_define,
    "UNDEFINE": parse_undefine,
    "ASSERT": parse_assert,
    "RUN": parse_run_script,
}
_ELSEWHERE = {
    "UPDATE": "INSERT INTO a table replaces the row of the same key.",
    "DELETE": "A row of a table is deleted by a record with its key and no value.",
    "TRUNCATE": "DROP … DELETE TOPIC removes a source with its topic.",
    "MERGE": "INSERT INTO a table replaces the row of the same key.",
    "USE": "There is one catalog; its sources need no prefix.",
}


def parse_command(cursor: Cursor) -> exp.Expr:
    """Read a statement of any kind, to its end."""
    parse = _COMMANDS.get("SELECT" if cursor.at("(") else cursor.keyword)
    if parse is not None:
        return parse(cursor)
    hint = _ELSEWHERE.get(cursor.keyword)
    if hint is not None:
        raise cursor.error(f"{cursor.keyword} is not part of the language", hint=hint)
    for word in _COMMANDS:
        cursor.accept(word)  # noted for the error
    raise cursor.error()
