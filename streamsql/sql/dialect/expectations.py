"""What would have done where the parser stands: every question that was answered no.

An error can so name what was expected at its token, or the keyword that was probably meant.
"""

from sqlglot.tokenizer_core import Token

from streamsql.sql.dialect.tokens import is_word


class Expectations:
    """The keywords, signs and kinds of names that were asked for at one token, in vain."""

    def __init__(self) -> None:
        self._asked: list[str] = []
        self._position = -1

    def ask(self, what: str, position: int) -> None:
        """Note what was asked for at a position in the tokens; only the last position counts."""
        if self._position != position:
            self._asked = []
            self._position = position
        if what not in self._asked:
            self._asked.append(what)

    def hint(self, position: int, *written: Token | None) -> str | None:
        """Return a sentence on what was asked for at a position.

        Args:
            position: The position in the tokens.
            written: The tokens that may be misspelt keywords.
        """
        asked = self._asked if self._position == position else []
        if not asked:
            return None
        likely = _likely(asked, written)
        if likely is not None:
            return f"Did you mean {likely}?"
        quoted = [text if text[0].isalpha() else f'"{text}"' for text in asked]
        return f"Expected {', '.join(quoted[:-1])}{' or ' if quoted[:-1] else ''}{quoted[-1]}."


def _likely(asked: list[str], written: tuple[Token | None, ...]) -> str | None:
    """Return the keyword that one of the tokens is a misspelling of."""
    import difflib  # only when there is an error to explain

    firsts = {text.split()[0]: text for text in asked if text.isupper()}
    for token in written:
        if token is not None and token and is_word(token):
            close = difflib.get_close_matches(token.text.upper(), firsts, n=1, cutoff=0.7)
            if close and close[0] != token.text.upper():
                return firsts[close[0]]
    return None
