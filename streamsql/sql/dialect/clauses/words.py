"""The smallest parts: names, strings and numbers."""

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.tokens import is_reserved, is_word
from streamsql.types.sqltypes import BIGINT_MAX


def at_identifier(cursor: Cursor, ahead: int = 0) -> bool:
    """Tell whether the next token, or one further ahead, is a name."""
    token = cursor.peek(ahead)
    if token is None:
        return False
    if token.token_type == TokenType.IDENTIFIER:
        return True
    return is_word(token) and not is_reserved(token)


def parse_identifier(cursor: Cursor, what: str) -> exp.Identifier:
    """Read a name: upper-cased unless it is quoted.

    Args:
        cursor: Where.
        what: What it names, for errors: "stream", "column".

    Raises:
        ParseError: A reserved keyword or no word at all is next.
    """
    token = cursor.token
    if not at_identifier(cursor):
        if is_reserved(token):
            raise cursor.error(
                f'the keyword "{token.text}" is reserved',
                hint=f"Quote it to use it as a {what} name: `{token.text.upper()}`.",
            )
        cursor.ask(f"a {what} name")
        raise cursor.error()
    return parse_word(cursor)


def parse_word(cursor: Cursor) -> exp.Identifier:
    """Read the next token as a name, even if it is a keyword."""
    mark = cursor.start
    token = cursor.read()
    quoted = token.token_type == TokenType.IDENTIFIER
    name = token.text if quoted else token.text.upper()
    return cursor.node(exp.Identifier(this=name, quoted=quoted), mark)


def parse_exact_word(cursor: Cursor) -> exp.Identifier:
    """Read the next token as a name whose case counts, quoted or not."""
    mark = cursor.start
    token = cursor.read()
    quoted = token.token_type == TokenType.IDENTIFIER
    return cursor.node(exp.Identifier(this=token.text, quoted=quoted), mark)


def parse_bare_alias(cursor: Cursor) -> exp.Identifier:
    """Read an alias written without AS, which might be a misspelt keyword."""
    cursor.misspelt = cursor.token
    return parse_identifier(cursor, "new")


def parse_string(cursor: Cursor, what: str) -> exp.Literal:
    """Read a string literal; ``what`` says in errors what it stands for."""
    if cursor.token.token_type != TokenType.STRING:
        cursor.ask(f"{what} in single quotes")
        raise cursor.error()
    mark = cursor.start
    return cursor.node(exp.Literal.string(cursor.read().text), mark)


def parse_integer(cursor: Cursor, what: str) -> exp.Literal:
    """Read a whole number without a sign, one that is a BIGINT."""
    if cursor.token.token_type != TokenType.NUMBER or not cursor.token.text.isdigit():
        cursor.ask(f"{what}, a whole number")
        raise cursor.error()
    if int(cursor.token.text) > BIGINT_MAX:
        raise cursor.error("the number is too large", hint=f"It is at most {BIGINT_MAX}.")
    return parse_number(cursor)


def at_number(cursor: Cursor) -> bool:
    """Tell whether a number without a sign is next."""
    return cursor.token.token_type == TokenType.NUMBER or _at_decimals(cursor)


def _at_decimals(cursor: Cursor) -> bool:
    """Tell whether a point is next with digits directly after it: ``.5``."""
    point, digits = cursor.token, cursor.following
    if point.token_type != TokenType.DOT or digits.token_type != TokenType.NUMBER:
        return False
    return digits.start == point.end + 1 and "." not in digits.text


def parse_number(cursor: Cursor) -> exp.Literal:
    """Read a number without a sign."""
    mark = cursor.start
    if not at_number(cursor):
        raise cursor.error()
    written = cursor.read().text
    if written == ".":
        written += cursor.read().text
    return cursor.node(exp.Literal(this=written, is_string=False), mark)
