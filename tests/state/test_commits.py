"""Corners of commits, aborts and restarts that random steps seldom meet."""

from typing import Any

from streamsql.state.duplicates import DuplicateWindowStore
from streamsql.state.key_value import KeyValueStore
from streamsql.state.keys import decode_long
from streamsql.state.memory import MemoryStorage
from streamsql.state.sessions import SessionStore
from streamsql.state.storage import LocalStorage
from streamsql.state.windowed import WindowStore
from streamsql.types.sqltypes import BIGINT, STRING, Array


def commit(storage: LocalStorage, store: Any) -> dict[bytes, bytes | None]:
    """Commit the store; return its changes."""
    changes = dict(store.pending())
    storage.write({store.name: changes}, {})
    store.committed()
    return changes


def key_values(storage: LocalStorage) -> KeyValueStore:
    return KeyValueStore("s", [STRING], [BIGINT, Array(BIGINT)], storage)


def sessions(storage: LocalStorage, recent_entries: int = 100) -> SessionStore:
    return SessionStore(
        "s", [STRING], [BIGINT], storage, retention_ms=1000, recent_entries=recent_entries
    )


def duplicates(storage: LocalStorage, recent_entries: int = 100) -> DuplicateWindowStore:
    return DuplicateWindowStore(
        "s", [STRING], [BIGINT], storage, retention_ms=1000, recent_entries=recent_entries
    )


def test_what_was_changed_in_place_is_not_in_a_store_made_anew() -> None:
    storage = MemoryStorage()
    store = key_values(storage)
    store.put("a", [1, [7]], 10)
    commit(storage, store)
    mutable = store.get_mutable("a")
    assert mutable is not None
    mutable[0][0] += 1
    mutable[0][1].append(8)
    store.put("a", mutable[0], 11)
    assert store.get("a") == ([2, [7, 8]], 11)
    store = key_values(storage)
    assert store.get("a") == ((1, [7]), 10)
    assert store.pending() == {}


def test_each_key_is_written_once_a_commit_and_a_vain_deletion_never() -> None:
    storage = MemoryStorage()
    store = key_values(storage)
    for number in range(5):
        store.put("a", (number, None), number)
    assert store.get("b") is None
    store.put("b", (1, None), 1)
    store.delete("b")
    assert list(commit(storage, store)) == [b"a"]
    store.delete("a")
    assert commit(storage, store) == {b"a": None}
    assert store.get("a") is None


def test_bytes_restored_into_the_engine_are_seen_by_a_new_store() -> None:
    storage, source = MemoryStorage(), MemoryStorage()
    origin = key_values(source)
    origin.put("a", (5, None), 5)
    storage.write({"s": origin.pending()}, {})
    assert key_values(storage).get("a") == ((5, None), 5)


def test_a_session_replaced_and_removed_is_deleted_from_the_engine() -> None:
    storage = MemoryStorage()
    store = sessions(storage)
    store.put("a", 1, 2, (1,), 2)
    commit(storage, store)
    store.put("a", 1, 2, (2,), 2)
    store.remove("a", 1, 2)
    assert list(commit(storage, store).values()) == [None]
    assert sessions(storage).fetch("a") == []


def test_a_session_removed_put_and_removed_again_is_deleted_from_the_engine() -> None:
    storage = MemoryStorage()
    store = sessions(storage)
    store.put("a", 1, 2, (1,), 2)
    commit(storage, store)
    store.remove("a", 1, 2)
    store.put("a", 1, 2, (2,), 2)
    store.remove("a", 1, 2)
    assert list(commit(storage, store).values()) == [None]
    assert sessions(storage).fetch("a") == []


def test_sessions_that_grew_within_a_commit_leave_one_change() -> None:
    storage = MemoryStorage()
    store = sessions(storage)
    for end in range(100):
        for start, old_end, _, _ in store.find("a", end - 5, end + 5):
            store.remove("a", start, old_end)
        store.put("a", 0, end, (end,), end)
    assert len(commit(storage, store)) == 1


def spilled(store: Any, storage: LocalStorage) -> None:
    """Fill a store with a budget of two so that only the newest stay in memory."""
    for time_ms in range(0, 600_000, 60_000):
        store.put("a", time_ms, *([time_ms] if isinstance(store, SessionStore) else []), (0,), 0)
        commit(storage, store)


def test_changes_of_old_sessions_are_read_back() -> None:
    storage = MemoryStorage()
    store = sessions(storage, recent_entries=2)
    spilled(store, storage)
    store.remove("a", 0, 0)
    store.put("a", 60_000, 60_000, (9,), 9)
    assert store.find("a", 0, 100_000) == [(60_000, 60_000, (9,), 9)]
    assert len(store.fetch("a")) == 9
    store.remove("a", 60_000, 60_000)
    assert sorted(commit(storage, store).values(), key=repr) == [None, None]
    assert len(store.fetch("a")) == len(sessions(storage).fetch("a")) == 8


def test_the_earliest_row_is_known_although_it_is_old() -> None:
    storage = MemoryStorage()
    store = duplicates(storage, recent_entries=2)
    spilled(store, storage)
    assert store.earliest_ms() == 0
    store.put("b", 0, (1,), 0)
    assert store.delete("a", 0) == 1
    assert store.earliest_ms() == 0
    commit(storage, store)
    assert store.earliest_ms() == 0
    assert store.delete("b", 0) == 1
    assert store.earliest_ms() == 60_000
    store.expire(200_000)
    assert store.earliest_ms() == 240_000
    store.expire(10**9)
    assert store.earliest_ms() is None


def test_the_earliest_row_put_below_the_floor_is_known_after_its_commit() -> None:
    storage = MemoryStorage()
    store = duplicates(storage, recent_entries=2)
    spilled(store, storage)
    assert store.delete("a", 0) == 1
    assert store.earliest_ms() == 60_000
    store.put("a", 30_000, (1,), 0)
    assert store.earliest_ms() == 30_000
    commit(storage, store)
    assert store.earliest_ms() == 30_000


def test_a_restart_keeps_rows_apart_that_have_the_same_key_and_start() -> None:
    storage = MemoryStorage()
    for number in range(3):
        store = duplicates(storage)
        store.put("a", 5, (number,), 5)
        commit(storage, store)
    assert duplicates(storage).fetch("a", 5, 5) == [(5, (number,), 5) for number in range(3)]


def test_a_deletion_of_an_uncommitted_row_writes_nothing_but_the_sequence() -> None:
    storage = MemoryStorage()
    store = duplicates(storage)
    store.put("a", 5, (1,), 5)
    store.put("a", 6, (2,), 6)
    assert store.delete("a", 5) == 1
    changes = commit(storage, store)
    assert [decode_long(key[-16:-8]) for key in changes if len(key) > 1] == [6]


def test_expired_windows_leave_the_engine() -> None:
    storage = MemoryStorage()
    store = WindowStore("s", [STRING], [BIGINT], storage, segment_ms=10_000)
    for start in range(0, 300_000, 10_000):
        store.put("a", start, (start,), start)
    commit(storage, store)
    store.expire(155_000)
    assert [start for _, start, _, _ in store.all()] == list(range(160_000, 300_000, 10_000))
    commit(storage, store)
    assert [decode_long(key[-8:]) for key, _ in storage.scan("s")] == list(
        range(150_000, 300_000, 10_000)
    )
    store.put("a", 150_000, (1,), 1)
    assert store.get("a", 150_000) is None
    store.expire(100_000)
    assert store.get("a", 150_000) is None
