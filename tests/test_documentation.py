"""Documentation is code: the names it mentions exist, the files it links to as well."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
NAME = re.compile(r"`(streamsql(?:\.\w+)+)(?::(\w+(?:\.\w+)*))?`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_exist(page: Path) -> None:
    for module, attribute in NAME.findall(page.read_text()):
        value: object = importlib.import_module(module)
        for part in filter(None, attribute.split(".")):
            assert hasattr(value, part), f"{page.name} mentions {module}:{attribute}"
            value = getattr(value, part)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
