"""When the changes of an aggregate leave it: one rule for all kinds of aggregates.

A group that a record touches is taken out of its store with its row as of then, and let go again:
its state is stored and one change forwarded, from that row to the row of now. In between it is
*held* outside the store.

| emission | a group is let go | and forwarded |
|---|---|---|
| EACH | after the record | then |
| COMMIT | before the commit | then |
| CLOSE | before the commit | once, as stream time closes its window |

COMMIT is the record cache of Kafka Streams: between two commits only the first old row and the last
new row of a key matter downstream. Groups leave in the order of their first change, so that a
table's changelog stays close to the order of its input. CLOSE is EMIT FINAL.
"""

from enum import Enum
from typing import Any


class Emission(Enum):
    """When the changes of an aggregate are forwarded."""

    EACH = "each change"
    COMMIT = "once a group and commit"
    CLOSE = "once a window"


TouchedGroup = list[Any]
"""``[state, timestamp_ms, old row, key]``; the time is -1 while no record was folded in."""
