"""The lines of files: whatever is in one, it is a record or a bad line."""

from io import BytesIO
from pathlib import Path

import pytest

from streamsql.engine.planning.context import read_script
from streamsql.shell.commands.csv_lines import CsvLines
from streamsql.shell.commands.lines import BadLine, JsonLines
from streamsql.shell.commands.records import timestamp_ms

MARK = b"\xef\xbb\xbf"


def test_a_byte_order_mark_is_not_of_the_first_line(tmp_path: Path) -> None:
    (line,) = JsonLines(frozenset({"a"})).read(BytesIO(MARK + b'{"a":1}\n'))
    assert (line.value, line.columns) == (b'{"a":1}', {"a": 1})
    table = CsvLines(frozenset({"a"}), {})
    file = BytesIO(MARK + b'"a",b\n1,2\n')
    table.prepare(file)
    file.seek(0)
    (line,) = table.read(file)
    assert line.columns == {"a": 1}
    script = tmp_path / "script.sql"
    script.write_bytes(MARK + b"SHOW TOPICS;")
    assert read_script(script) == "SHOW TOPICS;"


@pytest.mark.parametrize(
    "text",
    [
        b'{"t":' * 1_000 + b"1" + b"}" * 1_000,
        b'{"t":' + b"[" * 100_000,
        b'{"t":' + b"9" * 5_000 + b"}",
        b'{"t":"\xff"}',
        b'{"t":1}\x00',
        b"[]",
        b"\x00",
    ],
    ids=range(7),
)
def test_a_line_that_cannot_be_read_is_a_bad_line(text: bytes) -> None:
    (line,) = JsonLines(frozenset({"t"})).read(BytesIO(text + b"\n"))
    assert line.wrong is not None


@pytest.mark.parametrize("value", [2**63, -1, "9" * 5_000, str(2**63), "-1", "noon", None, 1.5])
def test_a_time_that_no_record_has_is_of_a_bad_line(value: object) -> None:
    with pytest.raises(BadLine):
        timestamp_ms(value, "t")
