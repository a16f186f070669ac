"""A program divided: its queries together, and each that has failed apart, at positions of its own.

All queries of a program share what they read, and so one position in each topic. A query that fails
cannot keep the others where it stands, and must not lose what they go on to read: it becomes a
group of its own, which begins where all of them have committed, and has its state as it was.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from streamsql.engine.planning.lowering import lay_out_in
from streamsql.engine.planning.planned import ApplicationPlan, Planned, PlannedQuery
from streamsql.engine.planning.program import Program, Role
from streamsql.errors import QueryFailed
from streamsql.topology.naming import group_apart
from streamsql.topology.topology import Topology


def divide(program: Program, groups: Collection[str]) -> Iterator[ApplicationPlan]:
    """Yield the applications of a program: that of the queries together, and those apart.

    Args:
        groups: Those that have positions; the queries that are among them are apart.
    """
    whole = program.application
    assert whole is not None, "it has queries"
    results = [query.result for _, query in _queries(program)]
    own = {result: group_apart(program.name, result) for result in results}
    together = [result for result in results if own[result] not in groups]
    if len(together) == len(results):
        yield whole
        return
    if together:
        yield _part(program, whole, together, whole.group)
    for result in results:
        if own[result] in groups:
            yield _part(program, whole, [result], own[result])


def suspects(
    program: Program, plan: ApplicationPlan, error: QueryFailed
) -> list[tuple[Planned, PlannedQuery]]:
    """Return the queries of a part of the program that may have failed so."""
    return [
        (planned, query)
        for planned, query in _queries(program)
        if query.result in plan.topology.nodes
        and error.node in {None, *plan.topology.leading_to(query.result).nodes}
    ]


def _queries(program: Program) -> Iterator[tuple[Planned, PlannedQuery]]:
    for planned in program.of(Role.QUERY):
        assert planned.query is not None, "these are queries"
        yield planned, planned.query


def _part(
    program: Program, whole: ApplicationPlan, results: Collection[str], group: str
) -> ApplicationPlan:
    """Return some queries of the program as an application, on the topics that it has made."""
    wanted = {name for each in results for name in whole.topology.leading_to(each).nodes}
    nodes = {name: node for name, node in whole.topology.nodes.items() if name in wanted}
    topology = Topology(nodes)
    topics = {**whole.context.topics, **{topic.name: topic for topic in program.create}}
    layout = replace(lay_out_in(whole.context, whole.name, topology, topics), group=group)
    return replace(whole, topology=topology, layout=layout, group=group)
