"""A prompt without a person: an interpreter on a simulated broker, its output in memory."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.engine.engine import Engine
from streamsql.shell.prompt.interpreter import Interpreter
from streamsql.shell.rendering.terminal import Terminal


class Screen(io.StringIO):
    """What a person would see: both streams in the order they are written."""

    def __init__(self, *, is_terminal: bool = False) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def take(self) -> str:
        """What was shown since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


class Prompt:
    """Types texts and reads what they show."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.screen = Screen()
        self.typed: list[str] = []
        self.interpreter = Interpreter(
            engine, Terminal(self.screen, self.screen), history=lambda: self.typed
        )
        self.goes_on = True

    def type(self, text: str) -> str:
        """Carry out a text that is complete, and return what it shows."""
        assert self.interpreter.is_done(text), f"the prompt would wait for more after {text!r}"
        self.typed.append(text)
        self.goes_on = self.interpreter.run(text)
        return self.screen.take()


@contextmanager
def open_prompt() -> Iterator[Prompt]:
    """A prompt on an empty broker that keeps state, as the embedded one does."""
    broker = SimulatedBroker(keeps_state=True)
    with Engine(broker, clock_ms=broker.clock, wall_clock_ms=lambda: 1_000) as engine:
        yield Prompt(engine)
