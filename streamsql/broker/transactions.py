"""The life of a producer's transactions, the same on every broker.

| | begin | commit | abort | aborted | doom | lose | fence |
|---|---|---|---|---|---|---|---|
| IDLE | OPEN | IDLE | IDLE | IDLE | DOOMED | SPENT | FENCED |
| OPEN | OPEN | IDLE | ABORTING | IDLE | DOOMED | SPENT | FENCED |
| DOOMED | | | ABORTING | IDLE | DOOMED | SPENT | FENCED |
| ABORTING | | | | IDLE | SPENT | SPENT | SPENT |
| SPENT | | | SPENT | IDLE | SPENT | SPENT | FENCED |
| FENCED | | | | | FENCED | FENCED | FENCED |

*Doomed*: a call has failed, and nothing but an abort helps. *Spent*: it is not known what a call
has done, so that an abort must begin with a new client; an abort that fails ends here too. Where
the table is empty, the event is refused: as TaskFenced of a fenced producer, else as
TransactionAborted. So the error says what the worker has to do.
"""

from enum import Enum, auto

from streamsql.errors import TaskFenced, TransactionAborted


class TransactionState(Enum):
    """How a producer stands."""

    IDLE = auto()
    OPEN = auto()
    DOOMED = auto()
    ABORTING = auto()
    SPENT = auto()
    FENCED = auto()


class TransactionEvent(Enum):
    """What a producer does, or what happens to it."""

    BEGIN = auto()
    COMMIT = auto()
    ABORT = auto()
    ABORTED = auto()
    DOOM = auto()
    LOSE = auto()
    FENCE = auto()


_S, _E = TransactionState, TransactionEvent
_TROUBLE = {_E.DOOM: _S.DOOMED, _E.LOSE: _S.SPENT, _E.FENCE: _S.FENCED}

TRANSITIONS = {
    _S.IDLE: {
        **_TROUBLE,
        _E.BEGIN: _S.OPEN,
        _E.COMMIT: _S.IDLE,
        _E.ABORT: _S.IDLE,
        _E.ABORTED: _S.IDLE,
    },
    _S.OPEN: {
        **_TROUBLE,
        _E.BEGIN: _S.OPEN,
        _E.COMMIT: _S.IDLE,
        _E.ABORT: _S.ABORTING,
        _E.ABORTED: _S.IDLE,
    },
    _S.DOOMED: {**_TROUBLE, _E.ABORT: _S.ABORTING, _E.ABORTED: _S.IDLE},
    _S.ABORTING: {**dict.fromkeys(_TROUBLE, _S.SPENT), _E.ABORTED: _S.IDLE},
    _S.SPENT: {**_TROUBLE, _E.DOOM: _S.SPENT, _E.ABORT: _S.SPENT, _E.ABORTED: _S.IDLE},
    _S.FENCED: dict.fromkeys(_TROUBLE, _S.FENCED),
}


class TransactionLife:
    """Where the transactions of one producer stand."""

    __slots__ = ("_identity", "state")

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self.state = TransactionState.IDLE

    def check(self, event: TransactionEvent) -> None:
        """Raise TaskFenced or TransactionAborted unless the event may happen now."""
        if event in TRANSITIONS[self.state]:
            return
        if self.state is TransactionState.FENCED:
            raise TaskFenced(f'another producer took over the identity "{self._identity}"')
        raise TransactionAborted(f'the transaction of "{self._identity}" must be aborted first')

    def move(self, event: TransactionEvent) -> None:
        """Let the event happen; raises what :meth:`check` does."""
        self.check(event)
        self.state = TRANSITIONS[self.state][event]
