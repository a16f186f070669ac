"""Statements that only look or concern the session: SHOW, DESCRIBE, EXPLAIN, PRINT, SET."""

from sqlglot import exp

from streamsql.errors import BindError, UnsupportedError
from streamsql.expr.resolve import is_function
from streamsql.sql import statements
from streamsql.sql.binding.context import Context
from streamsql.sql.binding.scope import did_you_mean
from streamsql.sql.binding.settings import plain_name
from streamsql.sql.binding.statements.declarations import query_id
from streamsql.sql.dialect.nodes import statements as nodes
from streamsql.sql.dialect.nodes.node import span
from streamsql.sql.statements import (
    CreateAs,
    ExplainWhat,
    InsertSelect,
    PullQuery,
    PushQuery,
    ShowWhat,
)

_CONNECTORS = frozenset(
    {
        nodes.ShowSubject.CONNECTORS,
        nodes.ShowSubject.SOURCE_CONNECTORS,
        nodes.ShowSubject.SINK_CONNECTORS,
        nodes.ShowSubject.CONNECTOR_PLUGINS,
    }
)


def show(node: nodes.Show, context: Context) -> statements.Show:
    """Bind SHOW | LIST.

    Raises:
        UnsupportedError: Connectors are asked for.
    """
    if node.subject in _CONNECTORS:
        raise UnsupportedError("connectors are not supported", context.where)
    subject = node.subject.value.removeprefix("ALL ")
    return statements.Show(ShowWhat(subject), node.extended)


def describe(node: nodes.Describe, context: Context) -> statements.Describe:
    """Bind DESCRIBE of a source.

    Raises:
        BindError: It does not exist.
    """
    return statements.Describe(context.source(node.source_name), node.extended)


def describe_all(node: nodes.DescribeAll) -> statements.Show:
    """Bind DESCRIBE STREAMS | TABLES: as SHOW … EXTENDED."""
    return statements.Show(ShowWhat(f"{node.kind.value}S"), True)


def describe_function(
    node: nodes.DescribeFunction, context: Context
) -> statements.DescribeFunction:
    """Bind DESCRIBE FUNCTION.

    Raises:
        BindError: It does not exist.
    """
    name = node.function.name.upper()
    if not is_function(context.catalog.functions, name):
        raise BindError(
            f'function "{name}" does not exist',
            span(node.function),
            hint=did_you_mean(name, context.catalog.functions.names())
            or "SHOW FUNCTIONS lists all functions.",
        )
    return statements.DescribeFunction(name)


def explain(
    node: nodes.Explain, inner: statements.Statement | None, context: Context
) -> statements.Explain:
    """Bind EXPLAIN; ``inner`` is the bound statement that is explained.

    Raises:
        BindError: The statement is no query, or no such query runs.
    """
    what = ExplainWhat.PLAN if node.level is None else ExplainWhat(node.level.value)
    if node.query_id is not None:
        return statements.Explain(what, None, query_id(node.query_id, context))
    match inner:
        case CreateAs() | InsertSelect() | PushQuery() | PullQuery():
            return statements.Explain(what, inner, None)
        case statements.NoEffect(reason):
            raise BindError(reason, context.where)
        case _:
            raise BindError(
                "only queries can be explained",
                context.where,
                hint="Explain SELECT, CREATE … AS SELECT, INSERT INTO … SELECT, or a query's id.",
            )


def print_topic(node: nodes.Print, context: Context) -> statements.PrintTopic:
    """Bind PRINT of a topic, or of the topic of a source that is named with its application.

    Raises:
        BindError: The interval is zero, or there is no such source.
    """
    topic = node.topic.name
    if isinstance(node.topic, exp.Table):
        topic = context.source(node.topic).topic
    interval = 1 if node.interval is None else int(node.interval.name)
    if interval < 1:
        assert node.interval is not None
        raise BindError("the interval is at least 1", span(node.interval))
    limit = None if node.limit is None else int(node.limit.name)
    return statements.PrintTopic(topic, node.from_beginning, interval, limit)


def set_property(node: nodes.SetProperty) -> statements.SetProperty:
    """Bind SET."""
    return statements.SetProperty(_setting(node.property_name), node.value.name)


def unset_property(node: nodes.UnsetProperty) -> statements.SetProperty:
    """Bind UNSET."""
    return statements.SetProperty(_setting(node.property_name), None)


def _setting(name: exp.Literal) -> str:
    plain = plain_name(name.name.strip())
    if not plain:
        raise BindError("a setting has a name", span(name))
    return plain


def define(node: nodes.Define) -> statements.DefineVariable:
    """Bind DEFINE."""
    return statements.DefineVariable(node.variable.name, node.value.name)


def undefine(node: nodes.Undefine) -> statements.DefineVariable:
    """Bind UNDEFINE."""
    return statements.DefineVariable(node.variable.name, None)


def run_script(node: nodes.RunScript) -> statements.RunScript:
    """Bind RUN SCRIPT."""
    return statements.RunScript(node.path.name)
