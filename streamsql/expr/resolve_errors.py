"""The errors of overload resolution: what was wrong, and what would be right."""

import difflib
from collections.abc import Sequence

from streamsql.errors import BindError
from streamsql.expr.registry import Function, FunctionRegistry


def no_such_function(registry: FunctionRegistry, name: str) -> BindError:
    """Return the error of an unknown name, with the nearest known one."""
    close = difflib.get_close_matches(name, registry.names(), n=1)
    hint = f"Did you mean {close[0]}?" if close else "SHOW FUNCTIONS lists all functions."
    return BindError(f'function "{name}" does not exist', hint=hint)


def not_accepted(name: str, types: str, overloads: Sequence[Function]) -> BindError:
    """Return the error of arguments that no overload takes."""
    return BindError(
        f'function "{name}" does not accept ({types})',
        hint=f"It accepts {_signatures_text(overloads)}.",
    )


def ambiguous(name: str, types: str, candidates: Sequence[Function]) -> BindError:
    """Return the error of arguments that several overloads take equally well."""
    return BindError(
        f'function "{name}" is ambiguous for ({types})',
        hint=f"Convert the arguments with CAST; equally good are {_signatures_text(candidates)}.",
    )


def _signatures_text(functions: Sequence[Function]) -> str:
    """Return the parameters of each function in parentheses, joined for a sentence."""
    texts = [f"({function.signature.rpartition(' ->')[0]})" for function in functions]
    texts = ["()" if text == "()" else text.replace(";", ",") for text in texts]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " or " + texts[-1]
