"""The front door: one statement from text to meaning, and the catalog as it will be after it.

:func:`bind` is pure: it looks at a catalog and changes nothing, so that a whole script can be bound
before its first statement takes effect.
"""

from collections.abc import Mapping

from sqlglot import exp

from streamsql.catalog.catalog import Catalog, PersistentQuery
from streamsql.errors import BindError, StatementError, UnsupportedError
from streamsql.formats.registry import NO_REGISTRY, SchemaRegistry
from streamsql.sql import statements
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.queries.select import bind_select
from streamsql.sql.binding.settings import plain_name
from streamsql.sql.binding.statements import asserts, commands
from streamsql.sql.binding.statements import declarations as ddl
from streamsql.sql.binding.statements.sink import bind_insert_select
from streamsql.sql.binding.statements.values import bind_insert_values
from streamsql.sql.binding.unsupported import refuse_unsupported
from streamsql.sql.dialect.nodes import statements as nodes
from streamsql.sql.dialect.parse import ParsedStatement


def bind(
    parsed: ParsedStatement,
    catalog: Catalog,
    settings: Mapping[str, str],
    registry: SchemaRegistry = NO_REGISTRY,
) -> tuple[statements.Statement, Catalog]:
    """Return what a statement means, and the catalog as it is once it has been carried out.

    Args:
        parsed: The statement.
        catalog: The sources, queries, types and functions it may name.
        settings: Values of settings by name, as ``SET`` gives them; the prefix ``ksql.streams.``
            may be there or not.
        registry: Tells the columns that declarations leave out.

    Raises:
        BindError: It means nothing here; the span says where.
        UnsupportedError: It has a meaning that this version cannot carry out.
    """
    plain = {plain_name(name): value for name, value in settings.items()}
    context = Context(catalog, plain, parsed.text, parsed.span, registry)
    try:
        refuse_unsupported(parsed.node)
        statement = _bind(parsed.node, context)
    except StatementError as error:
        if error.span is None:
            error.span = parsed.span
        raise
    except RecursionError as error:
        hint = "Split it: compute a part of it in another query."
        raise BindError("the statement nests too deeply", parsed.span, hint) from error
    return statement, _after(statement, parsed.text, catalog)


def names_of_others(parsed: ParsedStatement, catalog: Catalog) -> frozenset[str]:
    """Return the names of sources in a statement that are not those of the catalog's own."""
    return frozenset(
        name.name
        for name in nodes.names_read(parsed.node)
        if name.db not in {"", catalog.application} or name.name not in catalog.sources
    )


def _after(statement: statements.Statement, text: str, catalog: Catalog) -> Catalog:
    match statement:
        case statements.CreateSource(source) | statements.AlterSource(source):
            return catalog.with_source(source)
        case statements.CreateAs(source, _, sources, query_id):
            query = PersistentQuery(query_id, source.name, text, sources)
            return catalog.with_source(source).with_query(query)
        case statements.InsertSelect(sink, _, sources, query_id):
            return catalog.with_query(PersistentQuery(query_id, sink.name, text, sources))
        case statements.DropSource(source):
            return catalog.without_queries(source.writers).without_source(source.name)
        case statements.Terminate(query_id):
            return catalog.without_queries(catalog.queries if query_id is None else (query_id,))
        case statements.CreateType(name, sql_type):
            return catalog.with_type(name, sql_type)
        case statements.DropType(name):
            return catalog.without_type(name)
        case _:
            return catalog


# Every statement is named in one of the functions below: one branch each is what they are for.


def _bind(node: exp.Expr, context: Context) -> statements.Statement:  # noqa: C901, PLR0911, PLR0912
    """Bind a query, or a statement that changes what there is."""
    match node:
        case exp.Select():
            return bind_select(node, context)
        case exp.Create():
            return _create(node, context)
        case exp.Insert():
            return _insert(node, context)
        case exp.Alter():
            return ddl.alter_source(node, context)
        case exp.Drop():
            return ddl.drop_source(node, context)
        case nodes.CreateType():
            return ddl.create_type(node, context)
        case nodes.DropType():
            return ddl.drop_type(node, context)
        case nodes.Terminate():
            return ddl.terminate(node, context)
        case nodes.AssertTopic():
            return asserts.assert_topic(node)
        case nodes.AssertValues():
            return asserts.assert_values(node, context)
        case nodes.AssertNullValues():
            return asserts.assert_null_values(node, context)
        case nodes.AssertSource():
            return asserts.assert_source(node, context)
        case _:
            return _bind_command(node, context)


def _bind_command(node: exp.Expr, context: Context) -> statements.Statement:  # noqa: C901, PLR0911
    """Bind a statement that only looks, or changes the session."""
    match node:
        case nodes.Explain():
            inner = None if node.statement is None else _bind(node.statement, context)
            return commands.explain(node, inner, context)
        case nodes.Show():
            return commands.show(node, context)
        case nodes.Describe():
            return commands.describe(node, context)
        case nodes.DescribeAll():
            return commands.describe_all(node)
        case nodes.DescribeFunction():
            return commands.describe_function(node, context)
        case nodes.Print():
            return commands.print_topic(node, context)
        case nodes.SetProperty():
            return commands.set_property(node)
        case nodes.UnsetProperty():
            return commands.unset_property(node)
        case nodes.Define():
            return commands.define(node)
        case nodes.Undefine():
            return commands.undefine(node)
        case nodes.RunScript():
            return commands.run_script(node)
        case _:
            what = _UNSUPPORTED.get(type(node), "this statement")
            raise UnsupportedError(f"{what} is not supported", context.where)


_UNSUPPORTED: dict[type[exp.Expr], str] = {
    nodes.CreateConnector: "CREATE CONNECTOR",
    nodes.DropConnector: "DROP CONNECTOR",
    nodes.DescribeConnector: "DESCRIBE CONNECTOR",
    nodes.Pause: "PAUSE",
    nodes.Resume: "RESUME",
    nodes.AlterSystem: "ALTER SYSTEM",
    nodes.AssertSchema: "ASSERT SCHEMA",
}


def _create(node: exp.Create, context: Context) -> statements.Statement:
    if node.args.get("expression") is None:
        return ddl.create_source(node, context)
    return ddl.create_as(node, context)


def _insert(node: exp.Insert, context: Context) -> statements.Statement:
    if isinstance(node.args["expression"], exp.Values):
        return bind_insert_values(node, context)
    return bind_insert_select(node, context)
