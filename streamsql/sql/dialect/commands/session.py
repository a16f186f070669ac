"""Statements that look and steer: SHOW, DESCRIBE, EXPLAIN, PRINT, TERMINATE, SET and others."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import statements
from streamsql.sql.dialect.nodes.statements import ExplainLevel, ShowSubject, SourceKind

_EXTENDABLE = (
    ShowSubject.STREAMS,
    ShowSubject.TABLES,
    ShowSubject.QUERIES,
    ShowSubject.TOPICS,
    ShowSubject.ALL_TOPICS,
)
_EXPLAINABLE = ("SELECT", "CREATE", "INSERT")


def parse_topic(cursor: Cursor, what: str = "topic") -> exp.Literal:
    """Read a name of Kafka's, whose case counts: a string or a name, exactly as written."""
    token = cursor.token
    if token.token_type == TokenType.STRING:
        return cursor.string(f"a {what}")
    name = cursor.identifier(what)
    written = exp.Literal.string(name.name if name.args.get("quoted") else token.text)
    return cursor.node(written, token.start)


def parse_show(cursor: Cursor) -> exp.Expr:
    """Read SHOW or LIST."""
    mark = cursor.start
    cursor.read()
    for subject in ShowSubject:
        if cursor.accept(*subject.split()):
            extended = subject in _EXTENDABLE and cursor.accept("EXTENDED")
            return cursor.node(statements.Show(subject=subject, extended=extended), mark)
    raise cursor.error()


def parse_describe(cursor: Cursor) -> exp.Expr:
    """Read DESCRIBE."""
    mark = cursor.start
    cursor.expect("DESCRIBE")
    if cursor.at("FUNCTION") and cursor.peek(1) is not None:
        cursor.expect("FUNCTION")
        name = cursor.identifier("function")
        return cursor.node(statements.DescribeFunction(function=name), mark)
    if cursor.accept("CONNECTOR"):
        name = cursor.identifier("connector")
        return cursor.node(statements.DescribeConnector(connector_name=name), mark)
    for kind in SourceKind:
        if cursor.accept(f"{kind}S"):
            extended = cursor.accept("EXTENDED")
            return cursor.node(statements.DescribeAll(kind=kind, extended=extended), mark)
    name = cursor.identifier("source")
    extended = cursor.accept("EXTENDED")
    return cursor.node(statements.Describe(source_name=name, extended=extended), mark)


def parse_explain(cursor: Cursor) -> exp.Expr:
    """Read EXPLAIN of a statement or a running query."""
    mark = cursor.start
    cursor.expect("EXPLAIN")
    level: ExplainLevel | None = None
    for candidate in ExplainLevel:
        if cursor.peek(1) is not None and cursor.accept(candidate):
            level = candidate
            break
    if cursor.at_any(_EXPLAINABLE):
        statement = cursor.parse_statement()
        return cursor.node(statements.Explain(level=level, statement=statement), mark)
    if not cursor.at_identifier():
        cursor.fail(hint="Expected a query id, or a statement: SELECT, CREATE or INSERT.")
    query_id = cursor.identifier("query")
    return cursor.node(statements.Explain(level=level, query_id=query_id), mark)


def parse_print(cursor: Cursor) -> exp.Expr:
    """Read PRINT."""
    mark = cursor.start
    cursor.expect("PRINT")
    topic = parse_topic(cursor)
    from_beginning = cursor.accept("FROM", "BEGINNING")
    sampled = cursor.accept("INTERVAL") or cursor.accept("SAMPLE")
    interval = cursor.integer("how many records to step by") if sampled else None
    limit = cursor.integer("a number of records") if cursor.accept("LIMIT") else None
    made = statements.Print(
        topic=topic, from_beginning=from_beginning, interval=interval, limit=limit
    )
    return cursor.node(made, mark)


def parse_terminate(cursor: Cursor) -> exp.Expr:
    """Read TERMINATE."""
    mark = cursor.start
    cursor.expect("TERMINATE")
    return cursor.node(statements.Terminate(query_id=_query_id(cursor)), mark)


def parse_pause(cursor: Cursor) -> exp.Expr:
    """Read PAUSE."""
    mark = cursor.start
    cursor.expect("PAUSE")
    return cursor.node(statements.Pause(query_id=_query_id(cursor)), mark)


def parse_resume(cursor: Cursor) -> exp.Expr:
    """Read RESUME."""
    mark = cursor.start
    cursor.expect("RESUME")
    return cursor.node(statements.Resume(query_id=_query_id(cursor)), mark)


def _query_id(cursor: Cursor) -> exp.Identifier | None:
    return None if cursor.accept("ALL") else cursor.identifier("query")


def parse_set(cursor: Cursor) -> exp.Expr:
    """Read SET."""
    mark = cursor.start
    cursor.expect("SET")
    name = cursor.string("the name of a property")
    cursor.expect("=")
    value = cursor.string("a value")
    return cursor.node(statements.SetProperty(property_name=name, value=value), mark)


def parse_unset(cursor: Cursor) -> exp.Expr:
    """Read UNSET."""
    mark = cursor.start
    cursor.expect("UNSET")
    name = cursor.string("the name of a property")
    return cursor.node(statements.UnsetProperty(property_name=name), mark)


def parse_define(cursor: Cursor) -> exp.Expr:
    """Read DEFINE."""
    mark = cursor.start
    cursor.expect("DEFINE")
    variable = cursor.identifier("variable")
    cursor.expect("=")
    value = cursor.string("a value")
    return cursor.node(statements.Define(variable=variable, value=value), mark)


def parse_undefine(cursor: Cursor) -> exp.Expr:
    """Read UNDEFINE."""
    mark = cursor.start
    cursor.expect("UNDEFINE")
    return cursor.node(statements.Undefine(variable=cursor.identifier("variable")), mark)


def parse_run_script(cursor: Cursor) -> exp.Expr:
    """Read RUN SCRIPT."""
    mark = cursor.start
    cursor.expect("RUN", "SCRIPT")
    return cursor.node(statements.RunScript(path=cursor.string("the path of a file")), mark)
