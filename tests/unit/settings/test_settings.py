"""Settings come whole from the environment, or fail with every name at fault and no value."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from claimcheck import batching, settings
from claimcheck.environment import SettingsError, load
from claimcheck.settings import NotifySettings, ProcessSettings, SubmitSettings
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS
from hypothesis import given
from hypothesis import strategies as st

from local.intrinsics import read_yaml


def _needed(kind: type[Any]) -> list[str]:
    from dataclasses import MISSING

    return [field.name.upper() for field in fields(kind) if field.default is MISSING]


KINDS = [
    kind
    for module in (settings, batching)
    for kind in vars(module).values()
    if isinstance(kind, type) and is_dataclass(kind)
]
WORKER = {
    "DATABASE_URL": "postgresql://user:hunter2@db/claimcheck",
    "DOCUMENTS_BUCKET": "documents",
    "JOBS_QUEUE_URL": "https://sqs/jobs",
    "DELIVERIES_QUEUE_URL": "https://sqs/deliveries",
    "SLOW_DELIVERIES_QUEUE_URL": "https://sqs/slow-deliveries",
    "ANTHROPIC_SECRET_ARN": "arn:1",
    "WEBHOOK_KEY_SECRET_ARN": "arn:2",
    "MODEL_STANDARD": "claude-sonnet-5-5",
    "MODEL_ECONOMY": "claude-haiku-5-5",
}


@dataclass(frozen=True)
class Sample:
    """One field of each kind."""

    text: str
    whole: int
    real: float
    flag: bool
    spare: int = 7


def sample(**changed: str) -> Sample:
    return load(Sample, {"TEXT": "t", "WHOLE": "1", "REAL": "1", "FLAG": "1", **changed})


def fault(kind: type[Any], environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load(kind, environ)
    return str(caught.value)


def test_defaults_stand_where_nothing_is_set() -> None:
    """A worker with the needed variables alone gets the documented defaults."""
    chosen = load(ProcessSettings, WORKER)
    assert chosen.database_url == WORKER["DATABASE_URL"]
    assert (chosen.lease_s, chosen.probe_s, chosen.job_timeout_s) == (25, 120, 540)
    assert (chosen.max_attempts, chosen.max_age_s, chosen.context_tokens) == (5, 86_400, 200_000)


def test_what_is_set_wins_over_the_default() -> None:
    """A variable overrides its default, in its field's type."""
    chosen = load(ProcessSettings, WORKER | {"LEASE_S": "1.5", "MAX_ATTEMPTS": "9"})
    assert (chosen.lease_s, chosen.max_attempts) == (1.5, 9)


def test_a_lost_job_is_due_again_within_ninety_seconds() -> None:
    """By default a lease and one sweep a minute are less than 90 seconds."""
    assert load(ProcessSettings, WORKER).lease_s + 60 < 90


@pytest.mark.parametrize("kind", [kind for kind in KINDS if _needed(kind)])
def test_an_empty_environment_names_all_that_is_missing(kind: type[Any]) -> None:
    """Every needed variable that is missing is named at once."""
    needed = _needed(kind)
    message = fault(kind, {})
    assert all(f"{name} is not set" in message for name in needed)
    assert message.count("is not set") == len(needed) > 0


@pytest.mark.parametrize(
    ("name", "text", "type_name"),
    [
        ("WHOLE", "one", "int"),
        ("WHOLE", "1.5", "int"),
        ("WHOLE", "", "int"),
        ("REAL", "much", "float"),
        ("REAL", "", "float"),
        ("FLAG", "perhaps", "bool"),
        ("SPARE", "x", "int"),
    ],
)
def test_a_malformed_value_is_a_fault(name: str, text: str, type_name: str) -> None:
    """A value that is not of its field's type is named with that type."""
    with pytest.raises(SettingsError, match=f"^{name} is not a valid {type_name}$"):
        sample(**{name: text})


def test_all_faults_are_named_together() -> None:
    """What is missing and what is malformed stand in one message."""
    assert fault(Sample, {"WHOLE": "x", "FLAG": "1"}) == (
        "TEXT is not set; WHOLE is not a valid int; REAL is not set"
    )


@given(st.text(min_size=12))
def test_no_message_holds_a_value(value: str) -> None:
    """Whatever a value is, the error does not repeat it: it may be a secret in the wrong place."""
    marked = f"<{value}>"
    assert marked not in fault(
        ProcessSettings, {"DATABASE_URL": marked, "LEASE_S": marked, "MAX_ATTEMPTS": marked}
    )


def test_the_cause_holds_no_value_either() -> None:
    """The error carries no exception that quotes the value."""
    with pytest.raises(SettingsError) as caught:
        sample(WHOLE="hunter2")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        (" true ", True),
        ("false", False),
        ("0", False),
        ("", False),
    ],
)
def test_words_for_yes_and_no(text: str, flag: bool) -> None:
    """A flag is true, 1, false, 0 or empty, in any case."""
    assert sample(FLAG=text).flag is flag


@pytest.mark.parametrize("kind", [SubmitSettings, NotifySettings])
def test_loopback_is_closed_by_default(kind: type[Any]) -> None:
    """Webhooks to this machine are refused unless somebody asks for them."""
    assert not load(kind, dict.fromkeys(_needed(kind), "x")).claimcheck_allow_loopback_webhooks


@pytest.mark.parametrize("kind", [SubmitSettings, NotifySettings])
@pytest.mark.parametrize(
    ("text", "ports"),
    [("443,8443", {443, 8443}), ("443", {443}), (" 1 , 65535 ", {1, 65_535}), ("443,443", {443})],
)
def test_webhook_ports(kind: type[Any], text: str, ports: set[int]) -> None:
    """The ports that webhooks may go to are numbers with commas; 443 and 8443 where nothing is said."""
    needed = dict.fromkeys(_needed(kind), "x")
    assert load(kind, {**needed, "WEBHOOK_PORTS": text}).webhook_ports == ports
    assert load(kind, needed).webhook_ports == PUBLIC_HTTPS.ports == {443, 8443}


@pytest.mark.parametrize(
    "text", ["", ",", "443,", "0", "65536", "-1", "443;8443", "https", "443-8443", "4.4e2"]
)
def test_webhook_ports_that_are_none(text: str) -> None:
    """What is no list of ports is a fault, which says what one looks like."""
    needed = dict.fromkeys(_needed(NotifySettings), "x")
    said = fault(NotifySettings, {**needed, "WEBHOOK_PORTS": text})
    assert said.startswith("WEBHOOK_PORTS is not a valid list of ports: numbers from 1 to 65535")


def test_variables_of_others_do_not_matter() -> None:
    """Variables that no field names are ignored."""
    assert sample(PATH="/bin", text="lower case").text == "t"


def test_the_environment_is_read_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a mapping the process's environment is read, at the time of the call."""
    for name in _needed(NotifySettings):
        monkeypatch.setenv(name, "https://sqs/first")
    assert load(NotifySettings).outcomes_queue_url == "https://sqs/first"
    monkeypatch.setenv("OUTCOMES_QUEUE_URL", "https://sqs/second")
    assert load(NotifySettings).outcomes_queue_url == "https://sqs/second"


@pytest.mark.parametrize("kind", KINDS)
def test_settings_do_not_change(kind: type[Any]) -> None:
    """Settings that were read cannot be written to."""
    chosen = load(kind, dict.fromkeys(_needed(kind), "1"))
    with pytest.raises(FrozenInstanceError):
        setattr(chosen, fields(kind)[0].name, "other")


def test_a_batch_is_another_s_only_when_its_round_is_over() -> None:
    """Nobody else looks at a batch while the function that took it may still run."""
    function = read_yaml(Path(__file__).resolve().parents[3] / "template.yaml")["Resources"][
        "EconomyFunction"
    ]
    needed = dict.fromkeys(_needed(batching.EconomySettings), "x")
    assert load(batching.EconomySettings, needed).lease_s > function["Properties"]["Timeout"]
