"""The command line as data: which commands there are, and which options each of them takes.

An option that a command has no use for is refused, not ignored; so are options in front of it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

OUTPUTS = ("table", "json", "csv")
STEPS = ("PLAN", "OPTIMIZED", "TOPOLOGY", "CODE")
FILE_FORMATS = ("json", "csv")


Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a command line; exits with status 2 when it is wrong."""
    top = parser()
    options = top.parse_args(arguments)
    if options.command is not None and arguments[0] != options.command:
        top.error(f"the options of {options.command} go behind it")
    return options


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="streamsql",
        description="Streaming SQL on Apache Kafka. Without a command: the interactive prompt.",
        epilog="Exit status: 1 when a statement is wrong, 2 when something else is in the way.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="store_true", help="print the version and exit")
    top.add_argument("-e", "--execute", metavar="SQL", help="carry out statements and exit")
    _add_broker(top)
    _add_session(top)
    _add_output(top)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_run(commands)
    _add_explain(commands)
    _add_load(commands)
    _add_test(commands)
    return top


def _add_run(commands: Commands) -> None:
    command = _command(commands, "run", "run the queries of files as one application")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files of statements")
    command.add_argument(
        "--until-end",
        action="store_true",
        help="stop when the input that is there now is processed and committed",
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="print what the files would make and run; nothing happens",
    )
    command.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="on Kafka the number of processes, else of workers in this one (default 1)",
    )
    _add_broker(command)
    _add_session(command)
    _add_output(command)


def _add_explain(commands: Commands) -> None:
    command = _command(commands, "explain", "print what a file would run; nothing happens")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files of statements")
    command.add_argument(
        "--step",
        action="append",
        type=str.upper,
        choices=STEPS,
        dest="steps",
        help="what to print of each query; may be given again (default PLAN and TOPOLOGY)",
    )
    _add_settings(command)
    _add_session(command)


def _add_load(commands: Commands) -> None:
    command = _command(commands, "load", "write the lines of a file to a topic")
    command.add_argument("topic", metavar="TOPIC", help="made when it does not exist")
    command.add_argument("file", metavar="FILE", help="JSON lines or CSV; - for standard input")
    command.add_argument("--key", metavar="COLUMN", help="column that becomes the record's key")
    command.add_argument(
        "--timestamp",
        metavar="COLUMN",
        help="column with the record's time: epoch milliseconds or ISO 8601 (default: now)",
    )
    command.add_argument("--partitions", type=positive, metavar="N", help="of a new topic (1)")
    command.add_argument(
        "--format", choices=FILE_FORMATS, help="of the file (default: by its name, else json)"
    )
    command.add_argument(
        "--key-format",
        type=str.upper,
        choices=("KAFKA", "JSON", "DELIMITED"),
        default="KAFKA",
        metavar="FORMAT",
        help="how keys are written: KAFKA (default), JSON or DELIMITED",
    )
    command.add_argument(
        "--key-type",
        metavar="TYPE",
        help="SQL type of the key: needed for KAFKA keys that are not strings",
    )
    command.add_argument(
        "--types",
        metavar="COLUMN=TYPE,…",
        help="CSV columns that are not to be judged by their values: STRING, NUMBER or BOOLEAN",
    )
    command.add_argument(
        "--skip-bad-lines",
        action="store_true",
        help="leave out lines that cannot be read, and count them (default: load nothing)",
    )
    command.add_argument(
        "--from-start",
        action="store_true",
        help="load the whole file although a load of it was interrupted (default: go on there)",
    )
    _add_broker(command)


def _add_test(commands: Commands) -> None:
    command = _command(commands, "test", "run .sql and JSON query tests, in virtual time")
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders")
    command.add_argument("--report", type=Path, metavar="FILE", help="write every outcome as JSON")
    command.add_argument("--filter", metavar="TEXT", help="only cases whose name contains it")


def _command(commands: Commands, name: str, summary: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        allow_abbrev=False,
    )


def _add_broker(command: argparse.ArgumentParser) -> None:
    """Add the options that say where the broker is."""
    command.add_argument(
        "--bootstrap-servers",
        type=servers,
        metavar="HOST:PORT",
        help="Kafka (default: the embedded broker)",
    )
    command.add_argument(
        "--directory",
        type=Path,
        help="of the embedded broker, or of state on Kafka (default .streamsql)",
    )
    _add_settings(command)


def _add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        type=assignment,
        metavar="NAME=VALUE",
        help="a setting, as SET 'name'='value'",
    )


def _add_session(command: argparse.ArgumentParser) -> None:
    """Add the options of commands that run queries."""
    command.add_argument(
        "--application",
        metavar="NAME",
        help="names the consumer groups, internal topics and state",
    )
    _add_variables(command)


def _add_variables(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-D",
        "--define",
        action="append",
        default=[],
        dest="variables",
        type=assignment,
        metavar="NAME=VALUE",
        help="the value of ${NAME} in statements",
    )


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--output",
        type=str.lower,
        choices=OUTPUTS,
        default="table",
        help="how rows are printed (default table)",
    )


def positive(text: str) -> int:
    """Return the number of an option, which is at least 1."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number of at least 1')
    return int(text)


def assignment(text: str) -> tuple[str, str]:
    """Return name and value of an option that sets something.

    >>> assignment("commit.interval.ms=100"), assignment("greeting=a=b")
    (('commit.interval.ms', '100'), ('greeting', 'a=b'))
    """
    name, sign, value = text.partition("=")
    if not name.strip() or not sign:
        raise argparse.ArgumentTypeError(f'"{text}" is not of the form NAME=VALUE')
    return name.strip(), value


def servers(text: str) -> str:
    """Return the Kafka servers of an option."""
    from streamsql.broker.open import is_kafka

    if not is_kafka(text):
        raise argparse.ArgumentTypeError(f'"{text}" is not of the form HOST:PORT[,HOST:PORT…]')
    return text
