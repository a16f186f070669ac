"""Query files run as one application: one topology, one consumer group, one place in time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from streamsql.broker.ports import Broker
from streamsql.engine.config import EngineConfig
from streamsql.engine.results import Result


class Application:
    """The statements of some files as one program.

    All persistent queries share one topology. The catalog is the files' own. Running it again under
    the same name goes on from its committed offsets; INSERT VALUES are carried out once in its
    life.
    """

    def __init__(
        self,
        broker: Broker,
        config: EngineConfig,
        files: Sequence[str | Path],
        *,
        name: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Read, bind and lower the files; nothing happens on the broker yet.

        Args:
            files: Paths, or texts (``str``) themselves.
            name: Of the application; ``None``: from the first file's name.
            variables: Values of ``${name}``.

        Raises:
            StatementError: A statement is wrong, or cannot stand in an application.
            EngineError: A file cannot be read.
        """
        raise NotImplementedError

    def run(
        self,
        *,
        until_end: bool = False,
        workers: int = 1,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Result]:
        """Run the queries, and yield the results of the other statements in order.

        Pull queries and listings are answered when the input that was there at the start is
        processed and committed. Push queries stream: their rows come while the application runs.

        Args:
            until_end: Stop then; else run until :meth:`stop`.
            workers: On Kafka the number of processes; else of workers in this one.
            on_progress: Called now and then with (records done, records at the start).

        Raises:
            EngineError: The broker or a worker cannot go on.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """Let :meth:`run` commit and end soon; may be called from a signal handler."""
        raise NotImplementedError
