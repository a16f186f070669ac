"""Conditions made of fragments: negation, conjunction, and matches of constant patterns."""

from collections.abc import Sequence

from streamsql.codegen.expressions import literals, patterns
from streamsql.codegen.expressions.fragment import Fragment, Level, NewLocal, checked, either
from streamsql.codegen.namespace import Namespace
from streamsql.expr.nodes import Like, Literal
from streamsql.types.sqltypes import STRING


def conjunction(left: Fragment, right: Fragment) -> Fragment:
    """Return ``left and right``."""
    text = f"{left.at(Level.AND)} and {right.at(Level.AND)}"
    return Fragment(text, Level.AND, nullable=left.nullable or right.nullable)


def negation(operand: Fragment) -> Fragment:
    """Return ``not operand``."""
    return operand.opposite or Fragment(f"not {operand.at(Level.NOT)}", Level.NOT, opposite=operand)


def unless(negated: bool, condition: Fragment) -> Fragment:
    """Return the condition, negated if so."""
    return negation(condition) if negated else condition


def any_equal(operand: Fragment, options: Sequence[Fragment], new_local: NewLocal) -> Fragment:
    """Return whether the operand, evaluated once, equals one of the options."""
    if not options:
        return Fragment("False")
    is_name = operand.simple and not operand.nullable
    named = operand if is_name else Fragment(operand.text, operand.level, nullable=True)

    def equals(values: list[Fragment]) -> Fragment:
        texts = [f"{values[0].text} == {option.at(Level.SUM)}" for option in options]
        return Fragment(" or ".join(texts), Level.OR if len(texts) > 1 else Level.COMPARISON)

    return checked([named], equals, new_local)


def match_of(node: Like, pattern: str, value: Fragment, namespace: Namespace) -> Fragment:
    """Return the test of a constant pattern: a string method where one does, else a regex."""
    parts = patterns.literal_parts(pattern, node.escape)
    if parts is None:
        name = namespace.add(
            "matches", patterns.matcher(pattern, node.escape), f"whether a text is like {pattern}"
        )
        match = f"{name}({value.text})"
        return either(f"{match} is not None", f"{match} is None", node.negated)
    leading, plain, trailing = parts
    text = literals.compile_literal(Literal(plain, STRING), namespace).text
    if leading and trailing:
        whole = value.at(Level.SUM)
        return either(f"{text} in {whole}", f"{text} not in {whole}", node.negated)
    if leading or trailing:
        method = "startswith" if trailing else "endswith"
        return unless(node.negated, Fragment(f"{value.at(Level.ATOM)}.{method}({text})"))
    whole = value.at(Level.SUM)
    return either(f"{whole} == {text}", f"{whole} != {text}", node.negated)
