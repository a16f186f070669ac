"""The command line, as far as it is not the commands' affair."""

from pathlib import Path

import pytest

from streamsql.shell import cli
from streamsql.shell.arguments import parse


def test_run() -> None:
    options = parse(
        ["run", "a.sql", "b.sql", "--until-end", "--workers", "2", "-D", "n=v", "--set", "k=v=w"]
    )
    assert options.files == [Path("a.sql"), Path("b.sql")]
    assert (options.until_end, options.workers, options.output) == (True, 2, "table")
    assert (options.variables, options.settings) == ([("n", "v")], [("k", "v=w")])


def test_nothing_is_the_prompt() -> None:
    options = parse([])
    assert (options.command, options.execute) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--directory", "x", "run", "f"], "the options of run go behind it"),
        (["run"], "required: FILE"),
        (["run", "f", "--workers", "0"], '"0" is not a whole number of at least 1'),
        (["run", "f", "--set", "x"], '"x" is not of the form NAME=VALUE'),
        (["-e", "x", "--bootstrap-servers", "there"], '"there" is not of the form HOST:PORT'),
        (["-e", "x", "--output", "xml"], "invalid choice"),
        (["explain", "f", "--bootstrap-servers", "a:1"], "unrecognized arguments"),
        (["load", "t", "f", "--application", "a"], "unrecognized arguments"),
        (["fly"], "invalid choice: 'fly'"),
        (["--out=json"], "unrecognized arguments"),
    ],
)
def test_a_wrong_command_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_tests_are_handed_on() -> None:
    given: list[object] = []

    def run_tests(*arguments: object) -> int:
        given.extend(arguments)
        return 1

    status = cli.main(["test", "a", "b", "--report", "r.json", "--filter", "x"], run_tests)
    assert (status, given) == (1, [[Path("a"), Path("b")], Path("r.json"), "x"])


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("streamsql ")
