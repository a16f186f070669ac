"""The program ``streamsql``: the shell, with the test runner put beside it.

Shell and testing do not know each other; this module, above both, brings them together.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from streamsql.shell import cli


def main() -> int:
    """Run the program and return its exit status."""
    return cli.main(run_tests=_run_tests)


def _run_tests(paths: Sequence[Path], report: Path | None, only: str | None) -> int:
    from streamsql.testing.runner import run_tests

    return run_tests(paths, report, sys.stdout, only=only)


if __name__ == "__main__":
    sys.exit(main())
