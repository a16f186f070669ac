"""Powers, logarithms, trigonometry, remainders, distances, and RANDOM.

Results are those of Java: not a number where the function is not defined, infinite where it grows
beyond a DOUBLE; never an error.
"""

import math
from collections.abc import Callable
from random import random

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import null_aware, strict
from streamsql.expr.registry import Function, ScalarFunction
from streamsql.expr.values.arithmetic import remainder_doubles, remainder_integers

_RADIUS = {"KM": 6371.0, "MILES": 3959.0}


def _total(compute: Callable[[float], float]) -> Callable[[float], float]:
    """Return the function without its exceptions, which stand for NaN and infinity."""

    def total(value: float) -> float:
        try:
            return compute(value)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.copysign(math.inf, compute(math.copysign(1.0, value)))

    return total


def _logarithm(value: float) -> float:
    if value > 0:
        return math.log(value)
    return -math.inf if value == 0 else math.nan


def _logarithm_to(base: float, value: float) -> float:
    if base <= 0 or base == 1:
        return math.nan
    return _logarithm(value) / math.log(base)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except ValueError:  # a fractional power of a negative number, or a negative power of zero
        if base != 0:
            return math.nan
        return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf


def _cotangent(value: float) -> float:
    tangent = math.tan(value)
    return 1 / tangent if tangent else math.copysign(math.inf, tangent)


_GEO_DISTANCE = (
    "The distance of two points, GEO_DISTANCE(lat1, lon1, lat2, lon2), in MILES or KM, the default."
)


def _distance(
    latitude1: float, longitude1: float, latitude2: float, longitude2: float, unit: str = "KM"
) -> float:
    """Return the length of the great circle, by the haversine formula."""
    radius = _RADIUS.get("MILES" if unit.upper().startswith("MI") else unit.upper())
    if radius is None:
        raise EvaluationError(f'unit "{unit}" is neither "KM" nor "MILES"')
    if max(abs(latitude1), abs(latitude2)) > 90 or max(abs(longitude1), abs(longitude2)) > 180:
        raise EvaluationError("a latitude is beyond 90 degrees or a longitude beyond 180")
    phi1, phi2 = math.radians(latitude1), math.radians(latitude2)
    sin_latitude = math.sin((phi2 - phi1) / 2)
    sin_longitude = math.sin(math.radians(longitude2 - longitude1) / 2)
    haversine = sin_latitude**2 + sin_longitude**2 * math.cos(phi1) * math.cos(phi2)
    return 2 * radius * math.asin(math.sqrt(haversine))


def _distance_in(
    latitude1: float | None,
    longitude1: float | None,
    latitude2: float | None,
    longitude2: float | None,
    unit: str | None,
) -> float | None:
    if latitude1 is None or longitude1 is None or latitude2 is None or longitude2 is None:
        return None
    return _distance(latitude1, longitude1, latitude2, longitude2, "KM" if unit is None else unit)


_UNARY: tuple[tuple[str, Callable[[float], float], str], ...] = (
    ("SQRT", math.sqrt, "The square root."),
    ("CBRT", math.cbrt, "The cube root."),
    ("EXP", math.exp, "The power of e."),
    ("LN", _logarithm, "The natural logarithm."),
    ("LOG", _logarithm, "The natural logarithm, or the logarithm to a base: LOG(base, value)."),
    ("SIN", math.sin, "The sine of an angle in radians."),
    ("COS", math.cos, "The cosine of an angle in radians."),
    ("TAN", math.tan, "The tangent of an angle in radians."),
    ("COT", _cotangent, "The cotangent of an angle in radians."),
    ("ASIN", math.asin, "The angle in radians of a sine."),
    ("ACOS", math.acos, "The angle in radians of a cosine."),
    ("ATAN", math.atan, "The angle in radians of a tangent."),
    ("SINH", math.sinh, "The hyperbolic sine."),
    ("COSH", math.cosh, "The hyperbolic cosine."),
    ("TANH", math.tanh, "The hyperbolic tangent."),
    ("DEGREES", math.degrees, "The degrees of an angle in radians."),
    ("RADIANS", math.radians, "The radians of an angle in degrees."),
)

FUNCTIONS: tuple[Function, ...] = (
    *(
        ScalarFunction(name, f"{known} -> DOUBLE", _total(compute), description=text)
        for name, compute, text in _UNARY
        for known in ("INTEGER", "BIGINT", "DOUBLE")
    ),
    *strict(
        "LOG",
        "The natural logarithm, or the logarithm to a base: LOG(base, value).",
        dict.fromkeys(
            (f"{known}, {known} -> DOUBLE" for known in ("INTEGER", "BIGINT", "DOUBLE")),
            _logarithm_to,
        ),
    ),
    *strict(
        "POWER",
        "The base raised to the exponent.",
        dict.fromkeys(
            (f"{known}, {known} -> DOUBLE" for known in ("INTEGER", "BIGINT", "DOUBLE")),
            _power,
        ),
    ),
    *strict(
        "ATAN2",
        "The angle in radians of the point (x, y): ATAN2(y, x).",
        dict.fromkeys(
            (f"{known}, {known} -> DOUBLE" for known in ("INTEGER", "BIGINT", "DOUBLE")),
            math.atan2,
        ),
    ),
    *strict("PI", "The number pi.", {"-> DOUBLE": lambda: math.pi}),
    ScalarFunction(
        "RANDOM",
        "-> DOUBLE",
        random,
        description="A random number from 0.0 up to, but not including, 1.0.",
    ),
    *strict(
        "MOD",
        "The remainder of a division, with the sign of the dividend.",
        {
            "INTEGER, INTEGER -> INTEGER": remainder_integers,
            "BIGINT, BIGINT -> BIGINT": remainder_integers,
            "DOUBLE, DOUBLE -> DOUBLE": remainder_doubles,
        },
    ),
    *strict(
        "GEO_DISTANCE",
        _GEO_DISTANCE,
        {
            "DOUBLE, DOUBLE, DOUBLE, DOUBLE -> DOUBLE": _distance,
        },
    ),
    *null_aware(
        "GEO_DISTANCE",
        _GEO_DISTANCE,
        {"DOUBLE, DOUBLE, DOUBLE, DOUBLE, STRING -> DOUBLE": _distance_in},
    ),
)
