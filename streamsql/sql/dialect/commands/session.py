"""Statements that look and steer: SHOW, DESCRIBE, EXPLAIN, PRINT, TERMINATE, SET and others."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.clauses.relation import parse_table
from streamsql.sql.dialect.clauses.words import (
    at_identifier,
    parse_identifier,
    parse_integer,
    parse_string,
)
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.nodes import statements
from streamsql.sql.dialect.nodes.statements import ExplainLevel, ShowSubject
from streamsql.types.record import SourceKind

_EXTENDABLE = (
    ShowSubject.STREAMS,
    ShowSubject.TABLES,
    ShowSubject.QUERIES,
    ShowSubject.TOPICS,
    ShowSubject.ALL_TOPICS,
)
_EXPLAINABLE = ("SELECT", "WITH", "(", "CREATE", "INSERT")


def parse_topic(cursor: Cursor, what: str = "topic") -> exp.Literal:
    """Read a name of Kafka's, whose case counts: a string or a name, exactly as written."""
    token = cursor.token
    if token.token_type == TokenType.STRING:
        return parse_string(cursor, f"a {what}")
    name = parse_identifier(cursor, what)
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
        name = parse_identifier(cursor, "function")
        return cursor.node(statements.DescribeFunction(function=name), mark)
    if cursor.accept("CONNECTOR"):
        name = parse_identifier(cursor, "connector")
        return cursor.node(statements.DescribeConnector(connector_name=name), mark)
    for kind in SourceKind:
        if cursor.accept(f"{kind}S"):
            extended = cursor.accept("EXTENDED")
            return cursor.node(statements.DescribeAll(kind=kind, extended=extended), mark)
    source = parse_table(cursor, "source")
    extended = cursor.accept("EXTENDED")
    return cursor.node(statements.Describe(source_name=source, extended=extended), mark)


def parse_explain(cursor: Cursor) -> exp.Expr:
    """Read EXPLAIN of a statement or a running query."""
    mark = cursor.start
    cursor.expect("EXPLAIN")
    level: ExplainLevel | None = None
    for candidate in ExplainLevel:
        if cursor.peek(1) is not None and cursor.accept(candidate):
            level = candidate
            break
    if cursor.keyword in _EXPLAINABLE:
        statement = cursor.parse_statement()
        return cursor.node(statements.Explain(level=level, statement=statement), mark)
    if not at_identifier(cursor):
        raise cursor.error(hint="Expected a query id, or a statement: SELECT, CREATE or INSERT.")
    query_id = parse_identifier(cursor, "query")
    return cursor.node(statements.Explain(level=level, query_id=query_id), mark)


def parse_print(cursor: Cursor) -> exp.Expr:
    """Read PRINT."""
    mark = cursor.start
    cursor.expect("PRINT")
    named = at_identifier(cursor) and cursor.at(".", ahead=1)
    topic = parse_table(cursor, "source") if named else parse_topic(cursor)
    from_beginning = cursor.accept("FROM", "BEGINNING")
    sampled = cursor.accept("INTERVAL") or cursor.accept("SAMPLE")
    interval = parse_integer(cursor, "how many records to step by") if sampled else None
    limit = parse_integer(cursor, "a number of records") if cursor.accept("LIMIT") else None
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
    return None if cursor.accept("ALL") else parse_identifier(cursor, "query")


def parse_set(cursor: Cursor) -> exp.Expr:
    """Read SET."""
    mark = cursor.start
    cursor.expect("SET")
    name = parse_string(cursor, "the name of a property")
    cursor.expect("=")
    value = parse_string(cursor, "a value")
    return cursor.node(statements.SetProperty(property_name=name, value=value), mark)


def parse_unset(cursor: Cursor) -> exp.Expr:
    """Read UNSET."""
    mark = cursor.start
    cursor.expect("UNSET")
    name = parse_string(cursor, "the name of a property")
    return cursor.node(statements.UnsetProperty(property_name=name), mark)


def parse_define(cursor: Cursor) -> exp.Expr:
    """Read DEFINE."""
    mark = cursor.start
    cursor.expect("DEFINE")
    variable = parse_identifier(cursor, "variable")
    cursor.expect("=")
    value = parse_string(cursor, "a value")
    return cursor.node(statements.Define(variable=variable, value=value), mark)


def parse_undefine(cursor: Cursor) -> exp.Expr:
    """Read UNDEFINE."""
    mark = cursor.start
    cursor.expect("UNDEFINE")
    return cursor.node(statements.Undefine(variable=parse_identifier(cursor, "variable")), mark)


def parse_run_script(cursor: Cursor) -> exp.Expr:
    """Read RUN SCRIPT."""
    mark = cursor.start
    cursor.expect("RUN", "SCRIPT")
    return cursor.node(statements.RunScript(path=parse_string(cursor, "the path of a file")), mark)
