"""Columns and the fields of a schema: a name in upper case is any spelling's."""

from collections.abc import Sequence


def positions_of(names: Sequence[str], spellings: Sequence[str]) -> list[int | None]:
    """Return where each name is among the spellings: as it is, else in another case.

    >>> positions_of(["ID", "name", "X"], ["id", "Id", "name"])
    [0, 2, None]
    """
    exact = {spelling: position for position, spelling in reversed(list(enumerate(spellings)))}
    folded = {
        spelling.upper(): position for position, spelling in reversed(list(enumerate(spellings)))
    }
    return [exact.get(name, folded.get(name.upper())) for name in names]
