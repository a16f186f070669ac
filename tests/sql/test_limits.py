"""What a statement says that no query could hold is refused in the statement, at its place."""

import pytest

from streamsql.errors import StatementError
from streamsql.sql.compile import bind
from streamsql.sql.dialect.parse import parse_script
from tests.sql.bind_qtt import catalog

SOURCE = (
    "CREATE STREAM s (v INT, d DECIMAL(600, 2)) "
    "WITH (KAFKA_TOPIC = 's', VALUE_FORMAT = 'JSON', PARTITIONS = 1);"
)
WINDOWED = "SELECT v, COUNT(*) FROM s WINDOW {} GROUP BY v EMIT CHANGES;"
CREATE = "CREATE STREAM t (k INT KEY, v INT) WITH (VALUE_FORMAT = 'JSON', {});"
SIZE = "WINDOW_SIZE = '9999999999999 DAYS'"
LONGEST = "the length of time is too large"
MANY = "9" * 5_000


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (f"SELECT * FROM s EMIT CHANGES LIMIT {2**63};", "the number is too large"),
        (f"SELECT v + {MANY} FROM s;", "the number has more than 1000 digits"),
        (f"SELECT v + 1.{MANY} FROM s;", "the number has more than 1000 digits"),
        (f"INSERT INTO s (d) VALUES ('1E{MANY}');", "is not a value of type DECIMAL"),
        (f"CREATE TYPE t AS DECIMAL({MANY}, 1);", "the number has more than 1000 digits"),
        ("CREATE TYPE t AS DECIMAL(1001, 1);", "lies between 1 and 1000"),
        ("SELECT d * d FROM s;", "the result has 1201 digits"),
        (CREATE.format("KAFKA_TOPIC = 't', PARTITIONS = 999999999999"), "from 1 to 100000"),
        (CREATE.format(f"KAFKA_TOPIC = 't', PARTITIONS = '{MANY}'"), "from 1 to 100000"),
        (CREATE.format("KAFKA_TOPIC = 't', PARTITIONS = 1, REPLICAS = 32768"), "from 1 to 32767"),
        (CREATE.format(f"KAFKA_TOPIC = 't', RETENTION_MS = {2**63}"), f"to {2**63 - 1}"),
        (CREATE.format("KAFKA_TOPIC = ''"), 'no topic can be called ""'),
        (CREATE.format("KAFKA_TOPIC = '../../x'"), 'no topic can be called "../../x"'),
        ("CREATE STREAM `a b` AS SELECT * FROM s;", 'no topic can be called "a b"'),
        (WINDOWED.format(f"TUMBLING (SIZE {2**63 - 1} MILLISECONDS)"), LONGEST),
        (WINDOWED.format("SESSION (999999999999 DAYS)"), LONGEST),
        (WINDOWED.format("TUMBLING (SIZE 1 DAY, GRACE PERIOD 999999999999 DAYS)"), LONGEST),
        (CREATE.format("KAFKA_TOPIC = 't', WINDOW_TYPE = 'TUMBLING', " + SIZE), LONGEST),
        (
            WINDOWED.format("HOPPING (SIZE 1 DAY, ADVANCE BY 1 MILLISECOND)"),
            "a record would be in 86400000 windows at once",
        ),
    ],
    ids=range(19),
)
def test_refused_at_its_place(statement: str, message: str) -> None:
    with pytest.raises(StatementError) as raised:
        _bind(SOURCE + statement)
    assert message in raised.value.message
    assert raised.value.span is not None
    assert raised.value.span.start >= len(SOURCE)


def _bind(script: str) -> None:
    known = catalog()
    for parsed in parse_script(script):
        _, known = bind(parsed, known, {})


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("REGEXP_EXTRACT('(', t)", 'regular expression "("'),
        ("REGEXP_REPLACE(t, '*a', '')", 'regular expression "*a"'),
        ("EXTRACTJSONFIELD(t, 'a.b')", 'JSON path "a.b"'),
        ("PARSE_TIMESTAMP(t, 'yyyy-foo{')", 'date pattern "yyyy-foo{"'),
        ("PARSE_TIMESTAMP(t, 'yyyy', 'Foo/Bar')", '"Foo/Bar"'),
        ("FORMAT_DATE(FROM_DAYS(1), '{')", 'date pattern "{"'),
    ],
)
def test_constants_that_can_never_work(expression: str, message: str) -> None:
    source = SOURCE.replace("v INT", "v INT, t STRING")
    with pytest.raises(StatementError) as raised:
        _bind(f"{source}SELECT {expression} FROM s;")
    assert message in raised.value.message
    assert raised.value.span is not None


def test_messages_stay_short_and_visible() -> None:
    with pytest.raises(StatementError) as raised:
        _bind(f'{SOURCE}SELECT "{"x" * 1_000_000}" FROM s;')
    assert len(str(raised.value)) < 1_500
    with pytest.raises(StatementError) as raised:
        _bind(f"{SOURCE}SELECT v\u200b FROM s;")
    assert '"U+200B"' in raised.value.message
    assert "\u200b" not in str(raised.value)
