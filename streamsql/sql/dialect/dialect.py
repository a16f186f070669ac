"""Our SQL as a sqlglot dialect: tokenizer, parser and printer under one name.

sqlglot's parser reads many dialects leniently: what it does not know becomes an opaque command or
an alias. Ours takes over from the first token of a statement, so nothing is read by guesswork; what
remains of sqlglot is the token stream, the trees and the printer's scaffold.
"""

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from streamsql.sql.dialect.clauses.expression import parse_expression, parse_value
from streamsql.sql.dialect.clauses.query import parse_query
from streamsql.sql.dialect.commands.command import parse_command
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.generator.generator import StreamGenerator
from streamsql.sql.dialect.tokens import StreamTokenizer


class StreamParser(Cursor):
    """Reads one statement from a list of tokens."""

    parse_query = parse_query
    parse_expression = parse_expression
    parse_value = parse_value
    parse_statement = parse_command

    def _parse_statement(self) -> exp.Expr:
        """Read a whole statement; sqlglot's entry."""
        statement = self.parse_statement()
        if self.token:
            self.accept(";")  # noted for the error: statements end before tokens get here
            raise self.error()
        return statement

    def _parse_expression(self) -> exp.Expr:
        """Read a whole expression; sqlglot's entry."""
        parsed = self.parse_expression()
        if self.token:
            raise self.error()
        return parsed


class StreamSQL(Dialect):
    """The language of streamsql."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    NULL_ORDERING = "nulls_are_large"
    Tokenizer = StreamTokenizer
    Parser = StreamParser
    Generator = StreamGenerator
