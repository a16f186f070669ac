"""Our SQL as a sqlglot dialect: tokenizer, parser and printer under one name.

sqlglot's parser reads many dialects leniently: what it does not know becomes an opaque command or
an alias. Ours takes over from the first token of a statement, so nothing is read by guesswork; what
remains of sqlglot is the token stream, the trees and the printer's scaffold.
"""

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

from streamsql.sql.dialect.clauses.expression import parse_expression
from streamsql.sql.dialect.clauses.query import parse_query
from streamsql.sql.dialect.commands.command import parse_command
from streamsql.sql.dialect.cursor import Cursor
from streamsql.sql.dialect.generator.generator import StreamGenerator
from streamsql.sql.dialect.tokens import StreamTokenizer


class StreamParser(Cursor):
    """Reads one statement from a list of tokens."""

    def parse_query(self) -> exp.Query:
        """Read a query."""
        return parse_query(self)

    def parse_expression(self) -> exp.Expr:
        """Read an expression."""
        return parse_expression(self)

    def parse_statement(self) -> exp.Expr:
        """Read a statement."""
        return parse_command(self)

    def _parse_statement(self) -> exp.Expr:
        """Read a whole statement; sqlglot's entry."""
        statement = self.parse_statement()
        if self.token:
            self.accept(";")  # noted for the error: statements end before tokens get here
            self.fail()
        return statement

    def _parse_expression(self) -> exp.Expr:
        """Read a whole expression; sqlglot's entry."""
        parsed = self.parse_expression()
        if self.token:
            self.fail()
        return parsed


class StreamSQL(Dialect):
    """The language of streamsql."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    Tokenizer = StreamTokenizer
    Parser = StreamParser
    Generator = StreamGenerator
