"""The parser's hand: a place in sqlglot's token stream, which reads on word by word.

The clause and command parsers are functions of a cursor: they ask with :meth:`Cursor.accept`, and
hand what they made to :meth:`Cursor.node`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from sqlglot import exp
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from streamsql.errors import ParseError, Span
from streamsql.sql.dialect.expectations import Expectations
from streamsql.sql.dialect.nodes.node import place, span

MAX_NESTING = 40
MAX_HEIGHT = 150
_HEIGHT = "height"
_LITERAL = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NUMBER)
_SPLIT = "Split it: compute a part of it in another query."

N = TypeVar("N", bound=exp.Expr)
T = TypeVar("T")


class Cursor(Parser):
    """A place in the tokens of one statement.

    Attributes:
        expectations: What was asked for in vain.
        misspelt: The last alias without AS, which might be a misspelt keyword.
    """

    # What the parts of our parser need of those above them; the dialect fills them in.
    parse_query: ClassVar[Callable[..., exp.Query]]
    parse_expression: ClassVar[Callable[["Cursor"], exp.Expr]]
    parse_value: ClassVar[Callable[["Cursor"], exp.Expr]]
    parse_statement: ClassVar[Callable[["Cursor"], exp.Expr]]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # sqlglot's options, unchanged
        self.reset()

    def reset(self) -> None:
        """Forget the statement read before."""
        super().reset()
        self.expectations = Expectations()
        self.misspelt: Token | None = None
        self._nesting = 0
        self._variables: list[set[str]] = []

    # Looking

    @property
    def token(self) -> Token:
        """The token to be read next; false at the end of the statement."""
        return self._curr

    @property
    def following(self) -> Token:
        """The token after the next; false at the end of the statement."""
        return self._next

    @property
    def start(self) -> int:
        """The offset in the text where the next token starts: the mark for :meth:`node`."""
        return self._curr.start if self._curr else self._end

    @property
    def keyword(self) -> str:
        """The next token in upper case if it is a word or a sign, else nothing."""
        return _keyword(self._curr)

    def peek(self, ahead: int) -> Token | None:
        """Return the token ``ahead`` places after the next one, if the statement has it."""
        position = self._index + ahead
        return self._tokens[position] if position < len(self._tokens) else None

    def at(self, *texts: str, ahead: int = 0) -> bool:
        """Tell whether the next tokens, or those further ahead, are these keywords and signs."""
        if not ahead and _keyword(self._curr) != texts[0]:
            return False
        return all(_keyword(self.peek(place)) == text for place, text in enumerate(texts, ahead))

    # Reading

    def accept(self, *texts: str) -> bool:
        """Read the keywords and signs if they are next, all of them or nothing."""
        if self.at(*texts):
            self._advance(len(texts))
            return True
        self.ask(" ".join(texts))
        return False

    def expect(self, *texts: str) -> None:
        """Read the keywords and signs, which must be next.

        Raises:
            ParseError: They are not.
        """
        for text in texts:
            if not self.accept(text):
                raise self.error()

    def read(self) -> Token:
        """Read the next token whatever it is; there must be one."""
        token = self._curr
        if not token:
            raise self.error()
        self._advance()
        return token

    def choose(self, words: Iterable[str]) -> str:
        """Read one of the keywords and return it in upper case."""
        for word in words:
            if self.accept(word):
                return word
        raise self.error()

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

    # Building

    def node(self, made: N, mark: int) -> N:
        """Give a new node its span: from ``mark`` to the end of the token read last.

        Raises:
            ParseError: The tree grew too high to be walked safely.
        """
        return self._placed(made, Span(mark, self._prev.end + 1))

    def join(self, made: N, first: exp.Expr, last: exp.Expr) -> N:
        """Give a new node the span from its first part to its last."""
        return self._placed(made, span(first).cover(span(last)))

    def _placed(self, made: N, where: Span) -> N:
        place(made, where)
        height = 1
        for child in made.iter_expressions():
            height = max(height, 1 + int(child.meta[_HEIGHT]))
        made.meta[_HEIGHT] = height
        if height > MAX_HEIGHT:
            message = f"the expression is nested more than {MAX_HEIGHT} levels deep"
            raise ParseError(message, where, _SPLIT)
        return made

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Bound the recursion: to be held while a part is read that can hold itself.

        Raises:
            ParseError: The text nests too deeply.
        """
        if self._nesting >= MAX_NESTING:
            message = f"more than {MAX_NESTING} parts are nested in each other"
            raise self.error(message, hint=_SPLIT)
        self._nesting += 1
        try:
            yield
        finally:
            self._nesting -= 1

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

    # Failing

    def ask(self, what: str) -> None:
        """Note what would have done at this token."""
        self.expectations.ask(what, self._index)

    def error(self, message: str | None = None, *, hint: str | None = None) -> ParseError:
        """Return an error at the next token.

        Args:
            message: What is wrong; by default that the token is unexpected.
            hint: What would be right; by default what was asked for at this token.
        """
        token = self._curr
        if not message:
            message = f'unexpected "{self._written(token)}"' if token else _ENDED
        before = self.misspelt if self.misspelt is self._prev else None
        hint = hint or self.expectations.hint(self._index, before, token)
        return ParseError(message, self._here(), hint)

    @property
    def _end(self) -> int:
        """The offset where the statement ends."""
        return self._tokens[-1].end + 1 if self._tokens else 0

    def _here(self) -> Span:
        if self._curr:
            return Span(self._curr.start, self._curr.end + 1)
        return Span(self._end, self._end)

    def _written(self, token: Token) -> str:
        return self.sql[token.start : token.end + 1].split("\n")[0]


_ENDED = "unexpected end of statement"


def _keyword(token: Token | None) -> str:
    """Return the keyword or sign in upper case; nothing for names in quotes and literals."""
    if token is None or token.token_type in _LITERAL:
        return ""
    return token.text.upper()
