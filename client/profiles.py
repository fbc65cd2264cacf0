"""Profiles: addresses with their keys, by name, in a file that its owner alone can read."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from client.called_as import command
from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL = "local"
"""The name of the system that `claimcheck up` runs here; nobody has to add it."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Profile:
    """An address and its key, which is shown to nobody."""

    name: str
    url: str
    key: str = field(repr=False)


class Profiles:
    """What is kept in `$XDG_CONFIG_HOME/claimcheck/profiles.json` (`~/.config` without it)."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        environment = os.environ if environment is None else environment
        home = environment.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
        self.file = Path(home) / "claimcheck" / "profiles.json"

    def all(self) -> list[Profile]:
        """Every profile, by name. Raises Unusable where the file cannot be used."""
        kept = self._read()["profiles"]
        return [Profile(name, each["url"], each["key"]) for name, each in sorted(kept.items())]

    def used(self) -> str | None:
        """The name of the one in use; None for the local system."""
        name = self._read().get("use")
        return name if isinstance(name, str) else None

    def get(self, name: str) -> Profile:
        """The profile of this name. Raises Unusable where there is none."""
        for each in self.all():
            if each.name == name:
                return each
        raise Unusable(f"there is no profile {name}: see {command('profiles list')}")

    def add(self, profile: Profile) -> None:
        """Keep it, in place of one of the same name. Raises Unusable."""
        kept = self._read()
        kept["profiles"][checked_name(profile.name)] = {"url": profile.url, "key": profile.key}
        self._write(kept)

    def use(self, name: str) -> None:
        """What commands talk to from now on. Raises Unusable where there is no such profile."""
        kept = self._read()
        if name == LOCAL:
            kept.pop("use", None)
        else:
            kept["use"] = self.get(name).name
        self._write(kept)

    def remove(self, name: str) -> None:
        """Forget it with its key. Raises Unusable where there is no such profile."""
        self.get(name)
        kept = self._read()
        del kept["profiles"][name]
        if kept.get("use") == name:
            del kept["use"]
        self._write(kept)

    def _read(self) -> dict[str, Any]:
        try:
            mode = self.file.stat().st_mode
            kept = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"profiles": {}}
        except (OSError, ValueError) as error:
            raise Unusable(f"cannot read {self.file} ({error}): mend it, or delete it") from None
        if stat.S_IMODE(mode) & 0o077:
            raise Unusable(f"others can read the keys in {self.file}: chmod 600 {self.file}")
        if not isinstance(kept, dict) or not _sound(kept.get("profiles")):
            raise Unusable(f"{self.file} is no file of profiles: mend it, or delete it")
        return kept

    def _write(self, kept: dict[str, Any]) -> None:
        """All or nothing, and for nobody else from the first byte on."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.file.parent, prefix=".profiles-")  # mode 0600
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(kept, stream, indent=1)
                stream.write("\n")
            Path(name).replace(self.file)
        except OSError as error:
            raise Unusable(f"cannot write {self.file}: {error.strerror or error}") from None


def checked_name(name: str) -> str:
    """A name that a profile may have. Raises Unusable."""
    if name == LOCAL:
        raise Unusable(f"{LOCAL} is the system that {command('up')} runs: give the profile another name")
    if not _NAME.fullmatch(name):
        raise Unusable(f"{name!r} is no name for a profile: take letters, digits, . _ and -")
    return name


def _sound(profiles: Any) -> bool:
    return isinstance(profiles, dict) and all(
        isinstance(each, dict) and isinstance(each.get("url"), str) and isinstance(each.get("key"), str)
        for each in profiles.values()
    )
