"""A directory in which the program is run as a person runs it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 60

Completed = subprocess.CompletedProcess[str]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "streamsql", *arguments]


def environment(**more: str) -> dict[str, str]:
    inherited = {n: v for n, v in os.environ.items() if not n.startswith("STREAMSQL_")}
    return {**inherited, "PYTHONPATH": str(ROOT), **more}


def without_progress(error: str) -> str:
    """Return what was said but for the progress that a slow run reports."""
    return re.sub(r"^[\d,]+ of [\d,]+ input records processed .*\n", "", error, flags=re.MULTILINE)


class Place:
    """A working directory of its own, with an embedded broker when something opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> str:
        (self.path / name).write_text(text, encoding="utf-8")
        return name

    def run(self, *arguments: str, stdin: str = "", **more: str) -> Completed:
        return subprocess.run(
            command(*arguments),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.path,
            env=environment(**more),
            timeout=TIMEOUT_SECONDS,
        )

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.path,
            env=environment(),
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def succeeded(run: Completed) -> str:
    """What a run that succeeded wrote to standard output."""
    assert run.returncode == 0, f"exit status {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run.stdout


def one_clear_line(run: Completed) -> str:
    """The error line of a run that an operator has to look after."""
    assert run.returncode == 2, f"exit status {run.returncode}\n{run.stdout}\n{run.stderr}"
    (line,) = run.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def read_line(process: subprocess.Popen[str]) -> str:
    """The next line of a program that runs."""
    assert process.stdout is not None
    return process.stdout.readline()
