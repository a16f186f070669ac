"""A bug says in which operator and at which record it was met."""

from typing import Any

import pytest

from streamsql.errors import QueryFailed, RecordPlace
from streamsql.runtime.processors.running_aggregate import RunningAggregateProcessor
from streamsql.runtime.processors.stream_table_join import StreamTableJoinProcessor
from tests.runtime.rig import App

JOIN = "CREATE STREAM o AS SELECT s.k AS k, s.v AS v, t.v AS tv FROM s LEFT JOIN t ON s.k = t.k;"
COUNT = "CREATE TABLE o AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;"


def test_a_record_that_cannot_be_processed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    process = StreamTableJoinProcessor.process

    def fail_at_b(self: StreamTableJoinProcessor, key: Any, value: Any, time_ms: int) -> None:
        if key == "b":
            raise ZeroDivisionError("by b")
        process(self, key, value, time_ms)

    monkeypatch.setattr(StreamTableJoinProcessor, "process", fail_at_b)
    app = App(JOIN)
    app.add("s", "a", 1, 10)
    app.add("s", "a", 2, 11)
    app.add("s", "b", 3, 12)
    with pytest.raises(QueryFailed) as caught:
        app.run()
    assert caught.value.node == "source-S"
    assert caught.value.place == RecordPlace("s", 0, 2)
    expected = 'ZeroDivisionError: by b, at offset 2 of partition 0 of topic "s"'
    assert str(caught.value) == expected
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_fails_in_a_commit_is_about_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: RunningAggregateProcessor) -> None:
        raise KeyError("flush")

    monkeypatch.setattr(RunningAggregateProcessor, "flush", fail)
    app = App(COUNT, cache_bytes=1_000)
    app.add("s", "a", 1, 10)
    with pytest.raises(QueryFailed, match=r"^KeyError: 'flush'$") as caught:
        app.run()
    assert caught.value.place is None
