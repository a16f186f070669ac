"""The front door: text to bound statements, and the catalog as it is after them.

:func:`bind` is pure: it looks at a catalog and changes nothing. :func:`apply` says what the catalog
will be once a statement is carried out, so that :func:`bind_script` can bind a whole script before
its first statement takes effect.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch

from sqlglot import exp

from streamsql.catalog.catalog import Catalog, PersistentQuery
from streamsql.errors import BindError, StatementError, UnsupportedError
from streamsql.sql import statements
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.queries.select import bind_select
from streamsql.sql.binding.settings import plain_name
from streamsql.sql.binding.statements import asserts, commands
from streamsql.sql.binding.statements import declarations as ddl
from streamsql.sql.binding.statements.sink import bind_insert_select
from streamsql.sql.binding.statements.values import bind_insert_values
from streamsql.sql.dialect.nodes import statements as nodes
from streamsql.sql.dialect.parse import ParsedStatement, parse_script
from streamsql.sql.statements import Bound


def bind(parsed: ParsedStatement, catalog: Catalog, settings: Mapping[str, str]) -> Bound:
    """Return what a statement means.

    Args:
        parsed: The statement.
        catalog: The sources, queries, types and functions it may name.
        settings: Values of settings by name, as ``SET`` gives them; the prefix ``ksql.streams.``
            may be there or not.

    Raises:
        BindError: It means nothing here; the span says where.
        UnsupportedError: It has a meaning that this version cannot carry out.
    """
    plain = {plain_name(name): value for name, value in settings.items()}
    context = Context(catalog, plain, parsed.text, parsed.span)
    try:
        statement = _bind(parsed.node, context)
    except StatementError as error:
        if error.span is None:
            error.span = parsed.span
        raise
    except RecursionError as error:
        hint = "Split it: compute a part of it in another query."
        raise BindError("the statement nests too deeply", parsed.span, hint) from error
    directives = {directive.name: directive.value for directive in parsed.directives}
    return Bound(statement, parsed.span, directives)


def apply(statement: statements.Statement, catalog: Catalog) -> Catalog:
    """Return the catalog as it is after the statement is carried out."""
    match statement:
        case statements.CreateSource(source):
            return catalog.with_source(source)
        case statements.CreateAs():
            return _with_result(statement, catalog)
        case statements.InsertSelect():
            return catalog.with_query(
                PersistentQuery(
                    statement.query_id, statement.sink.name, statement.text, statement.sources
                )
            )
        case statements.DropSource(source) if source is not None:
            if source.query is not None:
                catalog = catalog.without_query(source.query)
            return catalog.without_source(source.name)
        case statements.AlterSource(source):
            return catalog.with_source(source)
        case statements.Terminate(query_id):
            return _without_queries(query_id, catalog)
        case _:
            return _with_types(statement, catalog)


def _without_queries(query_id: str | None, catalog: Catalog) -> Catalog:
    for ended in list(catalog.queries) if query_id is None else [query_id]:
        catalog = catalog.without_query(ended)
    return catalog


def _with_types(statement: statements.Statement, catalog: Catalog) -> Catalog:
    match statement:
        case statements.CreateType() if not statement.skip:
            return catalog.with_type(statement.name, statement.type)
        case statements.DropType(name) if name is not None:
            return catalog.without_type(name)
        case _:
            return catalog


def apply_setting(statement: statements.Statement, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the settings as they are after the statement: only SET and UNSET change them."""
    changed = {plain_name(name): value for name, value in settings.items()}
    if isinstance(statement, statements.SetProperty):
        if statement.value is None:
            changed.pop(statement.name, None)
        else:
            changed[statement.name] = statement.value
    return changed


def bind_script(
    text: str,
    catalog: Catalog,
    settings: Mapping[str, str],
    variables: Mapping[str, str] | None = None,
) -> list[Bound]:
    """Return what the statements of a script mean, each after the ones before it.

    Raises:
        StatementError: At the first statement that is wrong or not supported; it knows the text.
    """
    bound: list[Bound] = []
    known: dict[str, str] = dict(settings)
    for parsed in parse_script(text, variables):
        try:
            one = bind(parsed, catalog, known)
        except StatementError as error:
            error.attach(text)
            raise
        bound.append(one)
        catalog = apply(one.statement, catalog)
        known = apply_setting(one.statement, known)
    return bound


def _with_result(statement: statements.CreateAs, catalog: Catalog) -> Catalog:
    if statement.source.name in catalog.sources:
        return catalog  # IF NOT EXISTS met one
    source = replace(statement.source, writers=frozenset())
    query = PersistentQuery(statement.query_id, source.name, statement.text, statement.sources)
    return catalog.with_source(source).with_query(query)


@singledispatch
def _bind(node: exp.Expr, context: Context) -> statements.Statement:
    """Bind a statement by the class of its node; what has no binder is not supported."""
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

_bind.register(exp.Select, bind_select)
_bind.register(exp.Alter, ddl.alter_source)
_bind.register(exp.Drop, ddl.drop_source)
_bind.register(nodes.CreateType, ddl.create_type)
_bind.register(nodes.DropType, ddl.drop_type)
_bind.register(nodes.Terminate, ddl.terminate)
_bind.register(nodes.Show, commands.show)
_bind.register(nodes.Describe, commands.describe)
_bind.register(nodes.DescribeAll, commands.describe_all)
_bind.register(nodes.DescribeFunction, commands.describe_function)
_bind.register(nodes.Print, commands.print_topic)
_bind.register(nodes.SetProperty, commands.set_property)
_bind.register(nodes.UnsetProperty, commands.unset_property)
_bind.register(nodes.Define, commands.define)
_bind.register(nodes.Undefine, commands.undefine)
_bind.register(nodes.RunScript, commands.run_script)
_bind.register(nodes.AssertTopic, asserts.assert_topic)
_bind.register(nodes.AssertValues, asserts.assert_values)
_bind.register(nodes.AssertNullValues, asserts.assert_null_values)
_bind.register(nodes.AssertSource, asserts.assert_source)


@_bind.register(nodes.Explain)
def _explain(node: nodes.Explain, context: Context) -> statements.Statement:
    inner = None if node.statement is None else _bind(node.statement, context)
    return commands.explain(node, inner, context)


@_bind.register(exp.Create)
def _create(node: exp.Create, context: Context) -> statements.Statement:
    if node.args.get("expression") is None:
        return ddl.create_source(node, context)
    return ddl.create_as(node, context)


@_bind.register(exp.Insert)
def _insert(node: exp.Insert, context: Context) -> statements.Statement:
    if isinstance(node.args["expression"], exp.Values):
        return bind_insert_values(node, context)
    return bind_insert_select(node, context)
