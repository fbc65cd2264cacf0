"""The official SDK, loaded no further than a call needs.

`import anthropic` loads some 2,900 modules, most of them types of interfaces that are never used here: that
takes longer than all else that `process` does before its first request (docs/decisions/0174). Its packages
list what is in their modules (`from .message import Message as Message`); whoever wants one name loads them
all. Here the module behind a name of such a list is loaded when somebody asks for the name, and the
outermost package is run when somebody asks it for more than a module of it. Nothing is replaced: who imports
anything of the SDK later gets what it would have got.
"""

from __future__ import annotations

import importlib
import re
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import anthropic

_ROOT = "anthropic"
_LOADING = RLock()


class Sdk(NamedTuple):
    """What is used of the SDK."""

    AsyncAnthropic: type[anthropic.AsyncAnthropic]
    DefaultAsyncHttpxClient: Any
    AnthropicError: type[anthropic.AnthropicError]
    APIStatusError: type[anthropic.APIStatusError]
    APITimeoutError: type[anthropic.APITimeoutError]


def sdk() -> Sdk:
    """Its names. The first call loads it, in a third of a second. Raises ImportError where it is missing."""
    with _LOADING:
        loaded = sys.modules.get(_ROOT)
        if loaded is None:
            return _first()
        return _of_parts() if isinstance(loaded, _Unrun) else _of_the_whole()


def _first() -> Sdk:
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        names = _of_parts()
        importlib.import_module(f"{_ROOT}.resources.messages")
    except Exception as error:  # noqa: BLE001 (a version of it that is built otherwise)
        logger().warning("the SDK is loaded as a whole", extra={"error": places_of(error)})
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == _ROOT]:
            del sys.modules[name]
        return _of_the_whole()
    return names


def _of_parts() -> Sdk:
    """From the modules that define them: asking the outermost package would run it."""
    client = importlib.import_module(f"{_ROOT}._client")
    base = importlib.import_module(f"{_ROOT}._base_client")
    errors = importlib.import_module(f"{_ROOT}._exceptions")
    return Sdk(
        client.AsyncAnthropic,
        base.DefaultAsyncHttpxClient,
        errors.AnthropicError,
        errors.APIStatusError,
        errors.APITimeoutError,
    )


def _of_the_whole() -> Sdk:
    module = importlib.import_module(_ROOT)
    return Sdk(*(getattr(module, name) for name in Sdk._fields))


class _Finder:
    """Finds the SDK's modules where Python's own finder does, and has packages loaded as this module says."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As `importlib.abc.MetaPathFinder.find_spec`."""
        if name.partition(".")[0] != _ROOT:
            return None
        spec = PathFinder.find_spec(name, path, target)
        loader = spec.loader if spec else None
        if (
            spec is None
            or spec.submodule_search_locations is None
            or not isinstance(loader, SourceFileLoader)
        ):
            return spec
        if name == _ROOT:
            spec.loader = _UnrunLoader(name, loader.path)
        elif names := listed(loader.get_data(loader.path).decode()):
            spec.loader = _ListLoader(name, loader.path, names)
        return spec


class _ListLoader(SourceFileLoader):
    def __init__(self, name: str, path: str, names: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(name, path)
        self._names = names

    def exec_module(self, module: ModuleType) -> None:
        """Instead of loading what is behind the names."""
        module.__dict__.update(__all__=[*self._names], __names__=self._names)
        module.__class__ = _List


class _List(ModuleType):
    """A package that lists what is in its modules; `__names__` says where, and by which name."""

    __names__: Mapping[str, tuple[str, str]]

    def __getattr__(self, name: str) -> Any:
        if name not in self.__names__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module, there = self.__names__[name]
        value = getattr(importlib.import_module(module, self.__name__), there)
        setattr(self, name, value)
        return value


class _UnrunLoader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Instead of running it."""
        module.__class__ = _Unrun

    def run(self, module: ModuleType) -> None:
        """Run it after all."""
        super().exec_module(module)


class _Unrun(ModuleType):
    """The outermost package, as long as only modules of it were asked for."""

    def __getattr__(self, name: str) -> Any:
        spec = self.__spec__
        whole = f"{self.__name__}.{name}"
        if PathFinder.find_spec(whole, self.__path__) is not None:
            return importlib.import_module(whole)
        with _LOADING:
            if isinstance(self, _Unrun) and spec is not None and isinstance(spec.loader, _UnrunLoader):
                ModuleType.__setattr__(self, "__class__", ModuleType)
                try:
                    spec.loader.run(self)
                except BaseException:
                    ModuleType.__setattr__(self, "__class__", _Unrun)
                    raise
        return getattr(self, name)


# What a list may consist of: words about it, its names once more, and imports out of its own modules.
_IMPORT = re.compile(r"^from (\.[\w.]*) import (?:\(([^()]*)\)|([^()\n]+))$", re.MULTILINE)
_BESIDE = re.compile(
    r'^(?:#.*|"""[^"]*"""|from __future__ import annotations|__all__ = \[[^\[\]]*\])$|\s+', re.MULTILINE
)
_NAME = re.compile(r"(\w+)(?: as (\w+))?")


def listed(source: str) -> dict[str, tuple[str, str]] | None:
    """The names that a package's source lists, each with its module and its name there.

    None for a package that does anything else.
    """
    if _BESIDE.sub("", _IMPORT.sub("", source)):
        return None
    names: dict[str, tuple[str, str]] = {}
    for module, several, one in _IMPORT.findall(source):
        for said in (several or one).split(","):
            if said.strip():
                name = _NAME.fullmatch(said.strip())
                if name is None:
                    return None
                names[name[2] or name[1]] = (module, name[1])
    return names
