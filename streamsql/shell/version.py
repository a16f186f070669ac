"""Which version this is."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """Return the version of the installed package, or what stands for it in a checkout."""
    try:
        return installed("streamsql")
    except PackageNotFoundError:
        return "(not installed: run from a checkout)"
