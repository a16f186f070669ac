"""What a driver shows of windowed tables over several partitions, and of records without a time."""

import time

import pytest

from streamsql.testing.driver import TestDriver, TestRecord

STREAM = """
    CREATE STREAM s (id INT KEY, a INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
    CREATE TABLE w AS SELECT id, COUNT(*) AS n FROM s
        WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY id;
"""


@pytest.mark.parametrize("keeps_state", [False, True])
def test_a_pull_by_key_finds_every_window(keeps_state: bool) -> None:
    with TestDriver(keeps_state=keeps_state) as driver:
        driver.execute(STREAM)
        for at in (1_000, 21_000, 41_000):
            for key in range(5):
                driver.pipe("s", TestRecord(key.to_bytes(4, "big"), b'{"A":1}', at))
        for key in range(5):
            query = f"SELECT id, WINDOWSTART AS start, n FROM w WHERE id = {key};"
            rows = driver.execute(query)[-1].fetchall()
            assert sorted(tuple(row) for row in rows) == [
                (key, 0, 1),
                (key, 20_000, 1),
                (key, 40_000, 1),
            ]


def test_times_that_cannot_be_are_counted_logged_and_skipped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    year_ms = 365 * 24 * 3600 * 1000
    with TestDriver() as driver:
        driver.execute(
            "CREATE STREAM e (k INT KEY, seen BIGINT) WITH (KAFKA_TOPIC='e', VALUE_FORMAT='JSON',"
            " PARTITIONS=1, TIMESTAMP='seen');"
            "CREATE STREAM good AS SELECT k, seen FROM e;"
        )
        now_ms = int(time.time() * 1000)
        for at in (now_ms + 2 * year_ms, -5, now_ms * 1000, now_ms + year_ms // 2, 7):
            driver.pipe("e", TestRecord(b"\0\0\0\1", b'{"SEEN":%d}' % at))
        kept = [message.timestamp()[1] for message in driver.read("GOOD")]
    assert kept == [now_ms + year_ms // 2, 7]
    told = [record.message for record in caplog.records if "bad-timestamp" in record.message]
    assert len(told) == 3
    assert "too far in the future [e-0@0]" in told[0]
    assert "not a time [e-0@1]" in told[1]
