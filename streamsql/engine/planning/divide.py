"""A program divided: its queries together, and each that has failed apart, at positions of its own.

All queries of a program share what they read, and so one position in each topic. A query that fails
cannot keep the others where it stands, and must not lose what they go on to read: it becomes a
group of its own, which begins where all of them have committed, and has its state as it was.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from streamsql.engine.planning.lowering import lay_out_in
from streamsql.engine.planning.planned import ApplicationPlan, Planned, PlannedQuery
from streamsql.engine.planning.program import Program, Role
from streamsql.errors import QueryFailed
from streamsql.topology.naming import group_apart
from streamsql.topology.topology import Topology, stores_of


@dataclass(frozen=True, slots=True)
class Unit:
    """Queries that can only be together: they share what an operator keeps, a table that they read.

    Attributes:
        group: That the unit has when it is apart.
        queries: In order.
    """

    group: str
    queries: tuple[tuple[Planned, PlannedQuery], ...]

    @property
    def results(self) -> tuple[str, ...]:
        """The nodes that the rows of the queries come out of."""
        return tuple(query.result for _, query in self.queries)


def units(program: Program, groups: Collection[str]) -> list[Unit]:
    """Return the queries of a program as units; a unit that is apart keeps the group that it has.

    Args:
        groups: Those that have positions.
    """
    found: list[tuple[set[str], list[tuple[Planned, PlannedQuery]]]] = []
    for planned, query in _queries(program):
        stores = _stores(query)
        members = [(planned, query)]
        for other in [each for each in found if not each[0].isdisjoint(stores)]:
            found.remove(other)
            stores |= other[0]
            members = [*other[1], *members]
        found.append((stores, members))
    return [_unit(program.name, members, groups) for _, members in found]


def divide(program: Program, groups: Collection[str]) -> Iterator[ApplicationPlan]:
    """Yield the applications of a program: that of the queries together, and those apart.

    Args:
        groups: Those that have positions; the units that are among them are apart.
    """
    whole = program.application
    assert whole is not None, "it has queries"
    every = units(program, groups)
    together = [unit for unit in every if unit.group not in groups]
    if len(together) == len(every):
        yield whole
        return
    if together:
        results = [result for unit in together for result in unit.results]
        yield _part(program, whole, results, whole.group)
    for unit in every:
        if unit.group in groups:
            yield _part(program, whole, unit.results, unit.group)


def suspects(program: Program, plan: ApplicationPlan, error: QueryFailed) -> list[Unit]:
    """Return the units of a part of the program that may have failed so."""
    own = [unit for unit in units(program, (plan.group,)) if unit.results[0] in plan.topology.nodes]
    return [
        unit
        for unit in own
        if any(
            error.node in {None, *plan.topology.leading_to(result).nodes} for result in unit.results
        )
    ]


def _unit(
    application: str, members: Sequence[tuple[Planned, PlannedQuery]], groups: Collection[str]
) -> Unit:
    names = [group_apart(application, query.result) for _, query in members]
    group = next((name for name in names if name in groups), names[0])
    return Unit(group, tuple(members))


def _stores(query: PlannedQuery) -> set[str]:
    operators = query.operators.nodes.values()
    return {store.name for node in operators for store in stores_of(node)}


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
