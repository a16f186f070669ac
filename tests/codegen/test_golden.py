"""The text of generated code, which people read in EXPLAIN CODE."""

from collections.abc import Mapping
from pathlib import Path

from streamsql.expr.nodes import And, Like, NamedExpression
from streamsql.topology.nodes import StreamSource
from streamsql.types.sqltypes import BIGINT, DOUBLE
from streamsql.types.windows import TimeWindows
from tests.codegen.build import arithmetic, cast, column, compare, constant, named
from tests.codegen.rig import (
    BID,
    ENTRY,
    Branches,
    Rig,
    Step,
    aggregate,
    branches,
    keep,
    project,
    record_format,
    rekey,
)
from tests.codegen.test_aggregates import COUNT, SUM, call, folded
from tests.golden import check

AUCTION, BIDDER, PRICE, CHANNEL = (
    column(name, BID) for name in ("AUCTION", "BIDDER", "PRICE", "CHANNEL")
)
DEAR_PRICE = compare(PRICE, ">", constant(100, BIGINT))
DEAR = keep(DEAR_PRICE)
EUROS = project(
    ("ID",), named(A=AUCTION, EUROS=arithmetic(cast(PRICE, DOUBLE), "*", constant(0.908)))
)
BY_BIDDER = rekey((NamedExpression("BIDDER", BIDDER),), drop_null_key=True)
FROM_GOOGLE = keep(And(DEAR_PRICE, Like(CHANNEL, constant("Goo%"), None, negated=False)))
HOPPING = TimeWindows(10, 5, 0, 40)


def source(*steps: Step | Branches) -> str:
    entry = StreamSource(ENTRY, "in", record_format(BID), BID)
    code, _ = Rig().code(entry, steps, cached=True)
    return code.sources[ENTRY].text


RATIO = arithmetic(PRICE, "/", AUCTION)
SHARE = arithmetic(cast(CHANNEL, DOUBLE), "/", cast(RATIO, DOUBLE))
RATIOS = project(("ID",), named(RATIO=RATIO, SHARE=SHARE))
HIGH = keep(compare(RATIO, ">", constant(2, BIGINT)))


def texts() -> Mapping[str, str]:
    rig = Rig()
    by_channel = aggregate(call("S", SUM, PRICE), (NamedExpression("CHANNEL", CHANNEL),))
    running, hopping = (aggregate(call("N", COUNT), windows=w) for w in (None, HOPPING))
    ratio = arithmetic(PRICE, "/", BIDDER)
    return {
        "source, project, send": source(EUROS, rig.send()),
        "source, filter, rekey, forward": source(FROM_GOOGLE, BY_BIDDER, rig.forward()),
        "source, branches": source(branches([DEAR, EUROS, rig.send()], [BY_BIDDER, rig.forward()])),
        "source, what may fail": source(
            branches([HIGH, RATIOS, rig.send()], [HIGH, RATIOS, rig.forward()])
        ),
        "source, running fold": source(by_channel),
        "source, rekey, hopping fold": source(
            BY_BIDDER, aggregate(call("S", SUM, RATIO), windows=HOPPING)
        ),
        "source, branches, folds": source(branches([running], [hopping])),
        "stream, filter, project, send": rig.stream([DEAR, EUROS, rig.send()]).source,
        "table, filter, project, send": rig.table([DEAR, EUROS, rig.send()]).source,
        "fold": folded(call("N", COUNT), call("S", SUM, ratio), CHANNEL=CHANNEL).text,
    }


def test_source_text() -> None:
    check(Path(__file__).with_name("stretches.golden"), texts().__getitem__)
