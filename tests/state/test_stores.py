"""Every store against a plain dict, on both storages."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from streamsql.state.duplicates import DuplicateWindowStore
from streamsql.state.key_value import KeyValueStore
from streamsql.state.sessions import SessionStore
from streamsql.state.storage import LocalStorage
from streamsql.state.windowed import WindowStore
from streamsql.types.sqltypes import BIGINT, DOUBLE, STRING, Array, SqlType
from tests.state.machine import ON_DISK, QUICK, STORE, StoreMachine

keys = st.sampled_from(["", "a", "a\0", "ab"])
numbers = st.integers(0, 99)
times = st.integers(0, 7).map(lambda n: n * 30_000)  # two in each segment of 60 s
MINUTE = 60_000


class Cached(StoreMachine):
    """Stores that keep committed values in two generations."""

    @rule()
    def forget_older(self) -> None:
        self.store.forget_older()


class KeyValues(Cached):
    def make(self, storage: LocalStorage) -> KeyValueStore:
        return KeyValueStore(STORE, [STRING], [BIGINT, BIGINT], storage)

    @rule(key=keys, number=numbers)
    def put(self, key: str, number: int) -> None:
        self.store.put(key, (number, None), number)
        self.current[key] = ((number, None), number)

    @rule(key=keys, number=numbers)
    def add_in_place(self, key: str, number: int) -> None:
        state: Any
        state, timestamp_ms = self.store.get_mutable(key) or ([0, None], 0)
        state[0] += number
        self.store.put(key, state, max(timestamp_ms, number))
        (old, _), old_ms = self.current.get(key, ((0, None), 0))
        self.current[key] = ((old + number, None), max(old_ms, number))

    @rule(key=keys)
    def delete(self, key: str) -> None:
        self.store.delete(key)
        self.current.pop(key, None)

    @rule(key=keys)
    def get(self, key: str) -> None:
        self.get_one(key)

    def read_all(self) -> None:
        for key in ("", "a", "a\0", "ab"):
            self.get_one(key)

    def get_one(self, key: str) -> None:
        entry = self.store.get(key)
        assert (entry and (tuple(entry[0]), entry[1])) == self.current.get(key)

    def check(self) -> None:
        found = [(key, tuple(row), time_ms) for key, row, time_ms in self.store.scan()]
        assert found == [(key, *self.current[key]) for key in sorted(self.current)]


class CompositeKeyValues(Cached):
    """Keys that no dict can hold."""

    def make(self, storage: LocalStorage) -> KeyValueStore:
        types: list[SqlType] = [STRING, Array(DOUBLE)]
        return KeyValueStore(STORE, types, [STRING], storage)

    @rule(key=keys, number=numbers)
    def put(self, key: str, number: int) -> None:
        self.store.put((key, [float(number % 3), None]), (key,), number)
        self.current[key, number % 3] = number

    @rule(key=keys, number=numbers)
    def delete(self, key: str, number: int) -> None:
        self.store.delete((key, [float(number % 3), None]))
        self.current.pop((key, number % 3), None)

    def check(self) -> None:
        for (key, number), time_ms in self.current.items():
            assert self.store.get((key, [float(number), None])) == ((key,), time_ms)
        found = [(key, time_ms) for key, _, time_ms in self.store.scan()]
        assert found == [
            ((key, [float(number), None]), self.current[key, number])
            for key, number in sorted(self.current)
        ]


class Timed(StoreMachine):
    """What stores that forget have in common: ``current`` is by (key, time, …)."""

    @rule(time_ms=times)
    @precondition(lambda self: len(self.current) > 2)
    def expire(self, time_ms: int) -> None:
        self.store.expire(time_ms)
        self.bound = max(self.bound, time_ms)
        self.current = {k: v for k, v in self.current.items() if k[1] >= self.bound}


class Windows(Timed, Cached):
    segment_ms = MINUTE

    def make(self, storage: LocalStorage) -> WindowStore:
        return WindowStore(STORE, [STRING], [BIGINT], storage, segment_ms=self.segment_ms)

    @rule(key=keys, time_ms=times, number=numbers)
    def put(self, key: str, time_ms: int, number: int) -> None:
        self.store.put(key, time_ms, (number,), number)
        if time_ms >= self.bound:
            self.current[key, time_ms] = ((number,), number)

    @rule(key=keys, time_ms=times, number=numbers)
    def add_in_place(self, key: str, time_ms: int, number: int) -> None:
        state, _ = self.store.get_mutable(key, time_ms) or ([0], 0)
        state[0] += number
        self.store.put(key, time_ms, state, number)
        if time_ms >= self.bound:
            (old,), _ = self.current.get((key, time_ms), ((0,), 0))
            self.current[key, time_ms] = ((old + number,), number)

    @rule(key=keys, time_ms=times)
    def delete(self, key: str, time_ms: int) -> None:
        self.store.delete(key, time_ms)
        self.current.pop((key, time_ms), None)

    @rule(key=keys, time_ms=times)
    def get(self, key: str, time_ms: int) -> None:
        self.get_one(key, time_ms)

    def get_one(self, key: str, time_ms: int) -> None:
        entry = self.store.get(key, time_ms)
        assert (entry and (tuple(entry[0]), entry[1])) == self.current.get((key, time_ms))

    def read_all(self) -> None:
        for key, time_ms in self.current:
            self.get_one(key, time_ms)

    @rule(key=keys, low=times, high=times)
    def fetch(self, key: str, low: int, high: int) -> None:
        found = [(start, tuple(row), ts) for start, row, ts in self.store.fetch(key, low, high)]
        assert found == [
            (start, *self.current[k, start])
            for k, start in sorted(self.current)
            if k == key and low <= start <= high
        ]

    @rule(low=times, high=times)
    def fetch_all(self, low: int, high: int) -> None:
        found = {(key, start) for key, start, _, _ in self.store.fetch_all(low, high)}
        assert found == {slot for slot in self.current if low <= slot[1] <= high}

    def check(self) -> None:
        found = [(key, start, tuple(row), ts) for key, start, row, ts in self.store.all()]
        expected = [(key, start, *entry) for (key, start), entry in self.current.items()]
        assert sorted(found) == sorted(expected)
        segments = [start // self.segment_ms for _, start, _, _ in found]
        assert segments == sorted(segments)


class AlignedWindows(Windows):
    segment_ms = 30_000


class Duplicates(Timed):
    recent_entries = 5

    def make(self, storage: LocalStorage) -> DuplicateWindowStore:
        return DuplicateWindowStore(
            STORE,
            [STRING],
            [BIGINT],
            storage,
            retention_ms=2 * MINUTE,
            recent_entries=self.recent_entries,
        )

    def __init__(self) -> None:
        super().__init__()
        self.arrivals = 0

    @rule(key=keys, time_ms=times, number=numbers)
    def put(self, key: str, time_ms: int, number: int) -> None:
        self.arrivals += 1
        self.store.put(key, time_ms, (number,), number)
        if time_ms >= self.bound:
            self.current[key, time_ms, self.arrivals] = ((number,), number)

    @rule(key=keys, time_ms=times, odd=st.none() | st.booleans())
    def delete(self, key: str, time_ms: int, odd: bool | None) -> None:
        doomed = [
            slot
            for slot, (row, _) in self.current.items()
            if slot[:2] == (key, time_ms) and (odd is None or row[0] % 2 == odd)
        ]
        matches = None if odd is None else lambda row: row[0] % 2 == odd
        assert self.store.delete(key, time_ms, matches) == len(doomed)
        for slot in doomed:
            del self.current[slot]
        left = [slot for slot in self.current if slot[:2] == (key, time_ms)]
        assert len(self.store.fetch(key, time_ms, time_ms)) == len(left)

    @rule()
    def earliest(self) -> None:
        expected = min((slot[1] for slot in self.current), default=None)
        assert self.store.earliest_ms() == expected

    @rule(key=keys, low=times, high=times)
    def fetch(self, key: str, low: int, high: int) -> None:
        assert self.store.fetch(key, low, high) == [
            (slot[1], *self.current[slot])
            for slot in sorted(self.current)
            if slot[0] == key and low <= slot[1] <= high
        ]

    @rule(low=times, high=times)
    def fetch_all(self, low: int, high: int) -> None:
        slots = sorted(self.current, key=lambda slot: slot[1:])
        assert self.store.fetch_all(low, high) == [
            (slot[0], slot[1], *self.current[slot]) for slot in slots if low <= slot[1] <= high
        ]

    def check(self) -> None:
        slots = sorted(self.current, key=lambda slot: slot[1:])
        expected = [(slot[0], slot[1], *self.current[slot]) for slot in slots]
        assert list(self.store.all()) == expected


class Sessions(Timed):
    recent_entries = 5

    def make(self, storage: LocalStorage) -> SessionStore:
        return SessionStore(
            STORE,
            [STRING],
            [BIGINT],
            storage,
            retention_ms=2 * MINUTE,
            recent_entries=self.recent_entries,
        )

    @rule(key=keys, end=times, length=st.sampled_from([0, 60_000]), number=numbers)
    def put(self, key: str, end: int, length: int, number: int) -> None:
        start = max(0, end - length)
        self.store.put(key, start, end, (number,), number)
        if end >= self.bound:
            self.current[key, end, start] = ((number,), number)

    @rule(key=keys, time_ms=times)
    def merge(self, key: str, time_ms: int) -> None:
        if time_ms < self.bound:
            return
        found = self.store.find(key, time_ms - 30_000, time_ms + 30_000)
        start, end, total = time_ms, time_ms, 1
        for old_start, old_end, row, _ in found:
            start, end, total = min(start, old_start), max(end, old_end), total + row[0]
            self.store.remove(key, old_start, old_end)
            del self.current[key, old_end, old_start]
        self.store.put(key, start, end, [total], end)
        self.current[key, end, start] = ((total,), end)

    @rule(key=keys, end=times, length=st.sampled_from([0, 60_000]))
    def remove(self, key: str, end: int, length: int) -> None:
        start = max(0, end - length)
        self.store.remove(key, start, end)
        self.current.pop((key, end, start), None)
        assert self.store.get(key, start, end) is None

    @rule(key=keys, low=times, high=times)
    def find(self, key: str, low: int, high: int) -> None:
        sessions = self.store.find(key, low, high)
        found = [(end, start, tuple(row), ts) for start, end, row, ts in sessions]
        assert found == [
            (end, start, *self.current[k, end, start])
            for k, end, start in sorted(self.current)
            if k == key and end >= low and start <= high
        ]

    @rule(low=times, high=times)
    def fetch_all(self, low: int, high: int) -> None:
        found = {(key, end, start) for key, start, end, _, _ in self.store.fetch_all(low, high)}
        assert found == {slot for slot in self.current if low <= slot[1] <= high}

    def check(self) -> None:
        found = sorted(
            ((key, end, start), (tuple(row), ts)) for key, start, end, row, ts in self.store.all()
        )
        assert found == sorted(self.current.items())
        for slot, entry in self.current.items():
            stored = self.store.get(slot[0], slot[2], slot[1])
            assert (tuple(stored[0]), stored[1]) == entry


class SpaciousDuplicates(Duplicates):
    recent_entries = 1000


class SpaciousSessions(Sessions):
    recent_entries = 1000


def case(machine: type[StoreMachine], *, on_disk: bool) -> Any:
    """Return the test of the machine on one of the storages."""
    if on_disk:
        variant = type(f"{machine.__name__}OnDisk", (machine,), {"on_disk": True})
        variant.TestCase.settings = ON_DISK  # type: ignore[attr-defined]
        return variant.TestCase  # type: ignore[attr-defined]
    machine.TestCase.settings = QUICK
    return pytest.mark.slow(machine.TestCase)


TestKeyValues = case(KeyValues, on_disk=False)
TestKeyValuesOnDisk = case(KeyValues, on_disk=True)
TestCompositeKeyValues = case(CompositeKeyValues, on_disk=False)
TestCompositeKeyValuesOnDisk = case(CompositeKeyValues, on_disk=True)
TestWindows = case(Windows, on_disk=False)
TestWindowsOnDisk = case(Windows, on_disk=True)
TestAlignedWindows = case(AlignedWindows, on_disk=False)
TestAlignedWindowsOnDisk = case(AlignedWindows, on_disk=True)
TestDuplicates = case(Duplicates, on_disk=False)
TestDuplicatesOnDisk = case(Duplicates, on_disk=True)
TestSpaciousDuplicates = case(SpaciousDuplicates, on_disk=False)
TestSpaciousDuplicatesOnDisk = case(SpaciousDuplicates, on_disk=True)
TestSessions = case(Sessions, on_disk=False)
TestSessionsOnDisk = case(Sessions, on_disk=True)
TestSpaciousSessions = case(SpaciousSessions, on_disk=False)
TestSpaciousSessionsOnDisk = case(SpaciousSessions, on_disk=True)
