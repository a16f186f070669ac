"""Golden scripts: commands, ``---``, the output they must give; ``REWRITE=1`` rewrites it.

A file is a sequence of blocks::

    # A comment: kept, not part of the input.
    input lines
    ---
    output lines
                       (an empty line ends the block)

Input runs to the separator and may hold empty lines. Output that holds an empty line itself is put
between doubled separators::

    input
    ---
    ---
    output

    more output
    ---
    ---
"""

import difflib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SEPARATOR = "---"


@dataclass(frozen=True, slots=True)
class Block:
    """One command of a golden file and its output, both without the final newline."""

    comments: tuple[str, ...]
    input: str
    output: str
    line: int

    def render(self, output: str) -> str:
        """Return the block with ``output`` in place of its own."""
        lines = [*self.comments, self.input, SEPARATOR]
        if "" in output.split("\n") and output:
            lines += [SEPARATOR, output, SEPARATOR, SEPARATOR]
        elif output:
            lines.append(output)
        return "\n".join(lines) + "\n"


def check(path: Path, run: Callable[[str], str]) -> None:
    """Run every block of the file, in order, and compare; or, with ``REWRITE`` set, rewrite it.

    Args:
        path: The golden file.
        run: From the input of a block to its output; white space at line ends is not compared.

    Raises:
        AssertionError: An output differs; the message is a diff of the whole file.
    """
    written = path.read_text(encoding="utf-8")
    blocks = list(read(written))
    assert blocks, f"{path} holds no block"
    actual = "\n".join(block.render(_tidy(run(block.input))) for block in blocks)
    if os.environ.get("REWRITE"):
        path.write_text(actual, encoding="utf-8")
        return
    expected = "\n".join(block.render(block.output) for block in blocks)
    if actual != expected:
        diff = difflib.unified_diff(
            expected.splitlines(), actual.splitlines(), str(path), "actual", lineterm=""
        )
        raise AssertionError("\n".join(["golden output differs (REWRITE=1 accepts it)", *diff]))


def read(text: str) -> Iterator[Block]:
    """Yield the blocks of a golden file."""
    lines = text.split("\n")
    position = 0
    while True:
        while position < len(lines) and not lines[position].strip():
            position += 1
        if position == len(lines):
            return
        start = position
        while position < len(lines) and lines[position].startswith("#"):
            position += 1
        comments = tuple(lines[start:position])
        try:
            separator = lines.index(SEPARATOR, position)
        except ValueError:
            raise AssertionError(f'line {start + 1}: no "{SEPARATOR}" after the input') from None
        body = "\n".join(lines[position:separator])
        output, position = _output(lines, separator + 1)
        yield Block(comments, body, output, start + 1)


def _output(lines: list[str], start: int) -> tuple[str, int]:
    """Return the output that begins at line ``start`` and the line after it."""
    if start < len(lines) and lines[start] == SEPARATOR:
        end = start + 1
        while lines[end : end + 2] != [SEPARATOR, SEPARATOR]:
            end += 1
            assert end < len(lines), f"line {start + 1}: the output is not closed"
        return "\n".join(lines[start + 1 : end]), end + 2
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    return "\n".join(lines[start:end]), end


def _tidy(output: str) -> str:
    return "\n".join(line.rstrip() for line in output.strip("\n").split("\n"))
