"""Hiding characters: MASK and its variants for a part of the text."""

from collections.abc import Callable
from unicodedata import category

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import strict
from streamsql.expr.registry import Function, ScalarFunction

_MASK = tuple[str | None, str | None, str | None, str | None]
_DEFAULT: _MASK = ("X", "x", "n", "-")
_KINDS = {"Lu": 0, "Ll": 1, "Nd": 2}
_FOUR = "STRING, STRING, STRING, STRING"


def _masked(text: str, mask: _MASK) -> str:
    """Replace each character by that of its kind; a kind without a mask stays."""
    return "".join(
        character if (hidden := mask[_KINDS.get(category(character), 3)]) is None else hidden
        for character in text
    )


def _mask(characters: tuple[str | None, ...]) -> _MASK:
    """Return the masks for upper case, lower case, digits, and others."""
    if not characters:
        return _DEFAULT
    upper, lower, digit, other = (text[0] if text else None for text in characters)
    return upper, lower, digit, other


def _whole(text: str | None, *characters: str | None) -> str | None:
    return None if text is None else _masked(text, _mask(characters))


def _partly(apply: Callable[[str, int, _MASK], str]) -> Callable[..., str | None]:
    """Return the function of a text, a count and masks."""

    def partly(text: str | None, count: int | None, *characters: str | None) -> str | None:
        if text is None or count is None:
            return None
        if count < 0:
            raise EvaluationError(f"the number of characters is {count}, less than 0")
        return apply(text, min(count, len(text)), _mask(characters))

    return partly


_PARTS: tuple[tuple[str, Callable[[str, int, _MASK], str], str], ...] = (
    (
        "MASK_LEFT",
        lambda text, count, mask: _masked(text[:count], mask) + text[count:],
        "The text with its first n characters masked.",
    ),
    (
        "MASK_RIGHT",
        lambda text, count, mask: (
            text[: len(text) - count] + _masked(text[len(text) - count :], mask)
        ),
        "The text with its last n characters masked.",
    ),
    (
        "MASK_KEEP_LEFT",
        lambda text, count, mask: text[:count] + _masked(text[count:], mask),
        "The text masked but for its first n characters.",
    ),
    (
        "MASK_KEEP_RIGHT",
        lambda text, count, mask: (
            _masked(text[: len(text) - count], mask) + text[len(text) - count :]
        ),
        "The text masked but for its last n characters.",
    ),
)

FUNCTIONS: tuple[Function, ...] = (
    *strict(
        "MASK",
        "The text with X for upper case, x for lower case, n for digits, - for the rest.",
        {"STRING -> STRING": _whole},
    ),
    ScalarFunction(
        "MASK",
        f"STRING, {_FOUR} -> STRING",
        _whole,
        strict=False,
        description="The text with these four characters instead; NULL leaves its kind as it is.",
    ),
    *(
        ScalarFunction(name, signature, _partly(apply), strict=False, description=text)
        for name, apply, text in _PARTS
        for signature in ("STRING, INTEGER -> STRING", f"STRING, INTEGER, {_FOUR} -> STRING")
    ),
)
