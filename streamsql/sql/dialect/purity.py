"""Whether the sqlglot that is installed can be extended."""

from sqlglot import parser

from streamsql.errors import EngineError


def require_pure_python() -> None:
    """Refuse the compiled build of sqlglot: its parser calls its own methods, never overrides.

    Raises:
        EngineError: The package "sqlglotc" is installed.
    """
    location = parser.__file__ or ""
    if not location.endswith(".py"):
        raise EngineError(
            'the compiled build of sqlglot, "sqlglotc", is installed, and it cannot be extended; '
            "remove it with: pip uninstall sqlglotc"
        )
