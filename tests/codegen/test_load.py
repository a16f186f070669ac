"""Texts that come and go leave nothing behind, and their functions know what they are of."""

import linecache
import traceback
from collections.abc import Callable
from typing import Any

from streamsql.codegen.load import load, node_of
from streamsql.codegen.source import SourceText


def loaded(node: str, number: int) -> Callable[[], Any]:
    text = f"def fail():\n    return {number} / 0\n"
    return load(SourceText(node, text, {"fail": "fail"}, {}, {}), {})["fail"]


def failed(function: Callable[[], Any]) -> ZeroDivisionError:
    try:
        function()
    except ZeroDivisionError as error:
        return error
    raise AssertionError


def test_tracebacks_show_the_text_of_each_of_one_name() -> None:
    first, second = loaded("hourly/2", 1), loaded("hourly/2", 2)
    assert "return 1 / 0" in "".join(traceback.format_exception(failed(first)))
    assert "return 2 / 0" in "".join(traceback.format_exception(failed(second)))


def test_a_function_knows_its_node_for_as_long_as_it_lives() -> None:
    old = loaded("old", 1)
    for number in range(2_000):
        loaded("pull", number)
    assert len([name for name in linecache.cache if name.startswith("<streamsql pull")]) <= 512
    trace = failed(old).__traceback__
    assert trace is not None
    assert trace.tb_next is not None
    assert node_of(trace.tb_next.tb_frame) == "old"
    assert node_of(trace.tb_frame) is None
