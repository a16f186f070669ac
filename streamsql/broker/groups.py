"""Consumer groups of our own brokers: the classic protocol, eager, range, static members.

A rebalance has two phases, as in Kafka. *Preparing*: each member gives up its partitions and joins,
inside its own poll; commits of the old generation still count. When the last member has joined, the
generation rises and each member receives its share in its next poll; older generations are fenced.

A static member that comes back under its name takes over the place of the old one without a
rebalance. A member that falls silent keeps its place until the session times out.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from streamsql.broker.ports import Assignment, TopicPartition
from streamsql.errors import TaskFenced, TransactionAborted


class MemberState(Enum):
    """Where a member is in the rebalances of its group."""

    NEW = "new"
    CALLED = "called to join"
    JOINED = "waiting for the others"
    CHOSEN = "about to take its share"
    STABLE = "at work"
    EXPELLED = "expelled"
    REPLACED = "replaced"
    GONE = "gone"


class MemberEvent(Enum):
    """What a member does, or what happens to it."""

    CALL = "be called to join"
    JOIN = "join"
    SHARE = "be given a share"
    TAKE = "take its share"
    EXPEL = "be expelled"
    REPLACE = "be replaced"
    LEAVE = "leave"


_S, _E = MemberState, MemberEvent
_ENDS = {_E.EXPEL: _S.EXPELLED, _E.REPLACE: _S.REPLACED, _E.LEAVE: _S.GONE}

TRANSITIONS = {
    _S.NEW: {_E.CALL: _S.CALLED, _E.SHARE: _S.CHOSEN},
    _S.CALLED: {**_ENDS, _E.CALL: _S.CALLED, _E.JOIN: _S.JOINED},
    _S.JOINED: {**_ENDS, _E.CALL: _S.JOINED, _E.SHARE: _S.CHOSEN},
    _S.CHOSEN: {**_ENDS, _E.CALL: _S.CALLED, _E.TAKE: _S.STABLE},
    _S.STABLE: {**_ENDS, _E.CALL: _S.CALLED},
    _S.EXPELLED: {_E.CALL: _S.CALLED, _E.SHARE: _S.CHOSEN, _E.LEAVE: _S.EXPELLED},
    _S.REPLACED: {_E.LEAVE: _S.REPLACED},
    _S.GONE: {_E.LEAVE: _S.GONE},
}
"""What may happen to a member; who was expelled joins anew, who was replaced never."""


class Member:
    """The membership of one consumer; its worker hears of changes inside :meth:`step`."""

    def __init__(
        self, group: "Group", name: str, topics: Sequence[str], assignment: Assignment
    ) -> None:
        self.group = group
        self.name = name
        self.topics = tuple(topics)
        self.assignment = assignment
        self.state = MemberState.NEW
        self.generation = 0
        self.partitions: tuple[TopicPartition, ...] = ()
        self.share: tuple[TopicPartition, ...] = ()
        self.silent_since_ms: int | None = None

    def move(self, event: MemberEvent) -> None:
        """Let the event happen."""
        following = TRANSITIONS[self.state].get(event)
        assert following is not None, f"a member {self.state.value} cannot {event.value}"
        self.state = following

    def step(self) -> None:
        """Go on with the rebalance as far as this member can; call it first in every poll."""
        self.silent_since_ms = None
        self.group.expire()
        self._check_replaced()
        if self.state is MemberState.EXPELLED:
            self._rejoin()
        if self.state is MemberState.CALLED:
            given_up, self.partitions = self.partitions, ()
            if given_up:
                self.assignment.revoked(given_up)
            self.move(MemberEvent.JOIN)
            self.group.complete_when_joined()
        if self.state is MemberState.CHOSEN:
            self.partitions = self.share
            self.move(MemberEvent.TAKE)
            self.assignment.assigned(self.partitions)

    def leave(self) -> None:
        """Give up the partitions and the place in the group."""
        before = self.state
        self.move(MemberEvent.LEAVE)
        if self.state is before:
            return
        given_up, self.partitions = self.partitions, ()
        if given_up:
            self.assignment.revoked(given_up)
        self.group.remove(self)

    def check(self) -> None:
        """Raise TransactionAborted unless the member may commit now."""
        self._check_replaced()
        if self.state is MemberState.EXPELLED or self.generation != self.group.generation:
            raise TransactionAborted(
                f'member "{self.name}" commits in generation {self.generation} of group '
                f'"{self.group.name}", which is at {self.group.generation}'
            )

    def _check_replaced(self) -> None:
        if self.state is MemberState.REPLACED:
            raise TaskFenced(
                f'another consumer joined group "{self.group.name}" as member "{self.name}"'
            )

    def _rejoin(self) -> None:
        taken_away, self.partitions = self.partitions, ()
        if taken_away:
            self.assignment.lost(taken_away)
        self.group.add(self)


class Group:
    """The members of one group and who has which partition."""

    def __init__(
        self,
        name: str,
        partitions_of: Callable[[str], int],
        now_ms: Callable[[], int],
        session_timeout_ms: int,
    ) -> None:
        self.name = name
        self.generation = 0
        self.preparing = False
        self.members: dict[str, Member] = {}
        self._partitions_of = partitions_of
        self._now_ms = now_ms
        self._session_timeout_ms = session_timeout_ms

    def add(self, member: Member) -> None:
        """Take a member in, in the place of the one of the same name if there is one."""
        for topic in member.topics:
            self._partitions_of(topic)  # a topic that does not exist is refused here
        old = self.members.get(member.name)
        self.members[member.name] = member
        if old is not None:
            old.move(MemberEvent.REPLACE)
        if old is not None and not self.preparing and old.topics == member.topics:
            member.generation, member.share = old.generation, old.share
            member.move(MemberEvent.SHARE)
        else:
            self._prepare()

    def remove(self, member: Member) -> None:
        """Take a member out; the others share its partitions."""
        if self.members.get(member.name) is member:
            del self.members[member.name]
            self._prepare()
            self.complete_when_joined()

    def expire(self) -> None:
        """Expel the members whose session has timed out."""
        now_ms = self._now_ms()
        for member in list(self.members.values()):
            silent_ms = member.silent_since_ms
            if silent_ms is not None and now_ms - silent_ms >= self._session_timeout_ms:
                member.move(MemberEvent.EXPEL)
                self.remove(member)

    def complete_when_joined(self) -> None:
        """Begin the next generation once every member has joined."""
        waiting = (member.state is MemberState.JOINED for member in self.members.values())
        if not self.preparing or not all(waiting):
            return
        self.preparing = False
        self.generation += 1
        shares = range_shares(
            {name: member.topics for name, member in self.members.items()}, self._partitions_of
        )
        for name, member in self.members.items():
            member.generation, member.share = self.generation, shares[name]
            member.move(MemberEvent.SHARE)

    def _prepare(self) -> None:
        self.preparing = True
        for member in self.members.values():
            member.move(MemberEvent.CALL)


def range_shares(
    topics: Mapping[str, Sequence[str]], partitions_of: Callable[[str], int]
) -> dict[str, tuple[TopicPartition, ...]]:
    """Return the partitions of each member: of each topic a range, in the order of the names.

    Topics with as many partitions and the same subscribers are divided alike, so that partitions
    of one number stay together.
    """
    shares: dict[str, list[TopicPartition]] = {name: [] for name in sorted(topics)}
    for topic in sorted({topic for subscribed in topics.values() for topic in subscribed}):
        subscribers = [name for name in shares if topic in topics[name]]
        least, extra = divmod(partitions_of(topic), len(subscribers))
        first = 0
        for index, name in enumerate(subscribers):
            behind = first + least + (index < extra)
            shares[name] += [TopicPartition(topic, number) for number in range(first, behind)]
            first = behind
    return {name: tuple(share) for name, share in shares.items()}
