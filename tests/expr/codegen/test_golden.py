"""The text of generated code, which people read in EXPLAIN CODE."""

from pathlib import Path

from streamsql.expr.nodes import And, Like, NamedExpression
from streamsql.expr.stretch import (
    BranchStep,
    FilterStep,
    ProjectStep,
    RekeyStep,
    StreamInput,
    TableInput,
)
from streamsql.types.sqltypes import BIGINT, DOUBLE
from tests.expr.codegen.build import arithmetic, cast, column, compare, constant, named
from tests.expr.codegen.rig import BID, Rig
from tests.expr.codegen.test_aggregates import COUNT, SUM, call, fold
from tests.golden import check

AUCTION, BIDDER, PRICE, CHANNEL = (
    column(name, BID) for name in ("AUCTION", "BIDDER", "PRICE", "CHANNEL")
)
DEAR = FilterStep(compare(PRICE, ">", constant(100, BIGINT)))
EUROS = ProjectStep(
    ("ID",), named(A=AUCTION, EUROS=arithmetic(cast(PRICE, DOUBLE), "*", constant(0.908)))
)
BY_BIDDER = RekeyStep((NamedExpression("BIDDER", BIDDER),), drop_null_key=True)
FROM_GOOGLE = FilterStep(And(DEAR.predicate, Like(CHANNEL, constant("Goo%"), None, negated=False)))


def generated(name: str) -> str:
    rig = Rig()
    match name:
        case "source, project, send":
            return rig.source([EUROS, rig.send()]).source
        case "source, filter, rekey, forward":
            return rig.source([FROM_GOOGLE, BY_BIDDER, rig.forward()]).source
        case "source, branches":
            branches = ((DEAR, EUROS, rig.send()), (BY_BIDDER, rig.forward()))
            return rig.source([BranchStep(branches)]).source
        case "stream, filter, project, send":
            return rig.compiled(StreamInput(BID), [DEAR, EUROS, rig.send()]).source
        case "table, filter, project, send":
            return rig.compiled(TableInput(BID), [DEAR, EUROS, rig.send()]).source
        case "fold":
            euros = arithmetic(PRICE, "/", BIDDER)
            return fold(call("N", COUNT), call("S", SUM, euros), CHANNEL=CHANNEL).source
        case _:
            raise AssertionError(name)


def test_source_text() -> None:
    check(Path(__file__).with_name("stretches.golden"), generated)
