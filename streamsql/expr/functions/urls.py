"""Parts of URLs, and the encoding of their parameters."""

import re
from collections.abc import Callable

from streamsql.errors import EvaluationError
from streamsql.expr.functions.declare import strict
from streamsql.expr.registry import Function

_URL = re.compile(
    r"(?:(?P<protocol>[A-Za-z][A-Za-z0-9+.-]*):)?"
    r"(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?"
    r"(?:#(?P<fragment>.*))?"
)
_AUTHORITY = re.compile(r"(?:[^@]*@)?(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d*))?")
_ILLEGAL = re.compile(r"[\s<>\"{}|\\^`\x00-\x1f]|%(?![0-9a-fA-F]{2})")


def _parsed(url: str) -> re.Match[str]:
    found = None if _ILLEGAL.search(url) else _URL.fullmatch(url)
    if found is None:
        raise EvaluationError(f'text "{url[:100]}" is not a URL')
    return found


def _part(name: str) -> Callable[[str], str | None]:
    """Return the function to one part, percent-decoded."""

    def extract(url: str) -> str | None:
        from urllib.parse import unquote

        part = _parsed(url)[name]
        return None if part is None else unquote(part)

    return extract


def _authority(url: str) -> re.Match[str] | None:
    return _AUTHORITY.fullmatch(_parsed(url)["authority"] or "")


def _host(url: str) -> str | None:
    found = _authority(url)
    return found["host"] or None if found else None


def _port(url: str) -> int | None:
    found = _authority(url)
    return int(found["port"]) if found and found["port"] else None


def _parameter(url: str, name: str) -> str | None:
    from urllib.parse import unquote

    for pair in (_parsed(url)["query"] or "").split("&"):
        key, _, value = pair.partition("=")
        if unquote(key) == name:
            return unquote(value)
    return None


def _encode(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text, safe="*").replace("~", "%7E")


def _decode(text: str) -> str:
    from urllib.parse import unquote_plus

    return unquote_plus(text)


FUNCTIONS: tuple[Function, ...] = (
    *strict(
        "URL_DECODE_PARAM",
        "The text that was encoded as a parameter of a URL.",
        {"STRING -> STRING": _decode},
    ),
    *strict(
        "URL_ENCODE_PARAM",
        "The text encoded as a parameter of a URL.",
        {"STRING -> STRING": _encode},
    ),
    *strict(
        "URL_EXTRACT_FRAGMENT",
        "What stands behind the # of a URL.",
        {"STRING -> STRING": _part("fragment")},
    ),
    *strict("URL_EXTRACT_HOST", "The host of a URL.", {"STRING -> STRING": _host}),
    *strict("URL_EXTRACT_PATH", "The path of a URL.", {"STRING -> STRING": _part("path")}),
    *strict("URL_EXTRACT_PORT", "The port that a URL names.", {"STRING -> INTEGER": _port}),
    *strict(
        "URL_EXTRACT_PROTOCOL", "The protocol of a URL.", {"STRING -> STRING": _part("protocol")}
    ),
    *strict("URL_EXTRACT_QUERY", "The query of a URL.", {"STRING -> STRING": _part("query")}),
    *strict(
        "URL_EXTRACT_PARAMETER",
        "The value of a parameter in the query of a URL.",
        {"STRING, STRING -> STRING": _parameter},
    ),
)
