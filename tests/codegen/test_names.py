"""Columns of any name in generated code."""

import pytest

from streamsql.expr.nodes import IsNull, NamedExpression
from streamsql.types.schema import Column, Schema
from streamsql.types.sqltypes import BIGINT
from tests.codegen.build import arithmetic, column, named
from tests.codegen.rig import BID, Rig, Step, branches, keep, project, rekey

AUCTION, BIDDER = (column(name, BID) for name in ("AUCTION", "BIDDER"))

AWKWARD = (
    "error", "message", "row", "payload", "decode", "key", "timestamp", "value", "abs", "class",
    "L.ID", "my col", "", "2nd", "None", "SKIPPED", "attempt", "keep", "forward", "Ünïcode",
)  # fmt: skip


@pytest.mark.parametrize("divisor", [1, 0])
def test_columns_may_have_any_name(divisor: int) -> None:
    schema = Schema((Column("k e y", BIGINT),), tuple(Column(n, BIGINT) for n in AWKWARD))
    columns = tuple(
        NamedExpression(name, arithmetic(column(name, schema), "/", column("key", schema)))
        for name in AWKWARD
    )
    kept = keep(IsNull(column("error", schema), negated=True))
    values = tuple(divisor if name == "key" else 6 for name in AWKWARD)
    expected = tuple(None if divisor == 0 else value for value in values)
    rig = Rig()
    steps: list[Step] = [
        kept,
        project(("k e y",), columns),
    ]
    ways = branches([rig.forward()], [rig.send()])
    rig.stream([*steps, ways], schema).function(7, values, 5)
    rig.table([*steps, rig.forward()], schema).function(7, values, None, 5)
    forwarded = [event[2] for event in rig.events if event[0] == "forward"]
    assert forwarded == [expected, expected]
    reports = [event for event in rig.events if event[0] == "report"]
    assert len(reports) == (0 if divisor else 2 * len(AWKWARD))


def test_a_key_named_like_a_value_column_does_not_vouch_for_it() -> None:
    rig = Rig()
    by_auction = rekey((NamedExpression("BIDDER", AUCTION),), drop_null_key=True)
    doubled = project(("BIDDER",), named(D=arithmetic(BIDDER, "+", BIDDER)))
    run = rig.stream([by_auction, doubled, rig.forward()]).function
    run(1, (9, None, 1, "x"), 5)
    assert rig.events == [("forward", 9, (None,), 5)]
