"""A streaming SQL engine on Apache Kafka, as one Python package.

    import streamsql

    with streamsql.connect() as engine:
        engine.execute_script(Path("pipeline.sql"))
        for row in engine.query("SELECT * FROM hourly EMIT CHANGES LIMIT 10"):
            print(row["USER"], row["N"])

``connect`` opens an engine; ``parse`` and ``plan`` are the compiler alone; ``StreamsBuilder`` is
the DSL for programs without SQL.

A name is imported when it is first used, because every module of the package begins by importing
this one: ``streamsql --help`` need not wait for the engine. Type checkers read ``__init__.pyi``.
"""

from importlib import import_module

_HOMES = {
    "BindError": "errors",
    "Catalog": "catalog.catalog",
    "DecodeError": "errors",
    "Engine": "engine.engine",
    "EngineError": "errors",
    "EvaluationError": "errors",
    "ParseError": "errors",
    "RecordError": "errors",
    "Result": "engine.results",
    "ResultKind": "engine.results",
    "Row": "engine.results",
    "Span": "errors",
    "StatementError": "errors",
    "StreamSQLError": "errors",
    "StreamsBuilder": "streams.builder",
    "Topology": "topology.topology",
    "UnsupportedError": "errors",
    "connect": "engine.connect",
    "parse": "engine.compiler",
    "plan": "engine.compiler",
}
"""The module that each public name is defined in."""

__all__ = [*_HOMES]  # noqa: PLE0604 - strings, as they are in the table


def __getattr__(name: str) -> object:
    """Import a public name at its first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names too, imported or not."""
    return sorted({*globals(), *_HOMES})
