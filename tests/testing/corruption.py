"""Corrupted expectations: each makes a passing query-validation test one that must fail."""

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

Test = Mapping[str, Any]


def corruptions(test: Test, rng: random.Random) -> Iterator[tuple[str, Test]]:
    """Yield what was done to the test, and the corrupted test."""
    if "expectedException" in test:
        return
    outputs = test.get("outputs", [])
    absent: tuple[Any, ...] = (None, 0, False, "", [], {}) if _has_protobuf(test) else (None,)
    by_number = "SCHEMA_ID" in "".join(test.get("statements", [])).upper()
    yield "expect a rejection", {**test, "expectedException": {"message": "no"}}
    yield "expect one more record", _outputs(test, [*outputs, _another(test)])
    yield "expect a source", _post(test, {"name": "NO_SUCH", "type": "stream"})
    for source in test.get("post", {}).get("sources", []):
        yield from _corrupt_source(test, source)
    for position, record in enumerate(outputs):
        rest = [*outputs[:position], *outputs[position + 1 :]]
        if any(other["topic"] == record["topic"] for other in rest):
            yield f"drop record {position}", _outputs(test, rest)
        for what, corrupted in _corrupt_record(record, absent, rng, by_number=by_number):
            changed = [*outputs[:position], corrupted, *outputs[position + 1 :]]
            yield f"{what} of record {position}", _outputs(test, changed)
        later = _later(outputs, position)
        if later is not None:
            swapped = list(outputs)
            swapped[position], swapped[later] = swapped[later], swapped[position]
            yield f"swap records {position} and {later}", _outputs(test, swapped)


def _corrupt_record(
    record: Mapping[str, Any], absent: Sequence[Any], rng: random.Random, *, by_number: bool
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield corrupted records.

    A field that has one of the ``absent`` values may be left out, and of a schema that is asked for
    ``by_number`` those that are no columns.
    """
    for part in ("key", "value"):
        changed = changed_leaf(record.get(part), rng)
        yield f"change {part}", {**record, part: changed}
        if isinstance(record.get(part), dict):
            yield f"add a field to {part}", {**record, part: {**record[part], "NO_SUCH": 1}}
            named = [name for name, node in record[part].items() if node not in absent]
            if named and not by_number:
                gone = rng.choice(named)
                kept = {name: node for name, node in record[part].items() if name != gone}
                yield f"forget {part} field {gone}", {**record, part: kept}
    if record.get("timestamp") is not None:
        yield "change timestamp", {**record, "timestamp": record["timestamp"] + 1}
    window = record.get("window")
    if window is not None:
        for bound in ("start", "end"):
            yield (
                f"change window {bound}",
                {
                    **record,
                    "window": {**window, bound: window[bound] + 1},
                },
            )
        kind = "time" if window["type"].lower() == "session" else "session"
        yield "change window type", {**record, "window": {**window, "type": kind}}
    if record.get("headers") is not None:
        extra = [*record["headers"], {"KEY": "no", "VALUE": None}]
        yield "add a header", {**record, "headers": extra}


def _has_protobuf(test: Test) -> bool:
    """Tell whether records are in Protobuf, which does not write the default of a type."""
    return "PROTOBUF" in "".join(test.get("statements", [])).upper()


def changed_leaf(node: Any, rng: random.Random) -> Any:
    """Return the JSON node with one value in it changed."""
    match node:
        case dict() if node:
            name = rng.choice(sorted(node))
            return {**node, name: changed_leaf(node[name], rng)}
        case list() if node:
            place = rng.randrange(len(node))
            return [*node[:place], changed_leaf(node[place], rng), *node[place + 1 :]]
        case bool():
            return not node
        case int() | Decimal():
            # Where doubles are compared, one more may be the same number.
            return node * 2 + 1 if node >= 0 else node * 2
        case str():
            return f"{node}AAAA"
        case _:
            return "AAAA"


def _corrupt_source(test: Test, source: Mapping[str, Any]) -> Iterator[tuple[str, Test]]:
    changes: Mapping[str, Callable[[Any], Any]] = {
        "type": lambda kind: "TABLE" if kind.upper() == "STREAM" else "STREAM",
        "schema": lambda schema: f"{schema}, NO_SUCH INT",
        "keyFormat": lambda spec: {**spec, "format": f"{spec['format']}X"},
        "valueFormat": lambda name: f"{name}X",
        "isSource": lambda flag: not flag,
        "valueFeatures": lambda features: [*features, "WRAP_SINGLES"],
    }
    for member, change in changes.items():
        if source.get(member) is not None:
            corrupted = {**source, member: change(source[member])}
            yield f"change {member} of {source['name']}", _post(test, corrupted)


def _post(test: Test, source: Mapping[str, Any]) -> Test:
    """Return the test with the source in the place of the one of its name, or added."""
    changed = copy.deepcopy(dict(test))
    post = changed.setdefault("post", {})
    others = [one for one in post.get("sources", []) if one["name"] != source["name"]]
    post["sources"] = [*others, source]
    return changed


def _another(test: Test) -> Mapping[str, Any]:
    outputs = test.get("outputs", [])
    return outputs[-1] if outputs else {"topic": "OUTPUT", "key": "no", "value": None}


def _later(outputs: list[Mapping[str, Any]], position: int) -> int | None:
    """Return the next output of the same topic that is different in what is always compared."""
    first = outputs[position]
    for later in range(position + 1, len(outputs)):
        other = outputs[later]
        if other["topic"] == first["topic"]:
            parts = ("key", "value")
            differs = any(_meant(first.get(part)) != _meant(other.get(part)) for part in parts)
            return later if differs else None
    return None


def _meant(node: Any) -> Any:
    """Return what an expectation says: a field that is NULL may as well be missing."""
    if isinstance(node, dict):
        return {k.upper(): _meant(v) for k, v in node.items() if v is not None}
    return node


def _outputs(test: Test, outputs: list[Mapping[str, Any]]) -> Test:
    return {**test, "outputs": outputs}
