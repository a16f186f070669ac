"""A source, its messages and its targets, all recording what happens to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from streamsql.codegen.liveness import required_columns
from streamsql.codegen.stretch import (
    SKIPPED,
    CompiledFunction,
    EventTime,
    ForwardStep,
    SendStep,
    SourceInput,
    SourcePolicy,
    Step,
    Stretch,
    StretchInput,
)
from streamsql.codegen.stretches import generate
from streamsql.types.schema import Column, Schema, WindowKind
from streamsql.types.sqltypes import BIGINT, STRING, SqlType

BID = Schema(
    (Column("ID", BIGINT),),
    (
        Column("AUCTION", BIGINT),
        Column("BIDDER", BIGINT),
        Column("PRICE", BIGINT),
        Column("CHANNEL", STRING),
    ),
)
WINDOWED = Schema(BID.key, BID.value, WindowKind.TUMBLING)
KEYED_TWICE = Schema((Column("ID", BIGINT), Column("SITE", STRING)), BID.value)


@dataclass
class Message:
    """A consumed record."""

    body: bytes | None
    raw_key: bytes | None = b"1"
    time: int = 5
    at: int = 0
    head: list[tuple[str, bytes | None]] | None = None

    def value(self) -> bytes | None:
        return self.body

    def key(self) -> bytes | None:
        return self.raw_key

    def timestamp(self) -> tuple[int, int]:
        return 1, self.time

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return self.at

    def headers(self) -> list[tuple[str, bytes | None]] | None:
        return self.head


LATEST_MS = 10**15


@dataclass
class Rig:
    """Collects forwards, sends, and what was reported."""

    events: list[tuple[Any, ...]] = field(default_factory=list)

    def forward(self, label: str = "forward") -> ForwardStep:
        return ForwardStep(self._recorder(label))

    def send(self, event_time: EventTime | None = None, *, raw_key: bool = False) -> SendStep:
        return SendStep(
            self._recorder("send"),
            None if raw_key else lambda key: str(key).encode(),
            lambda *values: values,
            msgspec.json.encode,
            event_time,
            "topic out",
        )

    def report(self, error: Exception, text: str, record: Any) -> None:
        self.events.append(("report", type(error).__name__, text))

    def source(
        self,
        steps: Sequence[Step],
        schema: Schema = BID,
        event_time: EventTime | None = None,
        headers: tuple[tuple[str, str | None], ...] = (),
    ) -> CompiledFunction:
        decoder = Decoder(schema, required_columns(schema, steps, event_time), headers)
        policy = SourcePolicy(
            repair=lambda message, error: self._noted("repair", decoder.general(message.value())),
            repair_key=lambda message, error: self._noted("repair_key", SKIPPED),
            latest_ms=LATEST_MS,
            is_bad_timestamp=self._is_bad_timestamp,
            unreadable_timestamp=lambda _message, value, _error: self.events.append(
                ("bad time", value)
            ),
        )
        source = SourceInput(
            schema, decoder, decoder.attributes, decode_key, policy, event_time, headers
        )
        return self.compiled(source, steps)

    def compiled(self, stretch_input: StretchInput, steps: Sequence[Step]) -> CompiledFunction:
        stretch = Stretch("result/1", "A test.", stretch_input, tuple(steps), self.report)
        return generate(stretch)

    def _is_bad_timestamp(self, _message: Any, timestamp: int | None, value: Any) -> bool:
        bad = timestamp is None or not 0 <= timestamp <= LATEST_MS
        if bad:
            self.events.append(("bad time", value))
        return bad

    def _noted(self, label: str, result: Any) -> Any:
        self.events.append((label, result))
        return result

    def _recorder(self, label: str) -> Callable[..., None]:
        return lambda *arguments: self.events.append((label, *arguments))


class Decoder:
    """JSON objects with the columns in lower case."""

    errors: tuple[type[Exception], ...] = (msgspec.MsgspecError,)
    decode: Callable[[bytes], Any]

    def __init__(
        self, schema: Schema, required: frozenset[str], headers: tuple[tuple[str, str | None], ...]
    ) -> None:
        unread = {column for column, _ in headers}
        used = [c for c in schema.value if c.name in required and c.name not in unread]
        self.attributes = {column.name: column.name for column in used}
        types: dict[SqlType, Any] = {BIGINT: int | None, STRING: str | None}
        self.row_type = msgspec.defstruct(
            "Row", [(c.name, types.get(c.type, Any), None) for c in used], rename=str.lower
        )
        self.decode = msgspec.json.Decoder(self.row_type).decode

    def general(self, payload: bytes) -> Any:
        """Read ``null`` as a NULL row, and skip everything else."""
        return None if payload == b"null" else SKIPPED


def decode_key(raw: bytes) -> Any:
    key = msgspec.json.decode(raw)
    return tuple(key) if isinstance(key, list) else key


def message(raw_key: bytes | None = b"1", time: int = 5, **columns: Any) -> Message:
    return Message(msgspec.json.encode(columns), raw_key, time)
