"""What goes to a person, and what to a pipe."""

import pytest

from streamsql.engine.results import Result, ResultKind
from streamsql.shell.rendering.progress import Progress
from streamsql.shell.rendering.render import renderer
from streamsql.shell.rendering.terminal import Terminal
from streamsql.types.schema import Column
from streamsql.types.sqltypes import BIGINT, STRING
from tests.shell.rig import Screen

COLUMNS = (Column("NAME", STRING), Column("N", BIGINT))


def rows(*values: tuple[object, ...], kind: ResultKind = ResultKind.ROWS) -> Result:
    return Result(kind, columns=COLUMNS, rows=iter(values))


def test_a_person_sees_a_bold_header_and_red_errors() -> None:
    screen = Screen(is_terminal=True)
    terminal = Terminal(screen, screen)
    renderer("table", terminal).render(rows(("a", 1)))
    terminal.complain("Error: it is wrong")
    assert screen.getvalue() == (
        "\x1b[1m NAME | N\x1b[0m\n------+---\n a    | 1\n(1 row)\n"
        "\x1b[31mError: it is wrong\x1b[0m\n"
    )


def test_a_pipe_gets_plain_text() -> None:
    screen = Screen()
    terminal = Terminal(screen, screen)
    renderer("table", terminal).render(rows(("a", 1)))
    terminal.complain("Error: it is wrong")
    assert "\x1b" not in screen.getvalue()


def test_progress_is_written_over_on_a_terminal() -> None:
    out, err = Screen(), Screen(is_terminal=True)
    terminal = Terminal(out, err)
    progress = Progress(terminal)
    progress(10, 2000)
    progress(2000, 2000)
    terminal.write("row\n")
    progress.finish()
    clear = "\r\x1b[K"
    shown, summary = err.getvalue().rsplit(clear, 1)
    assert shown == (
        f"{clear}10 of 2,000 input records processed (0 %)"
        f"{clear}2,000 of 2,000 input records processed (100 %)"
    )
    assert summary.startswith("2,000 input records processed in 0.")
    assert out.getvalue() == "row\n"


def test_progress_in_a_pipe_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("streamsql.shell.rendering.terminal.time.monotonic", lambda: now[0])
    out, err = Screen(), Screen()
    progress = Progress(Terminal(out, err))
    for done in range(20):
        now[0] += 1
        progress(done, 20)
    assert err.getvalue().splitlines() == [
        f"{done} of 20 input records processed ({5 * done} %)" for done in (4, 9, 14, 19)
    ]


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_a_row_of_a_stream_is_seen_before_the_next_one_comes(output: str) -> None:
    class Counting(Screen):
        flushes = 0

        def flush(self) -> None:
            self.flushes += 1

    screen = Counting()
    result = rows(("a", 1), ("b", 2), kind=ResultKind.STREAM)
    renderer(output, Terminal(screen, Screen())).render(result)
    assert screen.flushes == 2


def test_a_stream_wider_than_its_header_is_still_whole() -> None:
    screen = Screen()
    result = rows(("a" * 30, 10**15), kind=ResultKind.STREAM)
    renderer("table", Terminal(screen, screen)).render(result)
    assert "a" * 30 + " | 1000000000000000\n" in screen.getvalue()


def test_messages_do_not_disturb_programs() -> None:
    for output in ("json", "csv"):
        out, err = Screen(), Screen()
        done = Result(ResultKind.STATUS, message="done")
        renderer(output, Terminal(out, err)).render(done)
        assert (out.getvalue(), err.getvalue()) == ("", "done\n")
