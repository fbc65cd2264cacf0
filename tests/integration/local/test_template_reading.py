"""Reading a SAM template: what is taken from it, and what is refused."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local import nested, template, template_parameters
from local.offline.server import CONTEXT_TOKENS
from local.system import Physical, Route, Throttle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.system import System

REPOSITORY = Path(__file__).parents[3]
PHYSICAL = Physical(aws_endpoint="http://127.0.0.1:1", stack="s")


def load(folder: Path, text: str, parameters: Mapping[str, str] | None = None) -> System:
    """Write a template beside two code folders and read it."""
    for name in ("code", "layer"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "template.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return template.load(folder / "template.yaml", parameters or {}, physical=PHYSICAL)


def function(properties: str = "", events: str = "") -> str:
    """A template with one function F, a queue Q and an API."""
    listed = f", Events: {{E: {events}}}" if events else ""
    return f"""
        Resources:
          Api: {{Type: AWS::Serverless::Api, Properties: {{StageName: v1}}}}
          Q: {{Type: AWS::SQS::Queue}}
          F:
            Type: AWS::Serverless::Function
            Properties: {{CodeUri: code, Handler: app.handler{properties}{listed}}}
    """


def test_the_repositorys_own_template() -> None:
    """template.yaml of this repository can be run on one machine as it is written."""
    parameters = {"AnthropicSecretArn": "a", "WebhookKeySecretArn": "w"}
    system = template.load(
        REPOSITORY / "template.yaml",
        parameters,
        physical=PHYSICAL,
        outputs=nested.outputs("postgresql://o@h:1/d", "h:1/d"),
    )
    process = system.functions["ProcessFunction"]
    assert process.code_uri == REPOSITORY / "functions" / "process"
    assert process.layers == (REPOSITORY / "layers" / "common",)
    assert process.environment["DATABASE_AUTH"] == "password"
    assert process.environment["DATABASE_URL"] == "postgresql://claimcheck_worker@h:1/d"
    assert system.functions["MigrateFunction"].environment["DATABASE_URL"] == "postgresql://o@h:1/d"
    assert "DATABASE_URL" not in system.functions["NotifyFunction"].environment
    assert process.environment["JOBS_QUEUE_URL"] == "http://127.0.0.1:1/000000000000/s-JobsQueue"
    assert process.environment["POWERTOOLS_SERVICE_NAME"] == "s"
    assert system.queues["JobsQueue"].dead_letter == "JobsDeadLetters"
    assert Route("GET", "/health", "StatusFunction", authorized=False) in system.routes
    assert Route("GET", "/jobs/{id}", "StatusFunction", authorized=True, metered=True) in system.routes
    assert system.api.authorizer is not None
    assert system.api.authorizer.function == "AuthorizeFunction"
    assert system.api.throttle == Throttle(100, 200)
    shared = system.functions["AuthorizeFunction"].environment["SHARED_USAGE_KEY"]
    assert 20 <= len(shared) <= 128  # what API Gateway takes for a key
    assert system.api.responses["MISSING_AUTHENTICATION_TOKEN"].headers == {
        "Content-Type": "application/problem+json"
    }
    assert [schedule.interval_s for schedule in system.schedules] == [60, 60]
    jobs = next(source for source in system.sqs_sources if source.queue == "JobsQueue")
    assert (jobs.batch_size, jobs.window_s, jobs.max_concurrency) == (10, 0, 10)
    assert jobs.report_batch_item_failures


def test_globals_are_merged(tmp_path: Path) -> None:
    """Variables of Globals and of the function are one mapping, its own values win over those of Globals."""
    system = load(
        tmp_path,
        """
        Globals:
          Function:
            Handler: app.handler
            Timeout: 5
            Layers: [!Ref L]
            Environment: {Variables: {A: global, B: global}}
        Resources:
          L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
          F:
            Type: AWS::Serverless::Function
            Properties: {CodeUri: code, Timeout: 7, Environment: {Variables: {B: own, C: true, D: 5}}}
        """,
    )
    assert system.functions["F"].environment == {"A": "global", "B": "own", "C": "true", "D": "5"}
    assert system.functions["F"].timeout_s == 7
    assert system.functions["F"].layers == (tmp_path / "layer",)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref Name", "given"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Q", "http://127.0.0.1:1/000000000000/s-Q"),
        ("!GetAtt Q.Arn", "arn:aws:sqs:us-east-1:000000000000:s-Q"),
        ("!GetAtt [Q, QueueName]", "s-Q"),
        ("{Fn::GetAtt: [Q, QueueName]}", "s-Q"),
        ("!Ref B", "s-b"),
        ("!GetAtt B.Arn", "arn:aws:s3:::s-b"),
        ("!Sub '${AWS::AccountId}/${Name}/${Q.QueueName}/${!kept}'", "000000000000/given/s-Q/${kept}"),
        ("!Sub ['${x}-${Name}', {x: !Ref B}]", "s-b-given"),
        ("!Join ['-', [a, !Ref Name]]", "a-given"),
        ("!Select [1, !Split [',', 'a,b']]", "b"),
        ("!If [IsGiven, yes-it-is, no-it-is-not]", "yes-it-is"),
        ("!FindInMap [Sizes, given, Text]", "mapped"),
    ],
)
def test_intrinsic_functions(tmp_path: Path, expression: str, value: str) -> None:
    """An environment variable's value is what CloudFormation would make of it."""
    system = load(
        tmp_path,
        f"""
        Parameters: {{Name: {{Type: String}}}}
        Conditions:
          IsGiven: !And [!Equals [!Ref Name, given], !Not [!Equals [!Ref Name, other]]]
        Mappings: {{Sizes: {{given: {{Text: mapped}}}}}}
        Resources:
          Q: {{Type: AWS::SQS::Queue}}
          B: {{Type: AWS::S3::Bucket}}
          F:
            Type: AWS::Serverless::Function
            Properties:
              CodeUri: code
              Handler: app.handler
              Environment: {{Variables: {{V: {expression}}}}}
        """,
        {"Name": "given"},
    )
    assert system.functions["F"].environment["V"] == value


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "parameter Needed has no default"),
        ({"Needed": "x", "Other": "y"}, "has no parameter Other"),
        ({"Needed": "x", "Level": "LOUD"}, "Level is 'LOUD', allowed are INFO, DEBUG"),
        ({"Needed": "x", "Ports": "443;22"}, "Ports is '443;22', expected are numbers"),
        ({"Needed": "x", "Ports": "443\n"}, "Ports is '443.n', expected are numbers"),
        ({"Needed": "x", "Word": "Az"}, r"Word is 'Az', expected are what matches \[a-z\]\+"),
        ({"Needed": "x", "Count": "11"}, "Count is 11, outside 1 to 10"),
        ({"Needed": "x", "Count": "many"}, "Count is 'many', a number is expected"),
    ],
)
def test_refused_parameters(tmp_path: Path, given: Mapping[str, str], message: str) -> None:
    """A missing, unknown or refused parameter is named."""
    text = """
        Parameters:
          Needed: {Type: String}
          Level: {Type: String, Default: INFO, AllowedValues: [INFO, DEBUG]}
          Count: {Type: Number, Default: 5, MinValue: 1, MaxValue: 10}
          Ports: {Type: String, Default: "1", AllowedPattern: "[0-9,]+", ConstraintDescription: numbers}
          Word: {Type: String, Default: a, AllowedPattern: "[a-z]+"}
        Resources: {}
    """
    with pytest.raises(template.TemplateError, match=message):
        load(tmp_path, text, given)


API_EVENT = "{Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: /x%s}}"
SQS_EVENT = "{Type: SQS, Properties: {Queue: !GetAtt Q.Arn%s}}"
SCHEDULE = "{Type: ScheduleV2, Properties: {ScheduleExpression: '%s'}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing: here", "no template"),
        ("Resources: [", "template.yaml"),
        (
            "Resources: {T: {Type: AWS::Serverless::SimpleTable}}",
            "T: AWS::Serverless::SimpleTable is not supp",
        ),
        ("Resources: {R: {Type: AWS::Events::Rule}}", "R: AWS::Events::Rule is not supported"),
        (function(", FunctionUrlConfig: {}"), "F: FunctionUrlConfig is not supported"),
        (function(", Environment: {Variables: {V: !Ref Nobody}}"), "F: Environment V: .* Nobody"),
        (function(", Environment: {Variables: {V: !GetAtt Q.Colour}}"), "Q.Colour"),
        (function(", Environment: {Variables: {V: !ImportValue x}}"), "Fn::ImportValue is not supported"),
        (function(", Environment: {Variables: {V: [1]}}"), "text is expected"),
        (function(", Layers: [!Ref Q]"), "no layer of this template"),
        (function(", CodeUri: nowhere"), "there is no folder"),
        (function(events="{Type: HttpApi}"), "F.E: events of type HttpApi are not supported"),
        (function(events=API_EVENT % ", RequestModel: {}"), "F.E: RequestModel is not supported"),
        (
            function(events=API_EVENT % ", Auth: {ApiKeyRequired: true}"),
            "F.E: an API key without the authorizer",
        ),
        (function(events=API_EVENT % ", Auth: {Authorizer: Nobody}"), "authorizer Nobody is not declared"),
        (function(events=SQS_EVENT % ", FilterCriteria: {}"), "F.E: FilterCriteria is not supported"),
        (function(events=SQS_EVENT % ", BatchSize: 100"), "BatchSize over 10 needs"),
        (function(events="{Type: SQS, Properties: {Queue: 'arn:x'}}"), "arn:x is no queue"),
        (function(events=SCHEDULE % "cron(0 12 * * ? *)"), r"F.E: cron.* is no rate"),
        (function(events=SCHEDULE % "rate(0 minutes)"), "is no rate"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """What would have to be honoured and is not known here is an error that names the place."""
    with pytest.raises(template.TemplateError, match=message):
        load(tmp_path, text)


def test_two_routes_of_one_shape_are_refused(tmp_path: Path) -> None:
    """API Gateway takes one parameter name a level, so the same path with another name is no second route."""
    events = """{
        A: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: "/jobs/{id}"}},
        B: {Type: Api, Properties: {RestApiId: !Ref Api, Method: get, Path: "/jobs/{task}"}}}"""
    with pytest.raises(template.TemplateError, match="is the route of F already"):
        load(tmp_path, function(f", Events: {events}"))


def test_what_has_no_meaning_here_is_passed_over(tmp_path: Path) -> None:
    """Policies, roles, networks and alarms may use anything, also functions that are not known here."""
    text = function(", Policies: [{Statement: !Transform x}], VpcConfig: {SubnetIds: !Split [',', !Ref X]}")
    alarm = "Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Threshold: !Transform x}}"
    system = load(tmp_path, text.replace("Q: {Type", f"{alarm}\n          Q: {{Type"))
    assert set(system.functions) == {"F"}


def test_a_resource_whose_condition_fails_does_not_exist(tmp_path: Path) -> None:
    """A conditional resource is there only where its condition holds."""
    text = """
        Parameters: {Stage: {Type: String, Default: dev}}
        Conditions: {IsProduction: !Equals [!Ref Stage, production]}
        Resources:
          Q: {Type: AWS::SQS::Queue, Condition: IsProduction}
    """
    assert load(tmp_path, text).queues == {}
    assert set(load(tmp_path, text, {"Stage": "production"}).queues) == {"Q"}


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("rate(1 minute)", 60), ("rate(5 minutes)", 300), ("rate(2 hours)", 7200), ("rate(1 day)", 86_400)],
)
def test_rates(tmp_path: Path, expression: str, seconds: int) -> None:
    """Minutes, hours and days become seconds."""
    system = load(tmp_path, function(events=SCHEDULE % expression))
    assert [schedule.interval_s for schedule in system.schedules] == [seconds]


def test_a_disabled_event_is_no_event(tmp_path: Path) -> None:
    """A mapping that is not enabled does not call its function."""
    assert load(tmp_path, function(events=SQS_EVENT % ", Enabled: false")).sqs_sources == ()


def test_queue_attributes(tmp_path: Path) -> None:
    """A queue's attributes are those that CreateQueue takes, its redrive policy with them."""
    system = load(
        tmp_path,
        """
        Resources:
          Dead: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 1209600}}
          Q:
            Type: AWS::SQS::Queue
            Properties:
              QueueName: mine
              VisibilityTimeout: 60
              RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
        """,
    )
    attributes = system.queues["Q"].attributes(system.queues)
    assert system.queues["Q"].name == "mine"
    assert attributes["VisibilityTimeout"] == "60"
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": system.queues["Dead"].arn,
        "maxReceiveCount": 3,
    }


def test_concurrency_of_a_function(tmp_path: Path) -> None:
    """What is reserved is the limit; else a function may have what its event sources are allowed."""
    source = SQS_EVENT % ", ScalingConfig: {MaximumConcurrency: 30}"
    assert load(tmp_path, function(events=source)).concurrency("F") == 30
    reserved = function(", ReservedConcurrentExecutions: 2", events=source)
    assert load(tmp_path, reserved).concurrency("F") == 2
    nothing = function(", ReservedConcurrentExecutions: !Ref AWS::NoValue", events=source)
    assert load(tmp_path, nothing).concurrency("F") == 30
    assert load(tmp_path, function()).concurrency("F") == 10


def test_one_parameter_can_be_asked_for(tmp_path: Path) -> None:
    """As it is given, else its default; one that the template does not have is None."""
    file = tmp_path / "template.yaml"
    file.write_text(
        "Parameters: {Size: {Type: Number, Default: 5, MinValue: 2}, Other: {Type: String}}\nResources: {}\n",
        encoding="utf-8",
    )
    assert template_parameters.parameter(file, "Size", {}) == "5"
    assert template_parameters.parameter(file, "Size", {"Size": "7", "Other": "x"}) == "7"
    assert template_parameters.parameter(file, "Width", {"Size": "7"}) is None
    with pytest.raises(template.TemplateError, match="parameter Size is 1"):
        template_parameters.parameter(file, "Size", {"Size": "1"})


def test_the_stand_in_holds_by_default_what_the_worker_believes() -> None:
    """The template's default of ContextTokens is the offline model's own."""
    assert template_parameters.parameter(REPOSITORY / "template.yaml", "ContextTokens", {}) == str(
        CONTEXT_TOKENS
    )


def test_an_output_of_a_nested_stack_is_given(tmp_path: Path) -> None:
    """What infra/ would answer is told to the reader; what is not told is an error and no guess."""
    (tmp_path / "code").mkdir()
    file = tmp_path / "template.yaml"
    nested = "          N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: n.yaml}}\n"
    variables = "{HOST: !GetAtt N.Outputs.Host, ALL: !Sub 'x@${N.Outputs.Host}'}"
    text = function(f", Environment: {{Variables: {variables}}}").rstrip() + "\n" + nested
    file.write_text(text, encoding="utf-8")
    system = template.load(file, {}, physical=PHYSICAL, outputs={"N": {"Host": "h"}})
    assert system.functions["F"].environment == {"HOST": "h", "ALL": "x@h"}
    with pytest.raises(template.TemplateError, match=r"F: Environment HOST: .*N\.Outputs\.Host"):
        template.load(file, {}, physical=PHYSICAL)


def test_an_alias_is_the_function(tmp_path: Path) -> None:
    """`!Ref F.Alias` leads to the one version that runs here."""
    system = load(tmp_path, function(", AutoPublishAlias: live, Environment: {Variables: {A: !Ref F.Alias}}"))
    assert system.functions["F"].environment["A"] == system.functions["F"].arn


def test_a_list_of_a_parameter_is_a_list(tmp_path: Path) -> None:
    """CommaDelimitedList: joined, compared and chosen from as in CloudFormation."""
    text = """
        Parameters: {Of: {Type: CommaDelimitedList, Default: ''}}
        Conditions: {Any: !Not [!Equals [!Join ['', !Ref Of], '']]}
    """ + function(
        ", Environment: {Variables: {A: !If [Any, !Join ['+', !Ref Of], none], F: !Select [0, !Ref Of]}}"
    )
    assert load(tmp_path, text).functions["F"].environment == {"A": "none", "F": ""}
    given = load(tmp_path, text, {"Of": "a, b"}).functions["F"].environment
    assert given == {"A": "a+b", "F": "a"}
