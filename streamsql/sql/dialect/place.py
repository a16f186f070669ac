"""Where the parser is: the tokens at hand, the spans of nodes, and errors that say what would do.

Every question that was answered no at the present token is remembered, so that an error can name
what was expected there.
"""

from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

from sqlglot import exp
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from streamsql.errors import ParseError, Span
from streamsql.sql.dialect.nodes import node as nodes
from streamsql.sql.dialect.tokens import is_reserved, is_word

MAX_NESTING = 40
MAX_HEIGHT = 150
_HEIGHT = "height"
_LITERAL = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NUMBER)

N = TypeVar("N", bound=exp.Expr)


class Place(Parser):
    """A place in the tokens of one statement."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # sqlglot's options, unchanged
        self._asked: list[str] = []
        self._asked_at = -1
        self._bare_alias: Token | None = None
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

    def at(self, *texts: str) -> bool:
        """Tell whether the next tokens are these keywords and signs."""
        if _keyword(self._curr) != texts[0]:
            return False
        return all(_keyword(self.peek(ahead)) == text for ahead, text in enumerate(texts[1:], 1))

    def at_after(self, *texts: str) -> bool:
        """Tell whether these keywords and signs stand after the next token."""
        return all(_keyword(self.peek(ahead)) == text for ahead, text in enumerate(texts, 1))

    def at_any(self, texts: Container[str]) -> bool:
        """Tell whether the next token is one of these keywords and signs."""
        return self.keyword in texts

    def at_number(self) -> bool:
        """Tell whether a number without a sign is next."""
        return self._curr.token_type == TokenType.NUMBER or self._at_decimals()

    def _at_decimals(self) -> bool:
        """Tell whether a point is next with digits directly after it: ``.5``."""
        point, digits = self._curr, self._next
        if point.token_type != TokenType.DOT or digits.token_type != TokenType.NUMBER:
            return False
        return digits.start == point.end + 1 and "." not in digits.text

    def at_identifier(self) -> bool:
        """Tell whether the next token is a name."""
        token = self._curr
        if token.token_type == TokenType.IDENTIFIER:
            return True
        return is_word(token) and not is_reserved(token)

    # Building

    def node(self, made: N, mark: int) -> N:
        """Give a new node its span: from ``mark`` to the end of the token read last.

        Raises:
            ParseError: The tree grew too high to be walked safely.
        """
        return self._placed(made, Span(mark, self._prev.end + 1))

    def join(self, made: N, first: exp.Expr, last: exp.Expr) -> N:
        """Give a new node the span from its first part to its last."""
        return self._placed(made, nodes.span(first).cover(nodes.span(last)))

    def _placed(self, made: N, where: Span) -> N:
        nodes.place(made, where)
        height = 1
        for child in made.iter_expressions():
            height = max(height, 1 + int(child.meta[_HEIGHT]))
        made.meta[_HEIGHT] = height
        if height > MAX_HEIGHT:
            raise ParseError(
                f"the expression is nested more than {MAX_HEIGHT} levels deep",
                where,
                "Split it: compute a part of it in another query.",
            )
        return made

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Bound the recursion: to be held while a part is read that can hold itself.

        Raises:
            ParseError: The text nests too deeply.
        """
        if self._nesting >= MAX_NESTING:
            self.fail(
                f"more than {MAX_NESTING} parts are nested in each other",
                hint="Split it: compute a part of it in another query.",
            )
        self._nesting += 1
        try:
            yield
        finally:
            self._nesting -= 1

    # Failing

    def fail(self, message: str | None = None, *, hint: str | None = None) -> NoReturn:
        """Raise :meth:`error`."""
        raise self.error(message, hint=hint)

    def error(self, message: str | None = None, *, hint: str | None = None) -> ParseError:
        """Return an error at the next token.

        Args:
            message: What is wrong; by default that the token is unexpected.
            hint: What would be right; by default what was asked for at this token.
        """
        token = self._curr
        found = f'unexpected "{self._written(token)}"' if token else "unexpected end of statement"
        return ParseError(message or found, self._here(), hint or self._expectation())

    def reset(self) -> None:
        """Forget the statement read before."""
        super().reset()
        self._asked = []
        self._asked_at = -1
        self._bare_alias = None
        self._nesting = 0
        self._variables = []

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

    def _ask(self, what: str) -> None:
        if self._asked_at != self._index:
            self._asked = []
            self._asked_at = self._index
        if what not in self._asked:
            self._asked.append(what)

    def _expectation(self) -> str | None:
        """Return a sentence on what was asked for at this token."""
        asked = self._asked if self._asked_at == self._index else []
        if not asked:
            return None
        likely = self._likely(asked)
        if likely is not None:
            return f"Did you mean {likely}?"
        quoted = [text if text[0].isalpha() else f'"{text}"' for text in asked]
        return f"Expected {', '.join(quoted[:-1])}{' or ' if quoted[:-1] else ''}{quoted[-1]}."

    def _likely(self, asked: list[str]) -> str | None:
        """Return the keyword that this token, or the alias before it, is a misspelling of."""
        import difflib  # only when there is an error to explain

        words = [text for text in asked if text.isupper()]
        before = self._bare_alias if self._bare_alias is self._prev else None
        for token in (before, self._curr):
            if token is not None and token and is_word(token):
                firsts = {word.split()[0]: word for word in words}
                close = difflib.get_close_matches(token.text.upper(), firsts, n=1, cutoff=0.7)
                if close and close[0] != token.text.upper():
                    return firsts[close[0]]
        return None


def _keyword(token: Token | None) -> str:
    """Return the keyword or sign in upper case; nothing for names in quotes and literals."""
    if token is None or token.token_type in _LITERAL:
        return ""
    return token.text.upper()
