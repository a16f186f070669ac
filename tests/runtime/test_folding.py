"""Aggregations in the loop of a source do what their ``process`` does, record by record."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from streamsql.broker.message import StoredMessage
from streamsql.codegen.generate import generate
from streamsql.codegen.stretches import records
from streamsql.expr.builtins import builtins
from streamsql.expr.nodes import (
    AggregateCall,
    Arithmetic,
    ArithmeticOperator,
    ColumnRef,
    Comparison,
    ComparisonOperator,
    Expression,
    Literal,
    NamedExpression,
)
from streamsql.expr.registry import AggregateFunction
from streamsql.expr.resolve import resolve
from streamsql.runtime.build import build
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.environment import Environment
from streamsql.runtime.metrics import Metrics
from streamsql.runtime.wiring import Wiring
from streamsql.state.memory import MemoryStorage
from streamsql.streams.builder import StreamsBuilder
from streamsql.streams.kstream import KStream
from streamsql.topology.caching import cacheable
from streamsql.topology.nodes import Repartition
from streamsql.topology.topology import Topology, cut, without_repartitions
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import BIGINT, STRING
from streamsql.types.windows import TimeWindows
from tests.formats.codecs import SERDES

BID = Schema(
    (Column("K", STRING),),
    (Column("AUCTION", BIGINT), Column("PRICE", BIGINT), Column("NOTE", STRING)),
)
PRICE, AUCTION = ColumnRef("PRICE", BIGINT), ColumnRef("AUCTION", BIGINT)
SHARE = Arithmetic(ArithmeticOperator.DIVIDE, PRICE, AUCTION, BIGINT)
DEAR = Comparison(ComparisonOperator.GREATER, SHARE, Literal(2, BIGINT))
WINDOWS = {
    "tumbling": TimeWindows(10, 10, 5, 40),
    "hopping": TimeWindows(10, 5, 0, 40),
    "uneven": TimeWindows(7, 3, 4, 40),
    "short": TimeWindows(10, 10, 0, 10),
}


@dataclass
class Recorder:
    """A producer that keeps what is sent."""

    sent: list[tuple[Any, ...]] = field(default_factory=list)

    def sender(self, topic: str, _window_bytes: int = 0) -> Any:
        return lambda *record: self.sent.append((topic, *record))


def aggregate(name: str, function: str, *arguments: Expression) -> AggregateCall:
    found = resolve(builtins(), function, [argument.type for argument in arguments])
    assert isinstance(found.function, AggregateFunction)
    return AggregateCall(name, found.function, arguments, (), found.result_type)


CALLS = (aggregate("N", "COUNT"), aggregate("S", "SUM", PRICE), aggregate("M", "MAX", PRICE))


def topology_of(shape: str, windows: str | None) -> Topology:
    """Return a topology with one aggregation, or with two below a branch."""
    builder = StreamsBuilder("q")
    stream = builder.stream("bids", BID)
    columns = [NamedExpression(name, ColumnRef(name, BIGINT)) for name in ("PRICE", "AUCTION")]
    match shape:
        case "by key":
            _aggregate(stream.select(columns), windows)
        case "filtered":
            _aggregate(stream.filter(DEAR).select(columns), windows)
        case "computed":
            grouped = stream.select(columns)
            _aggregate(grouped, windows, (*CALLS, aggregate("A", "SUM", SHARE)))
        case "regrouped":
            by_auction = [NamedExpression("AUCTION", AUCTION)]
            _aggregate(stream.select(columns), windows, by=by_auction)
        case "two":
            _aggregate(stream.filter(DEAR).select(columns), windows)
            _aggregate(stream.select(columns), None)
        case _:
            raise AssertionError(shape)
    return builder.build()


def _aggregate(
    stream: KStream,
    windows: str | None,
    calls: tuple[AggregateCall, ...] = CALLS,
    by: Sequence[NamedExpression] = (),
) -> None:
    grouped = stream.group_by(by) if by else stream.group_by_key()
    if windows is None:
        grouped.aggregate((), calls).to("out")
    else:
        grouped.windowed_by(WINDOWS[windows]).aggregate((), calls).to("out")


def messages(rng: random.Random) -> Iterator[StoredMessage]:
    """Yield records around a moving time: bad ones, keyless ones and late ones among them."""
    now = 20
    for offset in range(rng.randint(1, 60)):
        now += rng.choice([0, 0, 1, 1, 2, 5, 9, 30])
        time = max(-1, now - rng.choice([0, 0, 0, 1, 3, 8, 14, 40]))
        # Of a record that has neither a time nor a readable key, either may be noticed first.
        key = b"a" if time < 0 else rng.choice([b"a", b"a", b"b", b"c", None, b"\xff"])
        price = rng.choice(["1", "7", "-3", "null", str(2**63 - 1)])
        auction = rng.choice(["0", "1", "2", "null"])
        value = f'{{"AUCTION": {auction}, "PRICE": {price}, "NOTE": "x"}}'.encode()
        payload = rng.choice([value] * 8 + [None, b"null", b"{"])
        yield StoredMessage(("bids", 0, offset, key, payload, time, None))


def outcome(made: Topology, batches: list[list[StoredMessage]]) -> tuple[Any, ...]:
    """Return what is sent, stored and counted."""
    producer, metrics = Recorder(), Metrics()
    environment = Environment(RuntimeConfig("app"), producer, SERDES, metrics)  # type: ignore[arg-type]
    (part,) = cut(made)
    wiring = Wiring(MemoryStorage(), {})
    processors = build(generate(made, part, cached=cacheable(made)), environment, wiring)
    pending = []
    for batch in batches:
        for process in processors.sources["bids"]:
            process(batch)
        for flush in processors.flushes:
            flush()
        pending.append({name: dict(store.pending()) for name, store in wiring.stores.items()})
    clocks = {name: clock.now for name, clock in wiring.clocks.items()}
    return producer.sent, pending, metrics.dropped, metrics.errors, clocks


@pytest.mark.parametrize("windows", [None, *WINDOWS])
@pytest.mark.parametrize(
    "shape",
    [
        "by key",
        *(
            pytest.param(shape, marks=pytest.mark.slow)
            for shape in ("filtered", "computed", "regrouped", "two")
        ),
    ],
)
def test_the_loop_does_what_process_does(
    shape: str, windows: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = topology_of(shape, windows)
    if shape == "regrouped":
        names = [name for name, node in made.nodes.items() if isinstance(node, Repartition)]
        made = without_repartitions(made, names)
    for seed in range(40):
        print("seed", seed)
        rng = random.Random(seed)
        batches = [list(messages(rng)) for _ in range(rng.randint(1, 4))]
        in_loop = outcome(made, batches)
        with monkeypatch.context() as patched:
            patched.setattr(records, "folds_in_loop", lambda *_: False)
            by_call = outcome(made, batches)
        assert in_loop == by_call
