"""The names of what is an application's own on a broker: made and recognised here alone.

| what | name |
|---|---|
| the consumer group | ``app`` |
| the group of a query that has failed | ``app:OPERATOR`` |
| the application of a push query | ``service-transient-SESSION-NUMBER`` |
| the changelog of a store | ``app-STORE-changelog`` |
| what leads from one sub-topology to another | ``app-OPERATOR-repartition`` |
| what goes to and fro in a foreign-key join | ``app-OPERATOR-topic`` |
| which INSERT VALUES have been carried out | ``app-statements`` |
| the state of a task, where the broker keeps it | ``app-PARTITION`` |
| the identity of a worker's producer | ``app-MEMBER`` |
| what all applications declare | ``_streamsql_declarations`` |

They are Kafka Streams', which does not say where in ``a-b-c-changelog`` the application ends. So a
name is recognised among the applications that there are: the longest that fits owns it, and a topic
``orders-changelog`` is somebody's own as long as nobody runs an application that would call one so.
"""

import re
from collections.abc import Iterable

DECLARATIONS = "_streamsql_declarations"
"""The topic by which the applications on a broker know each other's sources."""

_INTERNAL = re.compile(
    r".+-changelog"
    r"|(.+-)?(repartition|foreign-key-(subscription|response)(-\d+)?-topic)(-\d+)?"
    r"|statements"
)
"""What follows the application in the name of a topic of its own."""


def push_query(service: str, session: str, number: int) -> str:
    """Return the name of the application of a push query of an engine's session."""
    return f"{service}-transient-{session}-{number}"


def push_queries(service: str, names: Iterable[str]) -> list[str]:
    """Return the push queries of a service that groups and topics are named after.

    >>> push_queries("default", ["default-transient-0a-1-SUM-changelog", "default-transient", "x"])
    ['default-transient-0a-1']
    """
    begin = re.compile(rf"{re.escape(service)}-transient-[0-9a-f]+-\d+")
    return sorted({match[0] for name in names if (match := begin.match(name))})


def is_of_push_query(name: str) -> bool:
    """Whether the name is that of a push query of any service, or begins with one.

    >>> is_of_push_query("app-transient-0a-1"), is_of_push_query("app-transient-changelog")
    (True, False)
    """
    return re.match(r".+-transient-[0-9a-f]+-\d+(-|$)", name) is not None


def group_apart(application: str, operator: str) -> str:
    """Return the name of the group of a query that does not share the positions of the others.

    No topic may have the colon, so that none can seem to belong to such a group.
    """
    return f"{application}:{operator}"


def changelog_topic(application: str, store: str) -> str:
    """Return the name of a store's changelog."""
    return f"{application}-{store}-changelog"


def repartition_topic(application: str, topic: str) -> str:
    """Return the name on the broker of a repartition topic of the topology."""
    return f"{application}-{topic}"


def statements_topic(application: str) -> str:
    """Return the name of the topic that notes which INSERT VALUES have been carried out."""
    return f"{application}-statements"


def task_state(application: str, partition: int) -> str:
    """Return the name under which a broker keeps the state of the tasks of a partition.

    Store names are unique in an application, so the partition tells tasks apart: the number of a
    sub-topology may change when another query is added.
    """
    return f"{application}-{partition}"


def is_task_state(name: str, application: str) -> bool:
    """Whether the state is that of a task of the application.

    >>> is_task_state("app-3", "app"), is_task_state("app-b-3", "app")
    (True, False)
    """
    return re.fullmatch(rf"{re.escape(application)}-\d+", name) is not None


def producer_identity(application: str, member: str) -> str:
    """Return the identity of the producer of a worker."""
    return f"{application}-{member}"


def owner(topic: str, applications: Iterable[str]) -> str | None:
    """Return which of the applications a topic belongs to, if it is an internal one.

    >>> owner("a-b-SUM-changelog", ["a", "a-b"]), owner("orders-changelog", ["orders"])
    ('a-b', None)
    >>> owner("a-J-foreign-key-response-topic", ["a"]), owner("a-response-topic", ["a"])
    ('a', None)
    """
    return max((name for name in applications if _is_internal(topic, name)), key=len, default=None)


def internal_topics(
    application: str, topics: Iterable[str], applications: Iterable[str]
) -> list[str]:
    """Return those of the topics that belong to the application, sorted.

    Args:
        applications: Those known on the broker: what may be theirs is not this one's.
    """
    known = {application, *applications}
    return sorted(topic for topic in topics if owner(topic, known) == application)


def _is_internal(topic: str, application: str) -> bool:
    begin = f"{application}-"
    return topic.startswith(begin) and _INTERNAL.fullmatch(topic, len(begin)) is not None
