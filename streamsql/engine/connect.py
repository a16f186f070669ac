"""From what a user writes to an engine."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from streamsql.engine.configuration.address import find_broker
from streamsql.engine.engine import Engine


def connect(
    target: str | Path | None = None,
    *,
    application: str | None = None,
    directory: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> Engine:
    """Return a running engine.

    When another process owns the directory, the engine follows it: it looks, queries and inserts;
    what changes topics or lasts is refused, naming that process.

    Args:
        target: ``host:port`` (several separated by commas): Kafka. A path: the directory of an
            embedded broker. ``None``: what the configuration says, else embedded under
            ``./.streamsql``.
        application: Names the groups, internal topics and state of this engine
            (``ksql.service.id``).
        directory: Where the embedded broker, or the state of tasks on Kafka, lives.
        settings: Settings by name, before environment, ``streamsql.toml`` and defaults.

    Raises:
        EngineError: The cluster cannot be reached, the directory cannot be used, or a setting does
            not exist.
    """
    address = find_broker(target, directory=directory, settings=settings)
    config = address.config
    if application is not None:
        config = replace(config, overrides={**config.overrides, "ksql.service.id": application})
    broker = address.open_or_follow()
    try:
        engine = Engine(broker, config)
    except BaseException:
        broker.close()
        raise
    engine.start()
    return engine
