"""What each stateful operator does, record by record, with and without restarts in between."""

import pytest

from tests.runtime.rig import App, Out

RESTARTS = pytest.mark.parametrize("restarts", [False, True])


def counted(key: str, start: int, count: int, time_ms: int) -> Out:
    return ((key, start), {"C": count}, time_ms)


@RESTARTS
def test_running_aggregate(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c, SUM(v) AS s FROM s GROUP BY k;",
        restarts=restarts,
    )
    assert app.pipe("s", "a", 1, 50) == [("a", {"C": 1, "S": 1}, 50)]
    assert app.pipe("s", "b", 2, 60) == [("b", {"C": 1, "S": 2}, 60)]
    assert app.pipe("s", "a", 3, 40) == [("a", {"C": 2, "S": 4}, 50)], "the time is the largest"
    assert app.pipe("s", None, 3, 40) == []
    assert app.pipe("s", "a", None, 70) == [], "no value belongs to no group"
    assert app.pipe("s", "a", 5, 70) == [("a", {"C": 3, "S": 9}, 70)]


def test_records_without_key_or_value_are_counted_as_dropped() -> None:
    app = App("CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s GROUP BY k;")
    app.pipe("s", None, 3, 40)
    app.pipe("s", "a", None, 40)
    assert app.dropped == {"null-key": 2}


def test_cached_aggregate_forwards_one_change_for_each_key_and_commit() -> None:
    app = App("CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s GROUP BY k;", cache_bytes=1)
    for key in "abab":
        app.add("s", key, 1, 10)
    assert app.run() == [("a", {"C": 2}, 10), ("b", {"C": 2}, 10)]
    assert app.pipe("s", "b", 1, 5) == [("b", {"C": 3}, 10)]


@RESTARTS
@pytest.mark.parametrize("cache_bytes", [0, 1])
def test_tumbling_window_takes_late_records_until_its_grace_is_over(
    restarts: bool, cache_bytes: int
) -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s WINDOW TUMBLING "
        "(SIZE 10 MILLISECONDS, GRACE PERIOD 5 MILLISECONDS) GROUP BY k;",
        restarts=restarts,
        cache_bytes=cache_bytes,
    )
    assert app.pipe("s", "a", 1, 0) == [counted("a", 0, 1, 0)]
    assert app.pipe("s", "a", 1, 9) == [counted("a", 0, 2, 9)]
    assert app.pipe("s", "a", 1, 10) == [counted("a", 10, 1, 10)]
    assert app.pipe("s", "a", 1, 3) == [counted("a", 0, 3, 9)], "late, within grace"
    assert app.pipe("s", "b", 1, 14) == [counted("b", 10, 1, 14)]
    assert app.pipe("s", "a", 1, 4) == [counted("a", 0, 4, 9)], "14 < 10 + 5"
    assert app.pipe("s", "b", 1, 15) == [counted("b", 10, 2, 15)], "stream time is of all keys"
    assert app.pipe("s", "a", 1, 9) == [], "the window closed at 15"
    assert app.pipe("s", "a", 1, 1000) == [counted("a", 1000, 1, 1000)]
    assert app.pipe("s", "a", 1, 989) == []
    assert app.pipe("s", "a", 1, 990) == [counted("a", 990, 1, 990)]


def test_late_records_are_counted_as_dropped() -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s WINDOW HOPPING "
        "(SIZE 10 MILLISECONDS, ADVANCE BY 5 MILLISECONDS, GRACE PERIOD 0 MILLISECONDS) GROUP BY k;"
    )
    app.pipe("s", "a", 1, 12)
    assert app.pipe("s", "a", 1, 7) == [counted("a", 5, 2, 12)]
    assert app.dropped == {"late": 1}, "for the window from 0 to 10 alone"


@RESTARTS
@pytest.mark.parametrize("cache_bytes", [0, 1])
def test_hopping_windows_overlap(restarts: bool, cache_bytes: int) -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s WINDOW HOPPING "
        "(SIZE 10 MILLISECONDS, ADVANCE BY 5 MILLISECONDS, GRACE PERIOD 3 MILLISECONDS) "
        "GROUP BY k;",
        restarts=restarts,
        cache_bytes=cache_bytes,
    )
    assert app.pipe("s", "a", 1, 2) == [counted("a", 0, 1, 2)]
    assert app.pipe("s", "a", 1, 7) == [counted("a", 0, 2, 7), counted("a", 5, 1, 7)]
    assert app.pipe("s", "a", 1, 13) == [counted("a", 5, 2, 13), counted("a", 10, 1, 13)]
    assert app.pipe("s", "a", 1, 6) == [counted("a", 5, 3, 13)], "0 to 10 closed at 13"


@RESTARTS
def test_final_windows_leave_once_in_order_of_their_end(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s WINDOW TUMBLING "
        "(SIZE 10 MILLISECONDS, GRACE PERIOD 5 MILLISECONDS) GROUP BY k EMIT FINAL;",
        restarts=restarts,
    )
    for key, time_ms in (("a", 1), ("b", 2), ("a", 12), ("a", 3), ("b", 14)):
        assert app.pipe("s", key, 1, time_ms) == []
    assert app.pipe("s", "b", 1, 15) == [counted("a", 0, 2, 3), counted("b", 0, 1, 2)]
    assert app.pipe("s", "a", 1, 2) == []
    # Far beyond retention: everything that was open is forwarded before it expires.
    assert app.pipe("s", "c", 1, 10_000_000) == [counted("a", 10, 1, 12), counted("b", 10, 2, 15)]
    assert app.pipe("s", "c", 1, 10_000_015) == [counted("c", 10_000_000, 1, 10_000_000)]


@RESTARTS
def test_final_hopping_windows(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s WINDOW HOPPING (SIZE 10 MILLISECONDS, "
        "ADVANCE BY 5 MILLISECONDS, GRACE PERIOD 0 MILLISECONDS) GROUP BY k EMIT FINAL;",
        restarts=restarts,
    )
    assert app.pipe("s", "a", 1, 7) == []
    assert app.pipe("s", "a", 1, 11) == [counted("a", 0, 1, 7)]
    assert app.pipe("s", "a", 1, 50) == [counted("a", 5, 2, 11), counted("a", 10, 1, 11)]


@RESTARTS
def test_sessions_grow_merge_and_take_back_what_they_were(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s WINDOW SESSION "
        "(10 MILLISECONDS, GRACE PERIOD 20 MILLISECONDS) GROUP BY k;",
        restarts=restarts,
    )
    assert app.pipe("s", "a", 1, 0) == [(("a", 0, 0), {"C": 1}, 0)]
    assert app.pipe("s", "a", 1, 0) == [(("a", 0, 0), {"C": 2}, 0)], "the same bounds"
    assert app.pipe("s", "a", 1, 10) == [(("a", 0, 0), None, 0), (("a", 0, 10), {"C": 3}, 10)]
    assert app.pipe("s", "a", 1, 25) == [(("a", 25, 25), {"C": 1}, 25)], "beyond the gap"
    assert app.pipe("s", "b", 1, 17) == [(("b", 17, 17), {"C": 1}, 17)]
    assert app.pipe("s", "a", 1, 16) == [
        (("a", 0, 10), None, 10),
        (("a", 25, 25), None, 25),
        (("a", 0, 25), {"C": 5}, 25),
    ]
    assert app.pipe("s", "b", 1, 100) == [(("b", 100, 100), {"C": 1}, 100)]
    assert app.pipe("s", "a", 1, 69) == [], "it would have ended before 100 - 20 - 10"
    assert app.pipe("s", "a", 1, 70) == [(("a", 70, 70), {"C": 1}, 70)]


@RESTARTS
def test_final_sessions_leave_once(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s WINDOW SESSION "
        "(10 MILLISECONDS, GRACE PERIOD 0 MILLISECONDS) GROUP BY k EMIT FINAL;",
        restarts=restarts,
    )
    assert app.pipe("s", "a", 1, 0) == []
    assert app.pipe("s", "a", 1, 8) == []
    assert app.pipe("s", "b", 1, 18) == []
    assert app.pipe("s", "b", 1, 19) == [(("a", 0, 8), {"C": 2}, 8)]
    assert app.pipe("s", "c", 1, 1_000_000) == [(("b", 18, 19), {"C": 2}, 19)]


@RESTARTS
def test_stream_table_join_looks_up_what_is_there_now(restarts: bool) -> None:
    app = App(
        "CREATE STREAM o AS SELECT s.k, s.v AS a, t.v AS b FROM s LEFT JOIN t ON s.k = t.k;",
        restarts=restarts,
    )
    assert app.pipe("s", "a", 1, 10) == [("a", {"A": 1, "B": None}, 10)]
    assert app.pipe("t", "a", 7, 20) == []
    assert app.pipe("s", "a", 2, 5) == [("a", {"A": 2, "B": 7}, 5)]
    assert app.pipe("t", "a", None, 30) == []
    assert app.pipe("s", "a", 3, 31) == [("a", {"A": 3, "B": None}, 31)]
    assert app.pipe("s", "a", None, 32) == []


def test_inner_stream_table_join() -> None:
    app = App("CREATE STREAM o AS SELECT s.k, s.v AS a, t.v AS b FROM s JOIN t ON s.k = t.k;")
    assert app.pipe("s", "a", 1, 10) == []
    app.pipe("t", "a", 7, 20)
    assert app.pipe("s", "a", 2, 21) == [("a", {"A": 2, "B": 7}, 21)]
    assert app.pipe("s", "b", 2, 21) == []


def joined(left: int | None, right: int | None, time_ms: int) -> Out:
    return ("a", {"A": left, "B": right}, time_ms)


JOIN = (
    "CREATE STREAM o AS SELECT {key} AS k, s.v AS a, r.v AS b FROM s {kind} JOIN r "
    "WITHIN 10 MILLISECONDS {grace} ON s.k = r.k;"
)


def join(kind: str, grace: int | None, *, restarts: bool) -> App:
    words = "" if grace is None else f"GRACE PERIOD {grace} MILLISECONDS"
    key = "ROWKEY" if kind == "FULL OUTER" else "s.k"
    return App(JOIN.format(key=key, kind=kind, grace=words), restarts=restarts)


@RESTARTS
def test_inner_stream_stream_join_pairs_each_within_the_distance_once(restarts: bool) -> None:
    app = join("", 20, restarts=restarts)
    assert app.pipe("s", "a", 1, 100) == []
    assert app.pipe("r", "a", 2, 110) == [joined(1, 2, 110)]
    assert app.pipe("r", "a", 3, 111) == []
    assert app.pipe("s", "a", 4, 101) == [joined(4, 2, 110), joined(4, 3, 111)]
    assert app.pipe("s", "b", 4, 101) == []
    assert app.pipe("r", "a", 5, 90) == [joined(1, 5, 100)], "out of order"


@RESTARTS
def test_left_join_without_grace_pads_at_once_and_pairs_later(restarts: bool) -> None:
    app = join("LEFT", None, restarts=restarts)
    assert app.pipe("s", "a", 1, 100) == [joined(1, None, 100)]
    assert app.pipe("r", "a", 2, 105) == [joined(1, 2, 105)]


@RESTARTS
def test_left_join_with_grace_pads_when_the_window_is_closed(restarts: bool) -> None:
    app = join("LEFT", 5, restarts=restarts)
    assert app.pipe("s", "a", 1, 100) == []
    assert app.pipe("s", "a", 2, 101) == []
    assert app.pipe("r", "a", 3, 111) == [joined(2, 3, 111)]
    assert app.pipe("s", "b", 9, 115) == [], "100 + 10 + 5 is not over yet"
    assert app.pipe("r", "c", 9, 116) == [joined(1, None, 100)]
    assert app.pipe("r", "a", 4, 104) == [joined(1, 4, 104), joined(2, 4, 104)]


@RESTARTS
def test_full_join_pads_both_sides_oldest_first(restarts: bool) -> None:
    app = join("FULL OUTER", 0, restarts=restarts)
    assert app.pipe("r", "a", 1, 100) == []
    assert app.pipe("s", "a", 2, 111) == [joined(None, 1, 100)]
    assert app.pipe("r", "a", 3, 122) == [joined(2, None, 111)]
    assert app.pipe("s", "a", 4, 1_000_000) == [joined(None, 3, 122)]


@RESTARTS
def test_late_records_find_no_partner_beyond_retention(restarts: bool) -> None:
    app = join("", 5, restarts=restarts)
    assert app.pipe("s", "a", 1, 100) == []
    assert app.pipe("s", "a", 2, 125) == []
    # Retention is 10 + 10 + 5 + 1: at 126 the record of 100 is out of reach.
    assert app.pipe("s", "a", 3, 126) == []
    assert app.pipe("r", "a", 4, 105) == []


@RESTARTS
def test_table_table_join_follows_both_sides(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT t.k, t.v AS a, u.v AS b FROM t LEFT JOIN u ON t.k = u.k;",
        restarts=restarts,
    )
    assert app.pipe("u", "a", 1, 10) == []
    assert app.pipe("t", "a", 2, 5) == [joined(2, 1, 10)]
    assert app.pipe("u", "a", None, 20) == [joined(2, None, 20)]
    assert app.pipe("u", "a", 3, 7) == [joined(2, 3, 7)]
    assert app.pipe("t", "a", None, 30) == [("a", None, 30)]
    assert app.pipe("t", "a", None, 31) == []


@RESTARTS
def test_inner_table_join_deletes_when_a_side_goes(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT t.k, t.v AS a, u.v AS b FROM t JOIN u ON t.k = u.k;",
        restarts=restarts,
    )
    assert app.pipe("t", "a", 2, 5) == []
    assert app.pipe("u", "a", 1, 6) == [joined(2, 1, 6)]
    assert app.pipe("u", "a", None, 7) == [("a", None, 7)]
    assert app.pipe("u", "a", None, 8) == []


@RESTARTS
def test_regrouped_rows_leave_one_group_and_join_another(restarts: bool) -> None:
    app = App(
        "CREATE TABLE o AS SELECT v, COUNT(*) AS c FROM t GROUP BY v;",
        restarts=restarts,
    )

    def groups(found: list[Out]) -> list[tuple[int, int]]:
        return [(value["C"] if value else -1, time_ms) for _, value, time_ms in found]

    assert groups(app.pipe("t", "a", 1, 10)) == [(1, 10)]
    assert groups(app.pipe("t", "b", 1, 11)) == [(2, 11)]
    assert groups(app.pipe("t", "a", 2, 12)) == [(1, 12), (1, 12)], "leaves 1, joins 2"
    assert groups(app.pipe("t", "b", 1, 13)) == [(1, 13)], "within its group: one change"
    assert groups(app.pipe("t", "b", None, 14)) == [(0, 14)], "the group keeps its row"
    assert groups(app.pipe("t", "c", None, 15)) == []


@RESTARTS
def test_table_filter_deletes_what_no_longer_matches(restarts: bool) -> None:
    app = App("CREATE TABLE o AS SELECT k, v FROM t WHERE v > 5;", restarts=restarts)
    assert app.pipe("t", "a", 1, 10) == []
    assert app.pipe("t", "a", 7, 11) == [("a", {"V": 7}, 11)]
    assert app.pipe("t", "a", 8, 12) == [("a", {"V": 8}, 12)]
    assert app.pipe("t", "a", 2, 13) == [("a", None, 13)]
    assert app.pipe("t", "a", 3, 14) == []
