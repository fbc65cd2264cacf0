"""Profiles: kept for their owner alone, chosen in a known order, and a key never leaves its address."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from client.completion import job_ids, profile_names
from client.connection import DEFAULT_DATA, NoAddress, resolve
from client.journal import Entry, Journal
from client.profiles import Profile, Profiles
from client.submission import Unusable
from openapi.examples import LIMITS
from tests.unit.client.standin import Answer, StandIn, script
from tests.unit.client.test_client_commands import run

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

TEST = Profile("test", "https://t.example/prod", "ck_test_s3cret")
OTHER = Profile("other", "https://o.example", "ck_other")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where profiles and the journal of a test are."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def profiles(*words: str, stdin: str = "") -> Result:
    """Run `claimcheck profiles …`."""
    return run("http://127.0.0.1:1", "profiles", *words, stdin=stdin.encode())


def test_a_profile_is_kept_used_and_forgotten(home: Path) -> None:
    """Its file is its owner's alone, its key comes from standard input and is not shown."""
    with StandIn(script(Answer(200, LIMITS))) as server:
        added = profiles("add", "test", "--url", server.url, "--use", stdin="ck_1_s3cret\n")
    assert added.exit_code == 0, added.stderr
    assert server.asked[0].headers["authorization"] == "Bearer ck_1_s3cret"
    file = home / "config" / "claimcheck" / "profiles.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert Profiles().used() == "test"
    listed = profiles("list")
    assert "test" in listed.stdout
    assert "s3cret" not in added.output + listed.output + repr(Profiles().all())
    assert profiles("remove", "test").exit_code == 0
    assert (Profiles().all(), Profiles().used()) == ([], None)


@pytest.mark.parametrize(
    ("words", "stdin", "code", "says"),
    [
        (("add", "local", "--url", "http://a.example"), "ck", 2, "give the profile another name"),
        (("add", "a/b", "--url", "http://a.example"), "ck", 2, "is no name for a profile"),
        (("add", "a", "--url", "a.example"), "ck", 2, "is no http address"),
        (("add", "a", "--url", "http://a.example"), "", 2, "give the key on standard input"),
        (("add", "a", "--url", "http://a.example", "--no-check"), "ck ü", 2, "characters that no key has"),
        (("add", "a", "--url", "http://127.0.0.1:1"), "ck", 3, "cannot connect"),
        (("use", "nope"), "", 2, "there is no profile nope"),
        (("remove", "nope"), "", 2, "there is no profile nope"),
    ],
)
def test_what_cannot_be_kept_is_one_line(words: tuple[str, ...], stdin: str, code: int, says: str) -> None:
    """And nothing is kept."""
    result = profiles(*words, stdin=stdin)
    assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
    assert says in result.stderr
    assert Profiles().all() == []


def test_a_key_that_is_refused_is_not_kept() -> None:
    """Nor an address without its stage."""
    for answer, says in ((Answer(403, {"title": "No", "code": "key_refused"}), "check --key"),
                         (Answer(404, {"title": "No"}), "is the stage missing")):  # fmt: skip
        with StandIn(script(answer)) as server:
            result = profiles("add", "a", "--url", server.url, stdin="ck")
        assert says in result.stderr
    assert Profiles().all() == []


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"profiles": {"a": 1}}', '{"profiles": {"a": {"url": "x"}}}', '{"profiles": null}']
)
def test_a_file_that_is_none_is_said(home: Path, text: str) -> None:
    """One line, whatever it holds."""
    file = home / "config" / "claimcheck" / "profiles.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(Unusable, match="mend it, or delete it"):
        Profiles().all()


def test_keys_that_others_can_read_are_not_used(home: Path) -> None:
    """It says how to mend that."""
    Profiles().add(TEST)
    file = home / "config" / "claimcheck" / "profiles.json"
    file.chmod(0o640)
    with pytest.raises(Unusable, match=f"chmod 600 {file}"):
        Profiles().get("test")


def local(home: Path, name: str = ".claimcheck") -> Path:
    """What `claimcheck up` leaves."""
    folder = home / name
    folder.mkdir(exist_ok=True)
    (folder / "up.json").write_text(json.dumps({"url": f"http://127.0.0.1/{name}", "key": f"ck_{name}"}))
    return folder


def test_the_first_that_there_is_is_taken(home: Path) -> None:
    """Options, --profile, variables, CLAIMCHECK_PROFILE, --data, the profile in use, the local system."""
    local(home)
    apart = local(home, "apart")
    Profiles().add(TEST)
    Profiles().add(OTHER)
    environ = {"XDG_CONFIG_HOME": str(home / "config")}
    variables = {**environ, "CLAIMCHECK_URL": "http://v.example", "CLAIMCHECK_KEY": "ck_v"}
    named = {**environ, "CLAIMCHECK_PROFILE": "other"}
    here = ("http://127.0.0.1/.claimcheck", "ck_.claimcheck")
    assert resolve(None, None, DEFAULT_DATA, environ) == here
    Profiles().use("test")
    assert resolve(None, None, DEFAULT_DATA, environ) == (TEST.url, TEST.key)
    assert resolve(None, None, apart, environ) == ("http://127.0.0.1/apart", "ck_apart")
    assert resolve(None, None, apart, named) == (OTHER.url, OTHER.key)
    assert resolve(None, None, apart, {**variables, **named}) == ("http://v.example", "ck_v")
    assert resolve(None, None, apart, variables, profile="other") == (OTHER.url, OTHER.key)
    assert resolve(None, None, DEFAULT_DATA, variables, profile="local") == here
    assert resolve("http://o.example", "ck_o", apart, variables) == ("http://o.example", "ck_o")


@pytest.mark.parametrize(
    "url", ["https://evil.example", "http://127.0.0.1.evil.example", "http://10.0.0.1", 7]
)
def test_a_folder_does_not_lead_to_another_machine(home: Path, url: object) -> None:
    """What lies in a stranger's checkout is no system of ours: neither document nor key goes there."""
    (local(home) / "up.json").write_text(json.dumps({"url": url, "key": "ck_e"}))
    environ = {"XDG_CONFIG_HOME": str(home / "config"), "CLAIMCHECK_KEY": "ck_v"}
    with pytest.raises(NoAddress, match="nothing runs in"):
        resolve(None, None, DEFAULT_DATA, environ)


def test_a_key_is_not_sent_to_another_address(home: Path) -> None:
    """Neither the local system's nor a profile's."""
    local(home)
    Profiles().add(TEST)
    environ = {"XDG_CONFIG_HOME": str(home / "config")}
    for profile in (None, "test"):
        with pytest.raises(NoAddress, match="no key for http://elsewhere"):
            resolve("http://elsewhere", None, DEFAULT_DATA, environ, profile=profile)
    assert resolve(TEST.url + "/", None, DEFAULT_DATA, environ, profile="test") == (TEST.url + "/", TEST.key)


def test_the_shell_is_offered_profiles_and_jobs() -> None:
    """Jobs newest first, by what was typed of them."""
    Profiles().add(TEST)
    assert list(profile_names("")) == [("local", "what claimcheck up runs here"), ("test", TEST.url)]
    assert list(profile_names("t")) == [("test", TEST.url)]
    assert list(job_ids("")) == []
    with Journal() as journal:
        for place, job_id in enumerate(("01-a", "01-b", "02-c")):
            entry = Entry(job_id, 0, "pending")
            journal.handed_in("u", str(place), entry, task="extract", file=f"{place}.txt")
    assert list(job_ids("01")) == [("01-b", "extract 1.txt"), ("01-a", "extract 0.txt")]


def test_the_shell_is_offered_nothing_to_evaluate() -> None:
    """A file's name is a stranger's: zsh runs what is in the descriptions through `eval`."""
    with Journal() as journal:
        hostile = "a\\$(touch x)`y`\"';\x1b[2J.txt"
        journal.handed_in("u", "r", Entry("01", 0, "pending"), task="extract", file=hostile)
    ((_, offered),) = job_ids("01")
    assert offered == "extract a___touch x__y______2J.txt"


def test_a_journal_that_cannot_be_written_is_said(home: Path) -> None:
    """One line that says what to set; completion offers nothing instead."""
    (home / "state").write_text("a file")
    with pytest.raises(Unusable, match="set XDG_STATE_HOME"):
        Journal()
    assert list(job_ids("")) == []
