"""Numbers as Java prints them, since texts made of numbers must equal those of the JVM engines."""

from decimal import Decimal
from math import isinf, isnan


def double_text(value: float) -> str:
    """Return the text of ``Double.toString``: the shortest digits that read back as the value.

    Plain from 0.001 up to ten million, else ``d.dE±n`` without a plus sign.

    >>> [double_text(value) for value in (1.0, 1e7, 1234567.5, 0.001, 0.00012, -0.0, 1e-5)]
    ['1.0', '1.0E7', '1234567.5', '0.001', '1.2E-4', '-0.0', '1.0E-5']
    >>> double_text(5e-324)  # two digits, the closer number, where one would read back
    '4.9E-324'
    >>> [double_text(value) for value in (float("nan"), float("inf"), float("-inf"))]
    ['NaN', 'Infinity', '-Infinity']
    """
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    text = repr(value)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return text
    sign = "-" if value < 0 else ""
    closer = f"{value:.1e}"
    if float(closer) == value:
        text = closer
    _, digit_tuple, exponent = Decimal(text).normalize().as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, digit_tuple))
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent + len(digits) - 1}"


def decimal_text(value: Decimal) -> str:
    """Return the text of ``BigDecimal.toPlainString``: every digit of the scale, no exponent.

    >>> [decimal_text(Decimal(text)) for text in ("1.50", "-0.00", "1E+3", "0.0000001")]
    ['1.50', '0.00', '1000', '0.0000001']
    """
    if not value:
        value = value.copy_abs()
    return format(value, "f")
