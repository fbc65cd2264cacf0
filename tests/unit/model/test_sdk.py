"""The SDK loaded by parts: less of it, and nothing else than it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from claimcheck.model.sdk import Sdk, listed
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "{}"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
# Asks once, whole and streamed, and once so that the API refuses; prints what has been loaded.
_CALLS = f"""
import asyncio, json, sys
from claimcheck.model.sdk import sdk
import httpx2
def answer(request):
    if json.loads(request.content)["max_tokens"] == 1:
        error = {{"type": "overloaded_error", "message": "m"}}
        return httpx2.Response(529, json={{"type": "error", "error": error}})
    return httpx2.Response(200, json=json.loads({json.dumps(json.dumps(_ANSWER))}))
async def calls():
    names = sdk()
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    client = names.AsyncAnthropic(api_key="k", max_retries=0, http_client=http)
    asked = {{"model": "claude-sonnet-5-5", "messages": [{{"role": "user", "content": "c"}}]}}
    asked["output_config"] = {{"format": {{"type": "json_schema", "schema": {{"type": "object"}}}}}}
    said = await (await client.messages.with_raw_response.create(max_tokens=2, **asked)).parse()
    assert said.content[0].text == "{{}}" and type(said.content[0]).__name__ == "TextBlock", said
    try:
        await client.messages.create(max_tokens=1, **asked)
    except names.APIStatusError as error:
        assert error.status_code == 529 and error.type == "overloaded_error", error
    else:
        raise AssertionError("no error")
asyncio.run(calls())
print(json.dumps([name for name in sys.modules if name.partition(".")[0] == "anthropic"]))
"""
# Every public name of some packages, by what it is; `sdk` is called before, or not.
_NAMES = """
import importlib, json, sys
{first}
import anthropic
found = {{}}
for package in ("", ".types", ".types.beta", ".types.shared", ".resources", ".lib.streaming", ".lib.tools"):
    package = "anthropic" + package
    module = importlib.import_module(package)
    for name in getattr(module, "__all__", None) or dir(module):
        if not name.startswith("_"):
            value = getattr(module, name)
            if isinstance(value, type):
                found[f"{{package}}:{{name}}"] = f"{{value.__module__}}.{{value.__qualname__}}"
print(json.dumps(found))
"""
_WHOLE = """
import json, sys
sys.path.insert(0, {path!r})
from claimcheck.model.sdk import sdk
print(json.dumps([str(sdk()), type(sys.modules["anthropic"]).__name__]))
"""

_MISSING = """
from importlib.machinery import PathFinder
from claimcheck.model.sdk import sdk
found = PathFinder.find_spec
PathFinder.find_spec = lambda name, *where: None if name.startswith("anthropic") else found(name, *where)
try:
    sdk()
except ImportError as error:
    print(error)
"""


def _run(program: str) -> tuple[list[str], str]:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    *logged, last = done.stdout.splitlines()
    return logged, last


def test_a_call_loads_less_than_half_of_the_sdk() -> None:
    """A call, its answer and a refused call leave the outermost package unrun and most modules unloaded."""
    _, loaded = _run(_CALLS)
    _, whole = _run("import anthropic, json, sys; print(json.dumps(list(sys.modules)))")
    ours, all_of_it = json.loads(loaded), [name for name in json.loads(whole) if name.startswith("anthropic")]
    assert len(ours) < 0.4 * len(all_of_it)
    never = [name for name in ours if name.startswith(("anthropic.resources.beta", "anthropic.lib.vertex"))]
    assert never == []


def test_whoever_imports_the_sdk_later_gets_all_of_it() -> None:
    """Each class that the SDK's packages name is the same one whether it was loaded by parts or whole."""
    _, by_parts = _run(_NAMES.format(first="from claimcheck.model.sdk import sdk; sdk()"))
    _, whole = _run(_NAMES.format(first=""))
    found, wanted = json.loads(by_parts), json.loads(whole)
    assert len(wanted) > 1_000
    assert {name: found.get(name) for name in wanted} == wanted


def test_an_sdk_of_another_build_is_loaded_as_a_whole(tmp_path: Path) -> None:
    """Where modules are not where they were the names come from the outermost package, and a line says so."""
    package = tmp_path / "anthropic"
    package.mkdir()
    names = Sdk._fields
    (package / "__init__.py").write_text("\n".join(f"{name} = '{name}'" for name in names))
    logged, said = _run(_WHOLE.format(path=str(tmp_path)))
    assert json.loads(said) == [f"Sdk({', '.join(f'{name}={name!r}' for name in names)})", "module"]
    assert json.loads(logged[0])["message"] == "the SDK is loaded as a whole"


def test_an_sdk_that_is_missing_is_missing() -> None:
    """Without the package the answer is ImportError, as of an import."""
    _, said = _run(_MISSING)
    assert said == "No module named 'anthropic'"


_LIST = """# File generated
from __future__ import annotations

from .one import One as One
from .two import Two, Other as Another  # two
from .deep.three import (
    Three as Three,
    Four,
)

__all__ = [
    "One",
]
"""


def test_a_list_of_names_is_read() -> None:
    """Each name is found with its module and its name there, however the import is laid out."""
    assert listed(_LIST.replace("  # two", "")) == {
        "One": (".one", "One"),
        "Two": (".two", "Two"),
        "Another": (".two", "Other"),
        "Three": (".deep.three", "Three"),
        "Four": (".deep.three", "Four"),
    }


@pytest.mark.parametrize(
    "more",
    [
        pytest.param("One.model_rebuild()", id="a call"),
        pytest.param("import os", id="another import"),
        pytest.param("from os import path", id="an import from elsewhere"),
        pytest.param("from .four import *", id="all of a module"),
        pytest.param("if True:\n    from .four import Four", id="a condition"),
        pytest.param("from .four import Four  # for the old ones", id="an import with a remark"),
        pytest.param("X = 1", id="a value"),
        pytest.param("__all__ += One.names", id="more names"),
    ],
)
def test_a_package_that_does_more_is_no_list(more: str) -> None:
    """Whatever a package does beside listing names, it is loaded as it is."""
    source = _LIST.replace("  # two", "")
    assert listed(f"{source}\n{more}\n") is None
    assert listed(f"{more}\n{source}") is None


_WORD = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)


@given(st.dictionaries(_WORD, st.tuples(_WORD, _WORD), min_size=1))
def test_any_list_is_read_whole(names: dict[str, tuple[str, str]]) -> None:
    """As many names as are written come out."""
    source = "".join(f"from .{module} import {there} as {name}\n" for name, (module, there) in names.items())
    assert listed(source) == {name: (f".{module}", there) for name, (module, there) in names.items()}
