"""The interactive prompt, on prompt-toolkit: the only module that knows it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import completion_is_selected, is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from streamsql.engine.engine import Engine
from streamsql.errors import EngineError
from streamsql.shell.logs import log_to_file
from streamsql.shell.prompt.completion import Vocabulary, complete
from streamsql.shell.prompt.highlight import highlight
from streamsql.shell.prompt.interpreter import Interpreter
from streamsql.shell.rendering.terminal import Terminal
from streamsql.shell.version import version

_PROMPT = "streamsql> "
_CONTINUED = "      ...> "
_HISTORY = "history"
_LOG = "streamsql.log"
_STYLE = Style.from_dict(
    {
        "keyword": "ansiblue bold",
        "type": "ansicyan",
        "function": "ansicyan",
        "string": "ansigreen",
        "number": "ansimagenta",
        "comment": "ansibrightblack italic",
        "variable": "ansiyellow",
    }
)


def run_prompt(engine: Engine, terminal: Terminal, *, output: str, directory: Path) -> None:
    """Ask for statements and carry them out until the person leaves.

    Args:
        directory: Where the history and the log are kept.

    Raises:
        EngineError: The directory cannot be written to.
    """
    history = _history(directory)
    log_to_file(directory / _LOG)
    interpreter = Interpreter(
        engine,
        terminal,
        output=output,
        history=lambda: list(history.load_history_strings())[::-1],
    )
    session: PromptSession[str] = PromptSession(
        _PROMPT,
        multiline=True,
        prompt_continuation=_CONTINUED,
        history=history,
        lexer=_Highlighting(),
        completer=_Completing(interpreter.vocabulary),
        complete_while_typing=False,
        key_bindings=_bindings(interpreter.is_done),
        style=_STYLE,
    )
    terminal.write(f"streamsql {version()}. help lists commands, Ctrl-D leaves.\n")
    owner = engine.broker.owner
    if owner is not None:
        terminal.write(f"This follows {owner}: one can look, query and insert.\n")
    while True:
        try:
            text = session.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.strip() and not interpreter.run(text):
            return


class _Highlighting(Lexer):
    """Colours the text line by line."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Return a function from the number of a line to its pieces."""
        lines: list[StyleAndTextTuples] = [[]]
        for style, piece in highlight(document.text):
            first, *rest = piece.split("\n")
            name = f"class:{style}" if style else ""
            lines[-1].append((name, first))
            lines.extend([(name, more)] for more in rest)
        return lambda number: lines[number] if number < len(lines) else []


class _Completing(Completer):
    """Proposes what could stand at the cursor."""

    def __init__(self, vocabulary: Callable[[], Vocabulary]) -> None:
        self._vocabulary = vocabulary

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield the proposals for the cursor's place."""
        del complete_event
        cursor = document.cursor_position
        for found in complete(document.text, cursor, self._vocabulary()):
            yield Completion(found.text, found.start - cursor, display_meta=found.kind)


def _bindings(is_done: Callable[[str], bool]) -> KeyBindings:
    """Return what keys do besides what prompt-toolkit gives them: Enter sends a whole text."""
    bindings = KeyBindings()

    @bindings.add("enter", filter=~completion_is_selected & ~is_searching)
    def _enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if is_done(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    @bindings.add("enter", filter=completion_is_selected)
    def _take(event: KeyPressEvent) -> None:
        event.current_buffer.complete_state = None

    return bindings


def _history(directory: Path) -> FileHistory:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / _HISTORY
        path.touch(mode=0o600)
    except OSError as error:
        raise EngineError(f'cannot write to "{directory}": {error.strerror}') from error
    return FileHistory(str(path))
