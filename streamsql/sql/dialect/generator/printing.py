"""What all printers share: names, strings and lists as text."""

from collections.abc import Callable, Iterable

from sqlglot import exp

Print = Callable[[exp.Expr], str]


def string(value: str) -> str:
    """Return a string literal; what would be a variable in it is escaped."""
    return "'" + value.replace("'", "''").replace("${", "$${") + "'"


def quoted(name: str) -> str:
    """Return a name in back-ticks."""
    return "`" + name.replace("`", "``").replace("${", "$${") + "`"


def commas(sql: Print, nodes: Iterable[exp.Expr]) -> str:
    """Return the nodes with commas between them."""
    return ", ".join(sql(node) for node in nodes)


def words(*parts: str | None) -> str:
    """Return the parts that are not empty with blanks between them."""
    return " ".join(part for part in parts if part)


def when(condition: bool, text: str) -> str | None:
    """Return the text if the condition holds."""
    return text if condition else None
