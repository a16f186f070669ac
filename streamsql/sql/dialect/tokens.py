"""Words and signs: sqlglot's tokenizer set up for our language, and checked.

Every word is a ``VAR`` token; whether it is a keyword is decided where it stands, by its text.
sqlglot's tokenizer lets some text pass in silence (comments that never end, odd characters in
words), so everything between and inside tokens is verified here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType
from sqlglot.tokens import Tokenizer
from sqlglot.trie import new_trie

from streamsql.errors import ParseError, Span
from streamsql.sql.dialect.keywords import RESERVED
from streamsql.types.sqltypes import MAX_PRECISION

_OPERATORS = {
    "!=": TokenType.NEQ,
    "<>": TokenType.NEQ,
    "<=": TokenType.LTE,
    ">=": TokenType.GTE,
    "||": TokenType.DPIPE,
    "->": TokenType.ARROW,
    "=>": TokenType.FARROW,
    ":=": TokenType.COLON_EQ,
    "::": TokenType.DCOLON,
}
_SIGNS = {
    "(": TokenType.L_PAREN,
    ")": TokenType.R_PAREN,
    "[": TokenType.L_BRACKET,
    "]": TokenType.R_BRACKET,
    "{": TokenType.L_BRACE,
    "}": TokenType.R_BRACE,
    ",": TokenType.COMMA,
    ".": TokenType.DOT,
    ";": TokenType.SEMICOLON,
    "+": TokenType.PLUS,
    "-": TokenType.DASH,
    "*": TokenType.STAR,
    "/": TokenType.SLASH,
    "%": TokenType.MOD,
    "=": TokenType.EQ,
    "<": TokenType.LT,
    ">": TokenType.GT,
    "$": TokenType.DOLLAR,
}
_STRANGERS = dict.fromkeys("!&^:|\\~?#'`\"", TokenType.UNKNOWN)


class StreamTokenizer(Tokenizer):
    """sqlglot's tokenizer, knowing our signs and no words at all."""

    SINGLE_TOKENS: ClassVar[dict[str, TokenType]] = _SIGNS | _STRANGERS
    KEYWORDS: ClassVar[dict[str, TokenType]] = _OPERATORS
    IDENTIFIERS: ClassVar[list[str | tuple[str, str]]] = ["`", '"']
    NESTED_COMMENTS = False
    COMMANDS: ClassVar[set[TokenType]] = set()


# What sqlglot adds on its own: N'…' strings and Jinja's comments. Neither is in our language.
StreamTokenizer._FORMAT_STRINGS = {}  # noqa: SLF001 - the only way to switch them off
StreamTokenizer._COMMENTS = {"--": None, "/*": "*/"}  # noqa: SLF001
StreamTokenizer._KEYWORD_TRIE = new_trie([*_OPERATORS, "--", "/*", "'"])  # noqa: SLF001

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_@]*")
_NAME_WITH_DIGIT = re.compile(r"[0-9][A-Za-z0-9_@]*")
_NO_EXPONENT = re.compile(r"[0-9]+[eE]")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_COMMENT = re.compile(r"--[^\r\n]*|/\*.*?\*/", re.DOTALL)
_BLANK = re.compile(r"\s*")


def tokenize(text: str) -> list[Token]:
    """Return the tokens of the text, each verified, with nothing but comments between them.

    Raises:
        ParseError: A string, quoted name or comment has no end, or a character has no meaning.
    """
    tokenizer = StreamTokenizer()
    try:
        tokens = tokenizer.tokenize(text)
    except TokenError as error:
        raise _unfinished(text, tokenizer.tokens) from error
    tokens = _with_digit_names(tokens)
    end = 0
    for token in tokens:
        _check_gap(text, end, token.start)
        _check_token(text, token)
        end = token.end + 1
    _check_gap(text, end, len(text))
    return tokens


def _with_digit_names(tokens: list[Token]) -> list[Token]:
    """Put names like ``1R`` together: to sqlglot they are a number and a word."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.token_type in (TokenType.NUMBER, TokenType.VAR)
            and last.end + 1 == token.start
            and token.token_type == TokenType.VAR
            and _NAME_WITH_DIGIT.fullmatch(last.text)
        ):
            last = joined.pop()
            text = last.text + token.text
            joined.append(Token(TokenType.VAR, text, start=last.start, end=token.end))
        elif token.token_type == TokenType.NUMBER and _NO_EXPONENT.fullmatch(token.text):
            joined.append(Token(TokenType.VAR, token.text, start=token.start, end=token.end))
        else:
            joined.append(token)
    return joined


def ends_statement(text: str) -> bool:
    """Tell whether the text ends with a semicolon that ends a statement, and maybe comments."""
    try:
        tokens = StreamTokenizer().tokenize(text)
        if not tokens or tokens[-1].token_type != TokenType.SEMICOLON:
            return False
        _check_gap(text, tokens[-1].end + 1, len(text))
    except (TokenError, ParseError):
        return False
    return True


def is_word(token: Token) -> bool:
    """Tell whether the token is a word that is not quoted."""
    return token.token_type == TokenType.VAR


def is_reserved(token: Token) -> bool:
    """Tell whether the token is a keyword that cannot be a name."""
    return is_word(token) and token.text.upper() in RESERVED


def comments(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield where the comments are in a stretch of text that holds no token."""
    position = start
    while (position := _skip_blank(text, position)) < end:
        match = _COMMENT.match(text, position)
        assert match is not None, "the tokenizer verified the comments"
        yield Span(position, match.end())
        position = match.end()


def _skip_blank(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _check_gap(text: str, start: int, end: int) -> None:
    """Raise unless only white space and finished comments stand between two tokens."""
    position = start
    while (position := _skip_blank(text, position)) < end:
        match = _COMMENT.match(text, position)
        if match is None:
            raise ParseError("the comment has no end", Span(position, len(text)), "Add */.")
        position = match.end()


def _check_token(text: str, token: Token) -> None:
    """Raise when the token holds what our language does not know."""
    where = Span(token.start, token.end + 1)
    if token.token_type == TokenType.VAR:
        match = _WORD.match(token.text)
        length = match.end() if match else 0
        if length < len(token.text):
            raise _strange(text, token.start + length)
    elif token.token_type == TokenType.NUMBER:
        if not _NUMBER.fullmatch(token.text):
            raise ParseError(f'"{token.text}" is not a number', where, "Write 12, 1.5 or 1.5e3.")
        if len(token.text) > MAX_PRECISION:
            raise ParseError(f"the number has more than {MAX_PRECISION} digits", where)
    elif token.token_type == TokenType.UNKNOWN:
        raise _strange(text, token.start)
    elif token.token_type == TokenType.IDENTIFIER and not token.text:
        raise ParseError("the name is empty", where)


def _strange(text: str, position: int) -> ParseError:
    return ParseError(
        f'the character "{text[position]}" has no meaning here',
        Span(position, position + 1),
        "Names with such characters are written in back-ticks, strings in single quotes.",
    )


_CLOSERS: Mapping[str, tuple[str, str]] = {
    "'": ("the string has no end", "Add a closing single quote; write '' for a quote inside."),
    "`": ("the quoted name has no end", "Add a closing back-tick; write `` for one inside."),
    '"': ("the quoted name has no end", 'Add a closing double quote; write "" for one inside.'),
    "/": ("the comment has no end", "Add */."),
}


def _unfinished(text: str, tokens: list[Token]) -> ParseError:
    """Say what was opened after the last whole token and never closed."""
    position = _skip_blank(text, tokens[-1].end + 1 if tokens else 0)
    while match := _COMMENT.match(text, position):
        position = _skip_blank(text, match.end())
    message, hint = _CLOSERS.get(text[position : position + 1], ("the text cannot be read", None))
    return ParseError(message, Span(position, len(text)), hint)
