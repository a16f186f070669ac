"""The prompt in a real pseudo-terminal."""

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 30
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")
CTRL_R = "\x12"
TAB = "\t"


class Session:
    """A person at a terminal."""

    def __init__(self, directory: Path, *options: str) -> None:
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("STREAMSQL_")}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "streamsql", "--directory", str(directory), *options],
            env={**inherited, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
            | {"PROMPT_TOOLKIT_NO_CPR": "1"},
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            dimensions=(40, 120),
        )
        self._seen = ""

    def sees(self, text: str) -> str:
        """Wait until the text is shown; return everything since the last time, without escapes."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while text not in self._seen:
            assert time.monotonic() < deadline, f"{text!r} is not shown, but {self._seen!r}"
            try:
                self._seen += self.child.read_nonblocking(4096, 1)
            except pexpect.TIMEOUT:
                continue
            self._seen = _ESCAPE.sub("", self._seen).replace("\r", "")
        before, _, self._seen = self._seen.partition(text)
        return before + text

    def types(self, text: str) -> None:
        self.child.send(text)

    def says(self, line: str, answer: str) -> str:
        """Type a line and wait for the answer and the next prompt."""
        self.child.sendline(line)
        return self.sees(answer) + self.sees("streamsql>")

    def leaves(self) -> int:
        """Wait for the end of the program; return its exit status."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        status = self.child.exitstatus
        assert isinstance(status, int)
        return status


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "broker"


@pytest.fixture
def session(directory: Path) -> Iterator[Session]:
    opened = Session(directory)
    opened.sees("streamsql>")
    yield opened
    opened.child.close(force=True)


def create(session: Session) -> None:
    """Type a statement over two lines."""
    session.child.sendline("CREATE STREAM clicks (usr STRING KEY, page STRING)")
    session.sees("...>")
    session.says(
        "WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);",
        'stream "CLICKS" created\n',
    )


def test_statements_tables_and_the_end(session: Session) -> None:
    create(session)
    session.says("INSERT INTO clicks (usr, page) VALUES ('ada', '/');", "1 record inserted")
    session.says("SELECT * FROM clicks;", " ada | /\n(1 row)\n")
    session.child.sendline("exit")
    assert session.leaves() == 0


def test_ctrl_c_stops_a_push_query_and_not_the_prompt(session: Session) -> None:
    create(session)
    session.child.sendline(
        "SET 'auto.offset.reset' = 'earliest'; SELECT * FROM clicks EMIT CHANGES;"
    )
    session.sees("-+-")
    session.child.sendintr()
    session.sees("query stopped\n")
    session.sees("streamsql>")
    session.says("SHOW STREAMS;", " CLICKS |")


def test_ctrl_c_drops_what_is_typed(session: Session) -> None:
    session.child.sendline("SELECT nothing")
    session.sees("...>")
    session.child.sendintr()
    session.sees("streamsql>")
    session.says("SHOW TABLES;", "(0 rows)\n")


def test_an_error_is_shown_with_a_caret(session: Session) -> None:
    create(session)
    shown = session.says("SELECT pge FROM clicks;", 'HINT: Did you mean "PAGE"?\n')
    assert "\nLINE 1: SELECT pge FROM clicks;\n               ^^^\n" in shown


def test_ctrl_d_leaves(session: Session) -> None:
    session.child.sendeof()
    assert session.leaves() == 0


def test_what_was_typed_is_there_in_the_next_session(directory: Path, session: Session) -> None:
    create(session)
    session.says("SHOW QUERIES;", "(0 rows)\n")
    session.child.sendeof()
    assert session.leaves() == 0
    again = Session(directory)
    try:
        again.sees("streamsql>")
        shown = again.says("history", "SHOW QUERIES;\n")
        assert "   1  CREATE STREAM clicks (usr STRING KEY, page STRING)\n      WITH" in shown
        again.types(CTRL_R + "QUER")
        again.sees("SHOW QUERIES;")
        again.types("\r")
        again.types("\r")
        again.sees("(0 rows)\n")
    finally:
        again.child.close(force=True)


def test_tab_completes(session: Session) -> None:
    create(session)
    session.types("select * from cli" + TAB)
    session.sees("select * from clicks")
    session.says(";", "(0 rows)\n")


def test_rows_as_json(directory: Path) -> None:
    session = Session(directory, "--output", "json")
    try:
        session.sees("streamsql>")
        create(session)
        session.says("DESCRIBE clicks;", '{"COLUMN":"USR","TYPE":"STRING","ROLE":"KEY"}\n')
    finally:
        session.child.close(force=True)


def test_a_second_prompt_follows_the_first(directory: Path, session: Session) -> None:
    session.says(
        "CREATE STREAM s (k STRING KEY, n INT) "
        "WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);",
        'stream "S" created',
    )
    second = Session(directory)
    second.sees(f"This follows process {session.child.pid}, which owns directory")
    second.sees("streamsql>")
    second.says("INSERT INTO s (k, n) VALUES ('a', 42);", '1 record inserted into "S"')
    second.says("SELECT n FROM s;", "42")
    session.says("SELECT n FROM s;", "42")
    second.says("DROP STREAM s;", f"this is for process {session.child.pid}")
    second.child.close(force=True)
