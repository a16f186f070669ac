"""Python's garbage collection in a process that does nothing but run an application.

Records make no cycles, but held groups, buffered rows and messages count as new objects, and it
would walk over all the state again and again to find nothing: 5 % of an aggregation.
"""

import gc

_NEW_OBJECTS = 50_000
_YOUNG, _MIDDLE = 20, 100


def collect_rarely() -> None:
    """Leave alone what lives now, and look at the rest less often."""
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _YOUNG, _MIDDLE)
