"""Printers of the statements."""

from collections.abc import Callable, Sequence

from sqlglot import exp
from sqlglot.generator import Generator

from streamsql.sql.dialect.generator.clauses import duration
from streamsql.sql.dialect.generator.expressions import commas
from streamsql.sql.dialect.nodes import statements
from streamsql.sql.dialect.nodes.clauses import WithProperties
from streamsql.sql.dialect.nodes.node import optional, several
from streamsql.sql.dialect.nodes.statements import declared_columns, source_name


def _words(*parts: str | None) -> str:
    """Return the parts that are not empty with blanks between them."""
    return " ".join(part for part in parts if part)


def _when(condition: object, text: str) -> str | None:
    return text if condition else None


def _enclosed(sql: Generator, nodes: Sequence[exp.Expr] | None) -> str | None:
    return None if nodes is None else f"({commas(sql, nodes)})"


def _maybe(sql: Generator, node: exp.Expr | None, before: str = "") -> str | None:
    return None if node is None else f"{before}{sql.sql(node)}"


def _timeout(sql: Generator, node: exp.Interval | None) -> str | None:
    return None if node is None else f"TIMEOUT {duration(sql, node)}"


def _column(sql: Generator, node: exp.ColumnDef) -> str:
    return _words(
        sql.sql(node, "this"),
        sql.sql(node, "kind"),
        *(sql.sql(constraint, "kind") for constraint in node.constraints),
    )


def _role(sql: Generator, node: statements.RoleConstraint) -> str:
    return node.role if node.header_key is None else f"{node.role}({sql.sql(node.header_key)})"


def _create(sql: Generator, node: exp.Create) -> str:
    return _words(
        "CREATE",
        _when(node.args.get("replace"), "OR REPLACE"),
        str(node.args["kind"]),
        _when(node.args.get("exists"), "IF NOT EXISTS"),
        _declaration(sql, node),
        _maybe(sql, optional(node, "expression", exp.Expression), "AS "),
    )


def _declaration(sql: Generator, node: exp.Create) -> str:
    columns = declared_columns(node)
    return _words(
        sql.sql(source_name(node)),
        _enclosed(sql, columns) if columns else None,
        _maybe(sql, optional(node, "properties", exp.Properties)),
    )


def _insert(sql: Generator, node: exp.Insert) -> str:
    return _words(
        f"INSERT INTO {sql.sql(source_name(node))}",
        _enclosed(sql, statements.written_columns(node)),
        _maybe(sql, optional(node, "settings", exp.Properties)),
        sql.sql(node, "expression"),
    )


def _alter(sql: Generator, node: exp.Alter) -> str:
    columns = several(node, "actions", exp.ColumnDef)
    additions = ", ".join(f"ADD COLUMN {sql.sql(column)}" for column in columns)
    return f"ALTER {node.args['kind']} {sql.sql(source_name(node))} {additions}"


def _drop(sql: Generator, node: exp.Drop) -> str:
    return _words(
        f"DROP {node.args['kind']}",
        _when(node.args.get("exists"), "IF EXISTS"),
        sql.sql(source_name(node)),
        _when(node.args.get("purge"), "DELETE TOPIC"),
    )


def _create_type(sql: Generator, node: statements.CreateType) -> str:
    return _words(
        "CREATE TYPE",
        _when(node.if_not_exists, "IF NOT EXISTS"),
        f"{sql.sql(node.type_name)} AS {sql.sql(node.definition)}",
    )


def _create_connector(sql: Generator, node: statements.CreateConnector) -> str:
    return _words(
        f"CREATE {node.direction} CONNECTOR",
        _when(node.if_not_exists, "IF NOT EXISTS"),
        sql.sql(node.connector_name),
        sql.sql(node.properties),
    )


def _drop_named(what: str, if_exists: bool, name: str) -> str:
    return _words("DROP", what, _when(if_exists, "IF EXISTS"), name)


def _control(
    verb: str,
) -> Callable[[Generator, statements.Terminate | statements.Pause | statements.Resume], str]:
    return lambda sql, node: f"{verb} {'ALL' if node.query_id is None else sql.sql(node.query_id)}"


def _explain(sql: Generator, node: statements.Explain) -> str:
    return _words("EXPLAIN", node.level, _maybe(sql, node.statement), _maybe(sql, node.query_id))


def _print(sql: Generator, node: statements.Print) -> str:
    return _words(
        f"PRINT {sql.sql(node.topic)}",
        _when(node.from_beginning, "FROM BEGINNING"),
        _maybe(sql, node.interval, "INTERVAL "),
        _maybe(sql, node.limit, "LIMIT "),
    )


def _assert_topic(sql: Generator, node: statements.AssertTopic) -> str:
    return _words(
        "ASSERT",
        _when(node.negated, "NOT EXISTS"),
        f"TOPIC {sql.sql(node.topic)}",
        _maybe(sql, node.properties),
        _timeout(sql, node.timeout),
    )


def _assert_schema(sql: Generator, node: statements.AssertSchema) -> str:
    return _words(
        "ASSERT",
        _when(node.negated, "NOT EXISTS"),
        "SCHEMA",
        _maybe(sql, node.subject, "SUBJECT "),
        _maybe(sql, node.schema_id, "ID "),
        _timeout(sql, node.timeout),
    )


def _assert_values(sql: Generator, node: statements.AssertValues) -> str:
    return _words(
        f"ASSERT VALUES {sql.sql(node.source_name)}",
        _enclosed(sql, node.columns),
        f"VALUES {_enclosed(sql, node.row)}",
    )


def _assert_null_values(sql: Generator, node: statements.AssertNullValues) -> str:
    return _words(
        f"ASSERT NULL VALUES {sql.sql(node.source_name)}",
        _enclosed(sql, node.columns),
        f"KEY {_enclosed(sql, node.row)}",
    )


def _assert_source(sql: Generator, node: statements.AssertSource) -> str:
    return f"ASSERT {node.declaration.args['kind']} {_declaration(sql, node.declaration)}"


def _extended(text: str, extended: bool) -> str:
    return _words(text, _when(extended, "EXTENDED"))


def _setting(
    verb: str,
) -> Callable[[Generator, statements.SetProperty | statements.AlterSystem], str]:
    return lambda sql, node: f"{verb} {sql.sql(node.property_name)} = {sql.sql(node.value)}"


STATEMENTS: dict[type[exp.Expr], Callable[..., str]] = {
    exp.ColumnDef: _column,
    exp.PrimaryKeyColumnConstraint: lambda *_: "PRIMARY KEY",
    statements.RoleConstraint: _role,
    exp.Property: lambda sql, node: f"{sql.sql(node, 'this')} = {sql.sql(node, 'value')}",
    WithProperties: lambda sql, node: (
        f"WITH ({commas(sql, several(node, 'expressions', exp.Property))})"
    ),
    exp.Create: _create,
    exp.Insert: _insert,
    exp.Alter: _alter,
    exp.Drop: _drop,
    statements.CreateType: _create_type,
    statements.DropType: lambda sql, node: _drop_named(
        "TYPE", node.if_exists, sql.sql(node.type_name)
    ),
    statements.CreateConnector: _create_connector,
    statements.DropConnector: lambda sql, node: _drop_named(
        "CONNECTOR", node.if_exists, sql.sql(node.connector_name)
    ),
    statements.DescribeConnector: lambda sql, node: (
        f"DESCRIBE CONNECTOR {sql.sql(node.connector_name)}"
    ),
    statements.Terminate: _control("TERMINATE"),
    statements.Pause: _control("PAUSE"),
    statements.Resume: _control("RESUME"),
    statements.Explain: _explain,
    statements.Show: lambda _, node: _extended(f"SHOW {node.subject}", node.extended),
    statements.Describe: lambda sql, node: _extended(
        f"DESCRIBE {sql.sql(node.source_name)}", node.extended
    ),
    statements.DescribeAll: lambda _, node: _extended(f"DESCRIBE {node.kind}S", node.extended),
    statements.DescribeFunction: lambda sql, node: f"DESCRIBE FUNCTION {sql.sql(node.function)}",
    statements.Print: _print,
    statements.SetProperty: _setting("SET"),
    statements.UnsetProperty: lambda sql, node: f"UNSET {sql.sql(node.property_name)}",
    statements.AlterSystem: _setting("ALTER SYSTEM"),
    statements.Define: lambda sql, node: f"DEFINE {sql.sql(node.variable)} = {sql.sql(node.value)}",
    statements.Undefine: lambda sql, node: f"UNDEFINE {sql.sql(node.variable)}",
    statements.AssertTopic: _assert_topic,
    statements.AssertSchema: _assert_schema,
    statements.AssertValues: _assert_values,
    statements.AssertNullValues: _assert_null_values,
    statements.AssertSource: _assert_source,
    statements.RunScript: lambda sql, node: f"RUN SCRIPT {sql.sql(node.path)}",
}
