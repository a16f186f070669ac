"""The groups of a table's rows as a function: ``group(key, row, timestamp)``."""

from collections import Counter

from streamsql.codegen.source import Module, SourceText
from streamsql.codegen.stretches.liveness import WHOLE_KEY
from streamsql.codegen.stretches.rows import PARAMETERS, row_function
from streamsql.topology.nodes import Rekey, TableRegroup
from streamsql.types.schema import Schema


def generate_group(node: TableRegroup, schema: Schema) -> SourceText:
    """Return the function of the new key of a row of the schema.

    It gives ``None`` when any part of the key is NULL; a part that fails is NULL and reported.
    """
    rekey = Rekey(node.name, node.parents, node.keys, node.schema, drop_null_key=True)
    row = row_function([rekey], schema, Counter([WHOLE_KEY]), lambda scope: scope.key)
    module = Module(node.name)
    lines = row.lines(module)
    module.define("group", PARAMETERS, "The group of a row.", lines)
    return module.source()
