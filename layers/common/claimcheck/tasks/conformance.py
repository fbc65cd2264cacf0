"""JSON Schema validation that ends: schema and value are strangers', and the work is counted.

A schema of a few hundred bytes can ask for exponential work (branches that double at each level,
references in a circle on the same value), and jsonschema has no bound on it. Here each keyword that is
applied costs a step, and more where what it compares is large. Steps and not seconds: the same value
conforms on every machine.

Not run are `pattern` and `patternProperties`, which are a stranger's regular expressions, and Python's
engine takes exponential time on some; `additionalProperties` beside `patternProperties`, as nobody can
tell then what is additional; `unevaluatedProperties` and `unevaluatedItems`, as jsonschema's way to find
what was evaluated applies each branch again at each level. Nothing is fetched for a reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from claimcheck.tasks.pointers import REFERENCES, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from claimcheck.tasks.base import Json

# About 10 microseconds a step (docs/decisions/0061-bounded-schemas.md); all fields of one answer share these.
ANSWER_STEPS = 60_000
# A schema is checked against the schema of schemas, which has some thirty keywords for each of its parts.
SCHEMA_STEPS = 100_000

_CHARS_A_STEP = 1000
_CHARS_A_NODE = 50
# What these keywords hold is applied part by part, and counted then.
_SCHEMAS = frozenset(
    """
    properties patternProperties additionalProperties propertyNames dependentSchemas items prefixItems
    additionalItems contains allOf anyOf oneOf not if extends
    """.split()  # noqa: SIM905 -- a list of words
)

Conforms = Callable[[Any, Any], bool]


class BudgetExceededError(Exception):
    """The value and the schema together ask for more work than they may."""


class Budget:
    """Steps that are left."""

    def __init__(self, steps: int) -> None:
        self._left = steps
        self._sizes: dict[int, tuple[Any, int]] = {}

    def spend(self, keyword: str, rule: Any, instance: Any) -> None:
        """Count one keyword applied to one value. Raises BudgetExceededError."""
        wide = len(rule) * _CHARS_A_NODE if keyword in _SCHEMAS and isinstance(rule, dict | list) else None
        size = (self._size(rule) if wide is None else wide) + self._size(instance)
        self._left -= 1 + size // _CHARS_A_STEP
        if self._left < 0:
            raise BudgetExceededError

    def _size(self, value: Any) -> int:
        """Characters, and a flat rate for each part; kept with the value, so that its id stays its own."""
        if isinstance(value, str):
            return _CHARS_A_NODE + len(value)
        if not isinstance(value, dict | list):
            return _CHARS_A_NODE
        known = self._sizes.get(id(value))
        if known is not None:
            return known[1]
        size = _CHARS_A_NODE + sum(map(self._size, value.values() if isinstance(value, dict) else value))
        if isinstance(value, dict):
            size += sum(map(len, value))
        self._sizes[id(value)] = (value, size)
        return size


def checker(schema: Json, budget: Budget) -> Conforms:
    """A function that says whether a value fits a part of a schema, whose references lead into `schema`.

    What cannot be told within the budget does not conform; once it is spent, nothing does.
    """
    from jsonschema.validators import Draft202012Validator, validator_for

    def refer(validator: Any, reference: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        # `$id` does not move what a reference is relative to: they were checked against the whole schema
        yield from validator.descend(instance, target_of(schema, reference))

    dialect = validator_for(schema, default=Draft202012Validator)
    bounded = _bounded(dialect, budget, dict.fromkeys(REFERENCES, refer))

    def conforms(part: Any, value: Any) -> bool:
        try:
            return next(iter(bounded(part).iter_errors(value)), None) is None
        except (BudgetExceededError, RecursionError, ArithmeticError, LookupError, ValueError):
            return False  # multipleOf divides by what a caller chose; `$id` may be no URL

    return conforms


def schema_fault(schema: Json, budget: Budget) -> list[str | int] | None:
    """Where a schema is none of its dialect, or None where it is one.

    Raises BudgetExceededError, and RecursionError where it is nested deeply.
    """
    from jsonschema.validators import Draft202012Validator, validator_for

    dialect = validator_for(schema, default=Draft202012Validator)
    bounded = _bounded(dialect, budget, {})
    error = next(iter(bounded(dialect.META_SCHEMA).iter_errors(schema)), None)
    return None if error is None else list(error.absolute_path)


def _bounded(dialect: Any, budget: Budget, references: dict[str, Any]) -> Any:
    """The dialect's validator class with counted keywords, which no `$schema` further down exchanges."""
    from jsonschema.validators import extend

    own = {
        "pattern": _pass,
        "patternProperties": _pass,
        "unevaluatedProperties": _pass,
        "unevaluatedItems": _pass,
        "uniqueItems": _unique_items,
        "anyOf": _any_of,
        "oneOf": _one_of,
        **references,
    }
    keywords = {name: own.get(name, rule) for name, rule in dialect.VALIDATORS.items()}
    keywords["additionalProperties"] = _additional(keywords["additionalProperties"])
    counted = {name: _counted(name, rule, budget) for name, rule in keywords.items()}
    bounded: Any = extend(dialect, counted)  # type: ignore[no-untyped-call]
    bounded.evolve = _evolve
    return bounded


def _evolve(validator: Any, **changes: Any) -> Any:
    """Like jsonschema's, but of the same class: there, a part's `$schema` chooses another."""
    resolver = validator._resolver  # noqa: SLF001 -- it stands in for a method of the class
    return type(validator)(**{"schema": validator.schema, "_resolver": resolver, **changes})


def _counted(name: str, rule: Any, budget: Budget) -> Any:
    def counted(validator: Any, wanted: Any, instance: Any, schema: Any) -> Any:
        budget.spend(name, wanted, instance)
        return rule(validator, wanted, instance, schema)

    return counted


def _pass(_validator: Any, _rule: Any, _instance: Any, _schema: Any) -> tuple[()]:
    return ()


def _additional(rule: Any) -> Any:
    def additional(validator: Any, wanted: Any, instance: Any, schema: Any) -> Any:
        return () if "patternProperties" in schema else rule(validator, wanted, instance, schema)

    return additional


def _fits(validator: Any, instance: Any, part: Any) -> bool:
    return next(iter(validator.descend(instance, part)), None) is None


def _any_of(validator: Any, parts: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """One error is enough to know that a branch does not fit; jsonschema collects them all."""
    from jsonschema import ValidationError

    if not any(_fits(validator, instance, part) for part in parts):
        yield ValidationError("fits no branch")


def _one_of(validator: Any, parts: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    from jsonschema import ValidationError

    fitting = 0
    for part in parts:
        fitting += _fits(validator, instance, part)
        if fitting > 1:
            break
    if fitting != 1:
        yield ValidationError("fits no branch, or several")


def _unique_items(validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """In one pass; jsonschema compares every pair where the items cannot be sorted."""
    from jsonschema import ValidationError

    if (
        wanted
        and validator.is_type(instance, "array")
        and len({_hashable(item) for item in instance}) < len(instance)
    ):
        yield ValidationError("has equal items")


def _hashable(value: Any) -> Any:
    """Equal where JSON Schema holds the values equal: 1 is 1.0, and true is not 1."""
    if isinstance(value, list):
        return (list, *map(_hashable, value))
    if isinstance(value, dict):
        return (dict, frozenset((key, _hashable(item)) for key, item in value.items()))
    return (bool, value) if isinstance(value, bool) else value
