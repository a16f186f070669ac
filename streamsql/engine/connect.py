"""From what a user writes to an engine, or to files that run."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from streamsql.broker.open import is_kafka
from streamsql.engine.applications.processes import WorkerSpec
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.configuration.place import Place, find_place
from streamsql.engine.engine import Engine, read_script
from streamsql.engine.planning.context import context_on
from streamsql.engine.planning.program import compile_program
from streamsql.engine.program_run import ProgramRun


def connect(
    target: str | Path | None = None,
    *,
    application: str | None = None,
    directory: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> Engine:
    """Return a running engine.

    Args:
        target: ``host:port`` (several separated by commas): Kafka. A path: the directory of an
            embedded broker. ``None``: what the configuration says, else embedded under
            ``./.streamsql``.
        application: Names the groups, internal topics and state of this engine
            (``ksql.service.id``).
        directory: Where the embedded broker, or the state of tasks on Kafka, lives.
        settings: Settings by name, before environment, ``streamsql.toml`` and defaults.

    Raises:
        EngineError: The cluster cannot be reached, the directory belongs to another process, or a
            setting does not exist.
    """
    place = find_place(target, directory=directory, settings=settings)
    config = place.config
    if application is not None:
        config = replace(config, overrides={**config.overrides, "ksql.service.id": application})
    broker = place.open()
    try:
        engine = Engine(broker, config)
    except BaseException:
        broker.close()
        raise
    engine.start()
    return engine


def open_program(
    files: Sequence[str | Path],
    place: Place,
    *,
    name: str | None = None,
    variables: Mapping[str, str] | None = None,
    until_end: bool = False,
) -> ProgramRun:
    """Return some files, planned as one application; it closes the broker in the end.

    Args:
        files: Paths; or texts, as ``str``.
        name: Of the application; ``None``: ``ksql.service.id`` if that was set, else from the
            first path.
        variables: Values of ``${name}``.
        until_end: Stop when the input that is there at the start is worked off.

    Raises:
        StatementError: A statement is wrong, or cannot stand in an application.
        EngineError: A file cannot be read, or the broker cannot be reached.
    """
    texts = [read_script(file) if isinstance(file, Path) else file for file in files]
    name = name or application_name(files, place.config)
    broker = place.open()
    try:
        context = context_on(broker, place.config, variables, until_end=until_end)
        program = compile_program(texts, context, name)
    except BaseException:
        broker.close()
        raise
    spec = None
    if isinstance(place.target, str) and is_kafka(place.target):
        state = place.config.state_directory
        spec = WorkerSpec(
            target=place.target,
            application=name,
            texts=tuple(texts),
            variables=dict(variables or {}),
            overrides=dict(place.config.overrides),
            state_directory="" if state is None else str(state),
        )
    return ProgramRun(broker, program, spec=spec)


def application_name(files: Sequence[str | Path], config: EngineConfig) -> str:
    """Return the name of an application that was not given one."""
    paths = [file.stem for file in files if isinstance(file, Path)]
    return config.overrides.get("ksql.service.id") or (paths[0] if paths else "application")
