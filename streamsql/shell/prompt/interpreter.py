"""What becomes of a text typed at the prompt: a command, or statements whose results are shown.

Errors of statements and of the engine are shown too: they end nothing but what was typed.
"""

from collections.abc import Callable, Mapping, Sequence

from streamsql.catalog.catalog import Source
from streamsql.engine.engine import Engine
from streamsql.engine.results import Result, ResultKind
from streamsql.errors import StatementError, StreamSQLError
from streamsql.shell.prompt.commands import COMMANDS, Shown, find_command
from streamsql.shell.prompt.completion import Vocabulary
from streamsql.shell.rendering.render import renderer
from streamsql.shell.rendering.terminal import Terminal
from streamsql.shell.statements import results
from streamsql.shell.stopping import stopping
from streamsql.sql.dialect.parse import is_complete

_SETTLE_MS = 1_000


class Interpreter:
    """Carries out what is typed, on one engine.

    Attributes:
        output: How rows are shown; the command ``output`` changes it.
    """

    def __init__(
        self,
        engine: Engine,
        terminal: Terminal,
        *,
        output: str = "table",
        history: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Interpret for an engine, which the caller closes.

        Args:
            history: Returns what was typed before, the oldest first.
        """
        self.output = output
        self._engine = engine
        self._terminal = terminal
        self._history = history
        self._foreign: Mapping[str, Mapping[str, Sequence[str]]] | None = None

    def is_done(self, text: str) -> bool:
        """Tell whether the text can be carried out, or goes on in the next line."""
        return not text.strip() or find_command(text) is not None or is_complete(text)

    def run(self, text: str) -> bool:
        """Carry out what was typed; return whether to go on.

        Ctrl-C ends the statement, not the program.
        """
        command = find_command(text)
        try:
            if command is None:
                self._run_statements(text)
                return True
            shown = command.action(self, command.argument)
            return self._show(shown)
        except StatementError as error:
            self._terminal.complain(error.render())
        except StreamSQLError as error:
            self._terminal.complain(f"Error: {error}")
        except KeyboardInterrupt:
            self._terminal.complain("interrupted")
        return True

    def vocabulary(self) -> Vocabulary:
        """Return the names that completion proposes."""
        catalog = self._engine.catalog
        return Vocabulary(
            sources={name: _column_names(source) for name, source in catalog.sources.items()},
            applications=self._foreign_columns(),
            functions=tuple(catalog.functions.names()),
            topics=tuple(sorted({source.topic for source in catalog.sources.values()})),
            queries=tuple(catalog.queries),
            commands=tuple(COMMANDS),
        )

    def _foreign_columns(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Return the columns of the sources of other applications: as of the last statement."""
        if self._foreign is None:
            found: dict[str, dict[str, Sequence[str]]] = {}
            for source in self._engine.foreign:
                assert source.application is not None, "it is another application's"
                found.setdefault(source.application, {})[source.name] = _column_names(source)
            self._foreign = found
        return self._foreign

    def history(self) -> Sequence[str]:
        """Return what was typed before, the oldest first."""
        return self._history()

    def _show(self, shown: Shown) -> bool:
        """Do what a command asks for; return whether to go on."""
        if shown.statement is not None:
            self._run_statements(shown.statement)
        if shown.text:
            self._terminal.write(f"{shown.text}\n")
        return not shown.leave

    def _run_statements(self, text: str) -> None:
        self._foreign = None
        rendered = renderer(self.output, self._terminal)
        for result in results(self._engine, text, settle_ms=_SETTLE_MS):
            with stopping(result) as stopped:
                rendered.render(result)
            if stopped.is_set():
                self._terminal.say(_stopped(result))
                return


def _column_names(source: Source) -> list[str]:
    return [column.name for column in source.schema.columns()]


def _stopped(result: Result) -> str:
    return "query stopped" if result.kind is ResultKind.STREAM else "interrupted"
