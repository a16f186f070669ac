"""The commands of the prompt: no statements, and done without a semicolon.

They are data: a name, what it takes, and a function that answers. A command changes the interpreter
it is given; what is to be shown it gives back.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streamsql.errors import EngineError
from streamsql.shell.arguments import OUTPUTS
from streamsql.shell.version import version

_CLEAR_SCREEN = "\x1b[2J\x1b[H"
_TEXT = re.compile(r"\s*([A-Za-z]+)(?:[ \t]+(\S[^\n]*?))?\s*;?\s*")
_SCRIPT = re.compile(r"script\s+('(?:[^']|'')+')", re.IGNORECASE)


class Interpreting(Protocol):
    """What commands see of the interpreter."""

    output: str

    def history(self) -> Sequence[str]:
        """Return what was typed before, the oldest first."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command asks for.

    Attributes:
        text: To be shown.
        statement: To be carried out before.
        leave: Whether the prompt ends.
    """

    text: str = ""
    statement: str | None = None
    leave: bool = False


_Action = Callable[[Interpreting, str], Shown]
"""Takes the interpreter and what stands behind the command's name."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: how it is written, and what it does, in one sentence."""

    usage: str
    summary: str
    action: _Action
    takes_argument: bool = False


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command as it was typed."""

    action: _Action
    argument: str


def find_command(text: str) -> Invocation | None:
    """Return the command that the text is, if it is one.

    >>> find_command("output json").argument, find_command("select 1;")
    ('json', None)
    """
    match = _TEXT.fullmatch(text)
    command = COMMANDS.get(match[1].lower()) if match else None
    if match is None or command is None:
        return None
    argument = match[2] or ""
    if argument and not command.takes_argument:
        return None
    if command.action is _run and not _SCRIPT.fullmatch(argument):
        return None
    return Invocation(command.action, argument)


def _help(_interpreter: Interpreting, argument: str) -> Shown:
    if argument:
        command = COMMANDS.get(argument.lower())
        if command is None:
            raise EngineError(f'there is no command "{argument}"; help lists them')
        return Shown(f"{command.usage}: {command.summary}")
    width = max(len(command.usage) for command in COMMANDS.values())
    lines = [f"  {command.usage:{width}}  {command.summary}" for command in COMMANDS.values()]
    return Shown("\n".join([*_HELP, "Commands, which need no semicolon:", *lines]))


_HELP = (
    "Statements end with a semicolon and may go over several lines: CREATE, INSERT, SELECT, DROP,",
    "SHOW, DESCRIBE, EXPLAIN, PRINT, SET. Tab completes, Ctrl-R searches what was typed before,",
    "Ctrl-C stops a query, Ctrl-D leaves.",
)


def _output(interpreter: Interpreting, argument: str) -> Shown:
    wish = argument.lower().strip("'")
    if wish:
        if wish not in OUTPUTS:
            raise EngineError(f'output cannot be "{argument}": use one of {", ".join(OUTPUTS)}')
        interpreter.output = wish
    return Shown(f"rows are shown as {interpreter.output}")


def _history(interpreter: Interpreting, argument: str) -> Shown:
    del argument
    typed = (text.replace("\n", "\n      ") for text in interpreter.history())
    return Shown("\n".join(f"{place:4}  {text}" for place, text in enumerate(typed, 1)))


def _run(_interpreter: Interpreting, argument: str) -> Shown:
    return Shown(statement=f"RUN {argument};")


COMMANDS: Mapping[str, Command] = {
    "help": Command("help [COMMAND]", "shows this", _help, takes_argument=True),
    "output": Command(
        "output [table|json|csv]", "chooses how rows are shown", _output, takes_argument=True
    ),
    "run": Command(
        "run script 'FILE'", "carries out the statements of a file", _run, takes_argument=True
    ),
    "history": Command("history", "lists what was typed", _history),
    "clear": Command("clear", "clears the screen", lambda *_: Shown(_CLEAR_SCREEN)),
    "version": Command("version", "shows the version", lambda *_: Shown(f"streamsql {version()}")),
    "exit": Command("exit", "leaves", lambda *_: Shown(leave=True)),
    "quit": Command("quit", "leaves", lambda *_: Shown(leave=True)),
}
