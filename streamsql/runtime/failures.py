"""Where the code of a query failed: at which record, and in which operator.

The hot loops pay nothing for this: whoever fails has left its frames, and those of generated code
know their node.
"""

from collections.abc import Iterator
from types import FrameType
from typing import Any

from streamsql.broker.ports import TopicPartition
from streamsql.codegen.load import node_of
from streamsql.errors import QueryFailed, RecordPlace


def located(error: Exception, partition: TopicPartition | None) -> QueryFailed:
    """Return a failure that nobody expected with its place.

    Args:
        partition: Whose records were processed; ``None``: what was held back was forwarded.
    """
    frames = tuple(_frames(error))
    nodes = [node for frame in frames if (node := node_of(frame)) is not None]
    node = nodes[-1] if nodes else None
    message = f"{type(error).__name__}: {error}"
    if partition is None:
        return QueryFailed(message, node)
    offsets = (offset for frame in frames if (offset := _offset(frame)) is not None)
    return QueryFailed(message, node, RecordPlace(*partition, next(offsets, None)))


def _frames(error: Exception) -> Iterator[FrameType]:
    """Yield the frames that the error went through, those of callers first."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _offset(frame: FrameType) -> int | None:
    """Return the offset of the message that a loop over messages was at."""
    message: Any = frame.f_locals.get("message")
    offset = getattr(message, "offset", None)
    return offset() if callable(offset) else None
