"""The text of generated code, which people read in EXPLAIN CODE."""

from dataclasses import dataclass
from pathlib import Path

from streamsql.codegen.stretch import (
    BranchStep,
    FilterStep,
    FoldStep,
    ProjectStep,
    RekeyStep,
    RunningGroups,
    StreamInput,
    TableInput,
    WindowGroups,
)
from streamsql.expr.nodes import AggregateCall, And, Like, NamedExpression
from streamsql.types.sqltypes import BIGINT, DOUBLE
from tests.codegen.build import arithmetic, cast, column, compare, constant, named
from tests.codegen.rig import BID, Rig
from tests.codegen.test_aggregates import COUNT, SUM, call, fold
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


@dataclass
class Now:
    """A stream time."""

    now: int = 0


RUNNING = RunningGroups({}, {}, lambda key: [], lambda raw_key, key: [])
HOPPING = WindowGroups(Now(), True, lambda identity, key, timestamp: (0, 0, {}, ()))


def folding(
    groups: RunningGroups | WindowGroups,
    of: AggregateCall,
    columns: tuple[NamedExpression, ...] = (),
) -> FoldStep:
    aggregators = (of.function.make([], (), of.type),)
    return FoldStep(columns, (of,), aggregators, groups, True, lambda key, value, time: None)


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
        case "source, running fold":
            columns = (NamedExpression("CHANNEL", CHANNEL),)
            return rig.source([folding(RUNNING, call("S", SUM, PRICE), columns=columns)]).source
        case "source, rekey, hopping fold":
            euros = arithmetic(PRICE, "/", AUCTION)
            return rig.source([BY_BIDDER, folding(HOPPING, call("S", SUM, euros))]).source
        case "source, branches, folds":
            folds = ((folding(RUNNING, call("N", COUNT)),), (folding(HOPPING, call("N", COUNT)),))
            return rig.source([BranchStep(folds)]).source
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
