"""Workers as processes: started, watched, started again when they die, ended together.

A child learns what to do from the first line of its standard input, and ends when that input ends:
it never outlives the supervisor, however that dies. SIGTERM lets it commit and leave.
"""

import logging
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec

from streamsql.engine.declarations import Declaration
from streamsql.errors import EngineError

log = logging.getLogger(__name__)

_MODULE = "streamsql.engine.applications.worker_process"
UNREACHABLE_STATUS = 75
"""Of a worker that the broker did not answer: the ``EX_TEMPFAIL`` of sysexits.h."""

_QUICK_SECONDS = 30.0
_TRIES = 3
_FIRST_WAIT_SECONDS = 0.25
_END_SECONDS = 20.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What a worker process needs to know.

    Attributes:
        overrides: Settings by name that were given.
        state_directory: Empty: in memory.
        foreign: What the supervisor knew of the sources of other applications.
    """

    target: str
    application: str
    texts: tuple[str, ...]
    variables: dict[str, str]
    overrides: dict[str, str]
    state_directory: str
    foreign: tuple[Declaration, ...] = ()

    def encode(self) -> bytes:
        """Return the specification as one line."""
        return msgspec.json.encode(self) + b"\n"


@dataclass(slots=True)
class _Child:
    """One worker process, and how its starts went."""

    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    quick_deaths: int = 0


class WorkerProcesses:
    """Worker processes that share the tasks of an application."""

    def __init__(self, spec: WorkerSpec, number: int) -> None:
        """Start the processes."""
        self._line = spec.encode()
        self._children: list[_Child] = []
        try:
            for _ in range(number):
                self._children.append(_Child(self._spawn(dict(os.environ))))
        except BaseException:
            self.abandon()
            raise

    @property
    def is_open(self) -> bool:
        """Whether they run; what they do is known to the broker alone."""
        return all(child.process.poll() is None for child in self._children)

    @property
    def pids(self) -> list[int]:
        """The process ids, in order."""
        return [child.process.pid for child in self._children]

    def step(self, timeout_ms: int) -> int:
        """Look after the processes for a while; always return 0.

        Raises:
            EngineError: A worker dies again and again as soon as it has started.
        """
        deadline = time.monotonic() + timeout_ms / 1000
        while True:
            for child in self._children:
                if child.process.poll() is not None:
                    self._revive(child)
            left = deadline - time.monotonic()
            if left <= 0:
                return 0
            time.sleep(min(_LOOK_SECONDS, left))

    def stop(self) -> None:
        """Let every worker commit and end; one that does not in time is killed."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
                # A call into the Kafka client holds a signal's handler up, but not the input's end.
                _close_input(child.process)
        deadline = time.monotonic() + _END_SECONDS
        for child in self._children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("worker %d did not end and is killed", child.process.pid)
                child.process.kill()
                child.process.wait()
            _close_input(child.process)
        self._children.clear()

    def abandon(self) -> None:
        """Kill the processes."""
        for child in self._children:
            child.process.kill()
            child.process.wait()
            _close_input(child.process)
        self._children.clear()

    def leave(self) -> None:
        """Kill the processes: their places in the group end with their sessions."""
        self.abandon()

    def _revive(self, child: _Child) -> None:
        """Start a dead worker again: at once, or later when it dies as soon as it starts."""
        status = child.process.returncode
        _close_input(child.process)
        lived = time.monotonic() - child.started
        # Not killed: below zero is a signal. Who does not reach the broker has waited for it.
        gave_up = status > 0 and status != UNREACHABLE_STATUS and lived < _QUICK_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if gave_up else 0
        log.warning("worker %d ended with status %d: started again", child.process.pid, status)
        if child.quick_deaths >= _TRIES:
            raise EngineError(
                f"a worker ended with status {status} {_TRIES} times as soon as it had started"
            )
        if child.quick_deaths > 1:
            time.sleep(_FIRST_WAIT_SECONDS * 2 ** (child.quick_deaths - 2))
        environment = {n: v for n, v in os.environ.items() if n != "STREAMSQL_CRASH_AT"}
        child.process = self._spawn(environment)
        child.started = time.monotonic()

    def _spawn(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", _MODULE]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # noqa: S603
        assert process.stdin is not None
        try:
            process.stdin.write(self._line)
            process.stdin.flush()
        except BrokenPipeError:
            log.warning("worker %d died before it was told what to do", process.pid)
        return process


def _close_input(process: "subprocess.Popen[bytes]") -> None:
    """Close our end of the input of a process that is gone."""
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
