"""Printers of the statements."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from streamsql.sql.dialect.generator.printing import Print, commas, when, words
from streamsql.sql.dialect.nodes import statements


def _list(sql: Print, nodes: Sequence[exp.Expr] | None) -> str | None:
    return f"({commas(sql, nodes)})" if nodes is not None else None


def _optional(sql: Print, node: exp.Expr | None, before: str = "") -> str | None:
    return f"{before}{sql(node)}" if node is not None else None


def _column(sql: Print, node: statements.ColumnDefinition) -> str:
    key = f"({sql(node.header_key)})" if node.header_key is not None else ""
    return words(sql(node.column_name), sql(node.column_type), node.role + key)


def _property(sql: Print, node: statements.Property) -> str:
    return f"{sql(node.property_name)} = {sql(node.value)}"


def _create_source(sql: Print, node: statements.CreateSource) -> str:
    return words(
        "CREATE",
        when(node.or_replace, "OR REPLACE"),
        when(node.read_only, "SOURCE"),
        node.kind,
        when(node.if_not_exists, "IF NOT EXISTS"),
        sql(node.source_name),
        _list(sql, node.elements),
        _optional(sql, node.properties),
    )


def _create_as(sql: Print, node: statements.CreateAs) -> str:
    return words(
        "CREATE",
        when(node.or_replace, "OR REPLACE"),
        node.kind,
        when(node.if_not_exists, "IF NOT EXISTS"),
        sql(node.source_name),
        _optional(sql, node.properties),
        f"AS {sql(node.query)}",
    )


def _insert_select(sql: Print, node: statements.InsertSelect) -> str:
    return words(
        f"INSERT INTO {sql(node.target)}", _optional(sql, node.properties), sql(node.query)
    )


def _insert_values(sql: Print, node: statements.InsertValues) -> str:
    return words(
        f"INSERT INTO {sql(node.target)}",
        _list(sql, node.columns),
        f"VALUES ({commas(sql, node.row)})",
    )


def _alter_source(sql: Print, node: statements.AlterSource) -> str:
    additions = ", ".join(f"ADD COLUMN {sql(column)}" for column in node.additions)
    return f"ALTER {node.kind} {sql(node.source_name)} {additions}"


def _drop_source(sql: Print, node: statements.DropSource) -> str:
    return words(
        f"DROP {node.kind}",
        when(node.if_exists, "IF EXISTS"),
        sql(node.source_name),
        when(node.delete_topic, "DELETE TOPIC"),
    )


def _create_type(sql: Print, node: statements.CreateType) -> str:
    return words(
        "CREATE TYPE",
        when(node.if_not_exists, "IF NOT EXISTS"),
        f"{sql(node.type_name)} AS {sql(node.definition)}",
    )


def _create_connector(sql: Print, node: statements.CreateConnector) -> str:
    return words(
        f"CREATE {node.direction} CONNECTOR",
        when(node.if_not_exists, "IF NOT EXISTS"),
        sql(node.connector_name),
        sql(node.properties),
    )


def _drop(subject: str, if_exists: bool, name: str) -> str:
    return words("DROP", subject, when(if_exists, "IF EXISTS"), name)


def _control(verb: str) -> Callable[[Print, Any], str]:
    def render(sql: Print, node: Any) -> str:
        return f"{verb} {sql(node.query_id) if node.query_id is not None else 'ALL'}"

    return render


def _explain(sql: Print, node: statements.Explain) -> str:
    return words(
        "EXPLAIN", node.level, _optional(sql, node.statement), _optional(sql, node.query_id)
    )


def _print(sql: Print, node: statements.Print) -> str:
    return words(
        f"PRINT {sql(node.topic)}",
        when(node.from_beginning, "FROM BEGINNING"),
        _optional(sql, node.interval, "INTERVAL "),
        _optional(sql, node.limit, "LIMIT "),
    )


def _assert_topic(sql: Print, node: statements.AssertTopic) -> str:
    return words(
        "ASSERT",
        when(node.negated, "NOT EXISTS"),
        f"TOPIC {sql(node.topic)}",
        _optional(sql, node.properties),
        _optional(sql, node.timeout, "TIMEOUT "),
    )


def _assert_schema(sql: Print, node: statements.AssertSchema) -> str:
    return words(
        "ASSERT",
        when(node.negated, "NOT EXISTS"),
        "SCHEMA",
        _optional(sql, node.subject, "SUBJECT "),
        _optional(sql, node.schema_id, "ID "),
        _optional(sql, node.timeout, "TIMEOUT "),
    )


def _assert_values(sql: Print, node: statements.AssertValues) -> str:
    return words(
        f"ASSERT VALUES {sql(node.source_name)}",
        _list(sql, node.columns),
        f"VALUES ({commas(sql, node.row)})",
    )


def _assert_null_values(sql: Print, node: statements.AssertNullValues) -> str:
    return words(
        f"ASSERT NULL VALUES {sql(node.source_name)}",
        _list(sql, node.columns),
        f"KEY ({commas(sql, node.row)})",
    )


def _assert_source(sql: Print, node: statements.AssertSource) -> str:
    return words(
        f"ASSERT {node.kind} {sql(node.source_name)}",
        _list(sql, node.elements),
        _optional(sql, node.properties),
    )


def _extended(text: str, extended: bool) -> str:
    return words(text, when(extended, "EXTENDED"))


def _setting(verb: str) -> Callable[[Print, Any], str]:
    return lambda sql, node: f"{verb} {sql(node.property_name)} = {sql(node.value)}"


STATEMENT_PRINTERS: dict[type[exp.Expr], Callable[[Print, Any], str]] = {
    statements.ColumnDefinition: _column,
    statements.Property: _property,
    statements.Properties: lambda sql, node: f"WITH ({commas(sql, node.entries)})",
    statements.CreateSource: _create_source,
    statements.CreateAs: _create_as,
    statements.InsertSelect: _insert_select,
    statements.InsertValues: _insert_values,
    statements.AlterSource: _alter_source,
    statements.DropSource: _drop_source,
    statements.CreateType: _create_type,
    statements.DropType: lambda sql, node: _drop("TYPE", node.if_exists, sql(node.type_name)),
    statements.CreateConnector: _create_connector,
    statements.DropConnector: lambda sql, node: _drop(
        "CONNECTOR", node.if_exists, sql(node.connector_name)
    ),
    statements.DescribeConnector: lambda sql, node: (
        f"DESCRIBE CONNECTOR {sql(node.connector_name)}"
    ),
    statements.Terminate: _control("TERMINATE"),
    statements.Pause: _control("PAUSE"),
    statements.Resume: _control("RESUME"),
    statements.Explain: _explain,
    statements.Show: lambda _, node: _extended(f"SHOW {node.subject}", node.extended),
    statements.Describe: lambda sql, node: _extended(
        f"DESCRIBE {sql(node.source_name)}", node.extended
    ),
    statements.DescribeAll: lambda _, node: _extended(f"DESCRIBE {node.kind}S", node.extended),
    statements.DescribeFunction: lambda sql, node: f"DESCRIBE FUNCTION {sql(node.function)}",
    statements.Print: _print,
    statements.SetProperty: _setting("SET"),
    statements.UnsetProperty: lambda sql, node: f"UNSET {sql(node.property_name)}",
    statements.AlterSystem: _setting("ALTER SYSTEM"),
    statements.Define: lambda sql, node: f"DEFINE {sql(node.variable)} = {sql(node.value)}",
    statements.Undefine: lambda sql, node: f"UNDEFINE {sql(node.variable)}",
    statements.AssertTopic: _assert_topic,
    statements.AssertSchema: _assert_schema,
    statements.AssertValues: _assert_values,
    statements.AssertNullValues: _assert_null_values,
    statements.AssertSource: _assert_source,
    statements.RunScript: lambda sql, node: f"RUN SCRIPT {sql(node.path)}",
}
