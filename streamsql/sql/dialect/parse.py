"""Text to syntax nodes: a script is cut into statements, each with its variables replaced.

The one idea: the text is cut into tokens once, to find where statements end; a statement with
variables is cut again after they are replaced, and its tokens are put back where they came from.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from streamsql.errors import Span, StatementError
from streamsql.sql.diagnostics import diagnosed
from streamsql.sql.dialect import tokens
from streamsql.sql.dialect.dialect import StreamParser, StreamSQL
from streamsql.sql.dialect.nodes import statements
from streamsql.sql.dialect.variables import substitute

_DIRECTIVE = re.compile(r"--@([A-Za-z.]+)\s*:\s*(.*?)\s*")


@dataclass(frozen=True, slots=True)
class Directive:
    """A comment ``--@name: value`` in front of a statement, for the test tool."""

    name: str
    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class ParsedStatement:
    """A statement as read.

    Attributes:
        node: Its syntax tree; spans in it are places in the submitted text.
        text: The statement alone, without semicolon, its variables replaced: reading it again
            gives an equal node, whatever variables there are.
        span: Where it was submitted, without semicolon.
        directives: The directives in front of it.
    """

    node: exp.Expr
    text: str
    span: Span
    directives: tuple[Directive, ...] = ()


def parse_script(text: str, variables: Mapping[str, str] | None = None) -> list[ParsedStatement]:
    """Read statements separated by semicolons; the last one needs none.

    DEFINE and UNDEFINE take effect for the statements after them in the same text.

    Args:
        text: The script.
        variables: Values of variables by name; case does not matter.

    Raises:
        ParseError: At the first statement that is not one, with its place in the text.
    """
    known = {name.upper(): value for name, value in (variables or {}).items()}
    with diagnosed(text, Span(0, len(text))):
        all_tokens = tokens.tokenize(text)
    parsed = []
    for before, words in _split(all_tokens):
        where = Span(words[0].start, words[-1].end + 1)
        with diagnosed(text, where):
            node, portable = _parse(text, words, where, known)
        directives = tuple(_directives(text, before, where.start))
        parsed.append(ParsedStatement(node, portable, where, directives))
        if isinstance(node, statements.Define):
            known[node.variable.name.upper()] = node.value.name
        elif isinstance(node, statements.Undefine):
            known.pop(node.variable.name.upper(), None)
    return parsed


def parse_expression(text: str) -> exp.Expr:
    """Read one expression.

    Raises:
        ParseError: The text is not an expression.
    """
    with diagnosed(text, Span(0, len(text))):
        parser = StreamSQL().parser()
        (node,) = parser.parse_into(exp.Expr, tokens.tokenize(text), text)
    assert node is not None
    return node


def is_complete(text: str) -> bool:
    """Tell whether the text ends with the semicolon of a statement."""
    return tokens.ends_statement(text)


def _split(all_tokens: list[Token]) -> Iterator[tuple[int, list[Token]]]:
    """Yield the tokens of each statement, after the offset where the one before it ended."""
    words: list[Token] = []
    before = 0
    for token in all_tokens:
        if token.token_type != TokenType.SEMICOLON:
            words.append(token)
            continue
        if words:
            yield before, words
        words = []
        before = token.end + 1
    if words:
        yield before, words


def _parse(
    text: str, words: list[Token], where: Span, variables: Mapping[str, str]
) -> tuple[exp.Expr, str]:
    """Return the node of a statement and its text without variables."""
    portable = text[where.start : where.end]
    if "${" in portable:
        words, portable = _with_variables(text, where, variables)
    parser = StreamSQL().parser()
    assert isinstance(parser, StreamParser)
    (node,) = parser.parse(words, text)
    assert node is not None
    return node, portable


def _with_variables(
    text: str, where: Span, variables: Mapping[str, str]
) -> tuple[list[Token], str]:
    """Return the tokens of a statement after substitution, at their places in the text."""
    substituted = substitute(text, where, variables)
    try:
        words = tokens.tokenize(substituted.text)
    except StatementError as error:
        if error.span is not None:
            error.span = substituted.origin(error.span)
        raise
    return [_moved(token, substituted.origin(_span(token))) for token in words], (
        substituted.portable
    )


def _span(token: Token) -> Span:
    return Span(token.start, token.end + 1)


def _moved(token: Token, where: Span) -> Token:
    return Token(token.token_type, token.text, start=where.start, end=where.end - 1)


def _directives(text: str, start: int, end: int) -> Iterator[Directive]:
    for where in tokens.comments(text, start, end):
        match = _DIRECTIVE.fullmatch(text, where.start, where.end)
        if match:
            yield Directive(match[1], match[2], where)
