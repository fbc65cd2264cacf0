"""The events of a template's functions: routes, SQS event source mappings, schedules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.intrinsics import Resolver, TemplateError
from local.system import Route, Schedule, SqsSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.template_api import Authorization

_API_HONOURED = {"Auth", "Method", "Path", "RestApiId"}
_SQS_HONOURED = {
    "BatchSize", "Enabled", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds", "Queue",
    "ScalingConfig",
}  # fmt: skip
_SQS_WITHOUT_MEANING = {"KmsKeyArn", "MetricsConfig"}
_SCHEDULE_HONOURED = {"Enabled", "Input", "Schedule", "ScheduleExpression", "State"}
# RetryPolicy and dead letters: the next firing is the retry here.
_SCHEDULE_WITHOUT_MEANING = {
    "DeadLetterConfig", "Description", "FlexibleTimeWindow", "GroupName", "KmsKeyArn", "Name", "OmitName",
    "PermissionsBoundary", "RetryPolicy", "RoleArn", "ScheduleExpressionTimezone",
}  # fmt: skip
# AWS knows no seconds; a copy of the template that is made for a test may.
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class Events:
    """What calls the functions."""

    routes: tuple[Route, ...]
    sqs_sources: tuple[SqsSource, ...]
    schedules: tuple[Schedule, ...]


def read_events(
    events: Mapping[str, Mapping[str, Any]],
    resolver: Resolver,
    arns: Mapping[str, str],
    authorization: Authorization,
) -> Events:
    """Read the Events of all functions, by logical id; `arns` leads from a queue's ARN to its logical id.

    Raises TemplateError for an event or a property that is not known here.
    """
    routes: list[Route] = []
    sources: list[SqsSource] = []
    schedules: list[Schedule] = []
    for function, named in events.items():
        for event, declaration in named.items():
            reader = _Event(f"{function}.{event}", function, declaration.get("Properties") or {}, resolver)
            kind = declaration.get("Type")
            if kind == "Api":
                routes.append(reader.route(authorization))
            elif kind == "SQS":
                sources.extend(reader.sqs_source(arns))
            elif kind in {"Schedule", "ScheduleV2"}:
                schedules.extend(reader.schedule(kind))
            else:
                raise TemplateError(
                    f"{function}.{event}: events of type {kind} are not supported on one machine"
                )
    _refuse_duplicates(routes)
    return Events(tuple(routes), tuple(sources), tuple(schedules))


def _refuse_duplicates(routes: list[Route]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for route in routes:
        # API Gateway takes one parameter name a level: /jobs/{id} and /jobs/{task} cannot both be.
        key = (route.method, re.sub(r"\{[^}]*\}", "{}", route.path))
        if key in seen:
            raise TemplateError(
                f"{route.function}: {route.method} {route.path} is the route of {seen[key]} already"
            )
        seen[key] = route.function


@dataclass(frozen=True)
class _Event:
    """One event of one function; `where` is its name in messages."""

    where: str
    function: str
    properties: Mapping[str, Any]
    resolver: Resolver

    def _refuse_unknown(self, known: set[str]) -> None:
        if unknown := sorted(set(self.properties) - known):
            raise TemplateError(f"{self.where}: {', '.join(unknown)} is not supported on one machine")

    def _text(self, name: str, default: Any = None) -> str:
        node = self.properties.get(name, default)
        if node is None:
            raise TemplateError(f"{self.where}: {name} is missing")
        try:
            return self.resolver.text(node)
        except TemplateError as error:
            raise TemplateError(f"{self.where}: {name}: {error}") from error

    def route(self, authorization: Authorization) -> Route:
        self._refuse_unknown(_API_HONOURED)
        auth = self.properties.get("Auth") or {}
        if unknown := sorted(set(auth) - {"ApiKeyRequired", "Authorizer"}):
            raise TemplateError(f"{self.where}: Auth {', '.join(unknown)} is not supported on one machine")
        path = self._text("Path")
        if not path.startswith("/"):
            raise TemplateError(f"{self.where}: path {path} does not begin with a slash")
        metered = bool(auth.get("ApiKeyRequired", authorization.metered))
        authorized = authorization.of(auth.get("Authorizer"))
        if metered and not authorized:
            raise TemplateError(f"{self.where}: an API key without the authorizer, which names it")
        return Route(self._text("Method").upper(), path, self.function, authorized, metered)

    def sqs_source(self, arns: Mapping[str, str]) -> list[SqsSource]:
        self._refuse_unknown(_SQS_HONOURED | _SQS_WITHOUT_MEANING)
        arn = self._text("Queue")
        if arn not in arns:
            raise TemplateError(f"{self.where}: {arn} is no queue of this template")
        if self._text("Enabled", default=True) == "false":
            return []
        response_types = self.resolver.value(self.properties.get("FunctionResponseTypes") or [])
        if set(response_types) - {"ReportBatchItemFailures"}:
            raise TemplateError(f"{self.where}: FunctionResponseTypes {response_types} is not supported")
        maximum = (self.properties.get("ScalingConfig") or {}).get("MaximumConcurrency")
        source = SqsSource(
            name=self.where,
            function=self.function,
            queue=arns[arn],
            batch_size=int(self._text("BatchSize", default=10)),
            window_s=int(self._text("MaximumBatchingWindowInSeconds", default=0)),
            report_batch_item_failures=bool(response_types),
            max_concurrency=None if maximum is None else int(self.resolver.text(maximum)),
        )
        if source.batch_size > 10 and source.window_s < 1:
            raise TemplateError(f"{self.where}: BatchSize over 10 needs MaximumBatchingWindowInSeconds")
        return [source]

    def schedule(self, kind: str) -> list[Schedule]:
        self._refuse_unknown(_SCHEDULE_HONOURED | _SCHEDULE_WITHOUT_MEANING)
        if self._text("Enabled", default=True) == "false" or self._text("State", "ENABLED") == "DISABLED":
            return []
        expression = self._text("Schedule" if kind == "Schedule" else "ScheduleExpression")
        rate = re.fullmatch(r"rate\(\s*([1-9]\d*)\s+(second|minute|hour|day)s?\s*\)", expression)
        if rate is None:
            raise TemplateError(f"{self.where}: {expression} is no rate(…), which alone is supported")
        return [
            Schedule(
                name=self.where,
                function=self.function,
                interval_s=int(rate[1]) * _SECONDS[rate[2]],
                kind=kind,
                input=self._text("Input") if "Input" in self.properties else None,
            )
        ]
