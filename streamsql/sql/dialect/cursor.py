"""The parser's hand: sqlglot's token stream, read word by word.

The clause and command parsers are functions of a cursor. They ask with :meth:`Cursor.accept`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from streamsql.sql.dialect.place import Place
from streamsql.sql.dialect.tokens import is_reserved

T = TypeVar("T")


class Cursor(Place):
    """A place in the tokens of one statement that reads on."""

    # What our parser must be able to do for its parts.

    def parse_query(self) -> exp.Query:
        """Read a query; for the parts of the parser that are below the queries."""
        raise NotImplementedError

    def parse_expression(self) -> exp.Expr:
        """Read an expression; for the parts of the parser that are below the expressions."""
        raise NotImplementedError

    def parse_statement(self) -> exp.Expr:
        """Read a statement; for the statements that hold another one."""
        raise NotImplementedError

    # The variables of the lambdas around

    @contextmanager
    def variables(self, names: Iterable[exp.Identifier]) -> Iterator[None]:
        """Hold names that stand for variables in the part that is read meanwhile."""
        self._variables.append({name.name for name in names})
        try:
            yield
        finally:
            self._variables.pop()

    def is_variable(self, name: str) -> bool:
        """Tell whether a name is that of a variable and not of a column."""
        return any(name in names for names in self._variables)

    # Reading

    def accept(self, *texts: str) -> bool:
        """Read the keywords and signs if they are next, all of them or nothing."""
        if self.at(*texts):
            self._advance(len(texts))
            return True
        self._ask(" ".join(texts))
        return False

    def expect(self, *texts: str) -> None:
        """Read the keywords and signs, which must be next.

        Raises:
            ParseError: They are not.
        """
        for text in texts:
            if not self.accept(text):
                self.fail()

    def read(self) -> Token:
        """Read the next token whatever it is; there must be one."""
        token = self._curr
        if not token:
            self.fail()
        self._advance()
        return token

    def choose(self, words: Iterable[str]) -> str:
        """Read one of the keywords and return it in upper case."""
        for word in words:
            if self.accept(word):
                return word
        raise self.error()

    def string(self, what: str) -> exp.Literal:
        """Read a string literal; ``what`` says in errors what it stands for."""
        if self._curr.token_type != TokenType.STRING:
            self._ask(f"{what} in single quotes")
            self.fail()
        mark = self.start
        return self.node(exp.Literal.string(self.read().text), mark)

    def integer(self, what: str) -> exp.Literal:
        """Read a whole number without a sign."""
        if self._curr.token_type != TokenType.NUMBER or not self._curr.text.isdigit():
            self._ask(f"{what}, a whole number")
            self.fail()
        return self.number()

    def number(self) -> exp.Literal:
        """Read a number without a sign."""
        mark = self.start
        if not self.at_number():
            self.fail()
        written = self.read().text
        if written == ".":
            written += self.read().text
        return self.node(exp.Literal(this=written, is_string=False), mark)

    def identifier(self, what: str) -> exp.Identifier:
        """Read a name: upper-cased unless it is quoted.

        Args:
            what: What it names, for errors: "stream", "column".

        Raises:
            ParseError: A reserved keyword or no word at all is next.
        """
        token = self._curr
        if not self.at_identifier():
            if is_reserved(token):
                self.fail(
                    f'the keyword "{token.text}" is reserved',
                    hint=f"Quote it to use it as a {what} name: `{token.text.upper()}`.",
                )
            self._ask(f"a {what} name")
            self.fail()
        mark = self.start
        self._advance()
        quoted = token.token_type == TokenType.IDENTIFIER
        name = token.text if quoted else token.text.upper()
        return self.node(exp.Identifier(this=name, quoted=quoted), mark)

    def bare_alias(self) -> exp.Identifier:
        """Read an alias written without AS, which might be a misspelt keyword."""
        self._bare_alias = self._curr
        return self.identifier("new")

    def separated(self, parse: Callable[[], T]) -> list[T]:
        """Read one or more of something with commas between them."""
        found = [parse()]
        while self.accept(","):
            found.append(parse())
        return found

    def in_parentheses(self, parse: Callable[[], T]) -> list[T]:
        """Read one or more of something with commas between them, all in parentheses."""
        self.expect("(")
        found = self.separated(parse)
        self.expect(")")
        return found
