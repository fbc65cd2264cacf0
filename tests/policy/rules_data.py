"""What keeps data: queues, the bucket, the database, secrets, logs; and what happens to it with the stack."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.policy.cloudformation import texts
from tests.policy.roles import FUNCTION
from tests.policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.policy.cloudformation import Resource, Stack
    from tests.policy.rule import Templates

QUEUE = "AWS::SQS::Queue"
BUCKET = "AWS::S3::Bucket"
DATABASE = "AWS::RDS::DBInstance"
TWO_WEEKS_S = 1_209_600
WEEK_S = 604_800
HOLD_CONTENT = frozenset({"DeliveriesDeadLetters", "OutcomesDeadLetters"})  # webhooks, what was answered
# Types that hold what cannot be made again, and what may become of them with the stack.
STATEFUL = {
    BUCKET: {"Retain", "RetainExceptOnCreate"},
    DATABASE: {"Snapshot", "Retain"},
    "AWS::KMS::Key": {"Retain", "RetainExceptOnCreate"},
}


def arn(stack: Stack, resource: Resource) -> str:
    """A resource's ARN; it has to be of the root stack."""
    return str(stack.physical(resource.logical_id, "Arn"))


def without_dead_letters(stack: Stack) -> Iterator[str]:
    """Queues that keep a poisonous message going round."""
    targets = {queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in _redriven(stack)}
    targets |= {  # of a schedule: calls that Lambda did not take
        schedule["Target"].get("DeadLetterConfig", {}).get("Arn")
        for schedule in stack.of("AWS::Scheduler::Schedule")
    }
    for queue in stack.of(QUEUE):
        if arn(stack, queue) in targets:
            kept_s = int(queue.get("MessageRetentionPeriod", 345_600))
            if queue.name in HOLD_CONTENT:
                if kept_s > WEEK_S:
                    yield f"{queue.name}: content is kept for more than 7 days"
            elif kept_s < TWO_WEEKS_S:
                yield f"{queue.name}: dead letters are kept for less than 14 days"
        elif "RedrivePolicy" not in queue.properties:
            yield f"{queue.name} has no dead-letter queue"


def _redriven(stack: Stack) -> Iterator[Resource]:
    return (queue for queue in stack.of(QUEUE) if "RedrivePolicy" in queue.properties)


def without_tls(stack: Stack) -> Iterator[str]:
    """Queues and buckets that take a call in plain text."""
    refusing: set[str] = set()
    for policy in stack.of("AWS::SQS::QueuePolicy"):
        if any(_refuses_plain(each, "sqs:") for each in policy["PolicyDocument"]["Statement"]):
            refusing |= set(map(str, policy["Queues"]))
    for policy in stack.of("AWS::S3::BucketPolicy"):
        if any(_refuses_plain(each, "s3:") for each in policy["PolicyDocument"]["Statement"]):
            refusing.add(str(policy["Bucket"]))
    for resource in stack.of(QUEUE, BUCKET):
        if str(stack.physical(resource.logical_id, None)) not in refusing:
            yield f"{resource.name} may be called without TLS"


def _refuses_plain(statement: Mapping[str, Any], service: str) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return (
        statement["Effect"] == "Deny"
        and statement["Principal"] in ("*", {"AWS": "*"})
        and set(texts(statement["Action"])) & {"*", f"{service}*"} != set()
        and str(condition).lower() == "false"
    )


def open_policies(stack: Stack) -> Iterator[str]:
    """Policies of queues and buckets that let anybody in."""
    for policy in stack.of("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] != "Allow":
                continue
            whom = statement["Principal"]
            if whom in ("*", {"AWS": "*"}) or not statement.get("Condition"):
                yield f"{policy.name} allows {whom} without a condition that names the caller"


def unencrypted(stack: Stack) -> Iterator[str]:
    """What lies in plain text."""
    for queue in stack.of(QUEUE):
        if "KmsMasterKeyId" not in queue.properties and not queue.get("SqsManagedSseEnabled"):
            yield f"{queue.name} is not encrypted"
    for bucket in stack.of(BUCKET):
        rules = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        if not any(rule.get("ServerSideEncryptionByDefault") for rule in rules):
            yield f"{bucket.name} is not encrypted"
    for database in stack.of(DATABASE):
        if str(database.get("StorageEncrypted")).lower() != "true":
            yield f"{database.name} is not encrypted"
    for kind, name in (("AWS::SecretsManager::Secret", "KmsKeyId"), ("AWS::SNS::Topic", "KmsMasterKeyId")):
        yield from (f"{each.name} has no key" for each in stack.of(kind) if name not in each.properties)
    for key in stack.of("AWS::KMS::Key"):
        if str(key.get("EnableKeyRotation")).lower() != "true":
            yield f"{key.name} is never rotated"


def public_buckets(stack: Stack) -> Iterator[str]:
    """Buckets that could be opened to the public, and those that keep everything for ever."""
    wanted = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for bucket in stack.of(BUCKET):
        block = bucket.get("PublicAccessBlockConfiguration", {})
        missing = [name for name in wanted if str(block.get(name)).lower() != "true"]
        if missing:
            yield f"{bucket.name}: {', '.join(missing)}"
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            yield f"{bucket.name} keeps uploads that were never finished"


def short_visibility(stack: Stack) -> Iterator[str]:
    """Queues whose message is seen again while its function may still work on it."""
    queues = {arn(stack, queue): queue for queue in stack.of(QUEUE)}
    functions = {str(stack.physical(each.logical_id, None)): each for each in stack.of(FUNCTION)}
    for source in stack.of("AWS::Lambda::EventSourceMapping"):
        queue = queues[source["EventSourceArn"]]
        name = str(source["FunctionName"]).split(":function:")[-1].split(":")[0]
        wanted = 6 * int(functions[name]["Timeout"])
        if int(queue.get("VisibilityTimeout", 30)) < wanted:
            yield f"{queue.name}: visible again after {queue.get('VisibilityTimeout')} s, {wanted} are wanted"


MADE_AGAIN = {"SiteBucket": "each deployment puts the pages' files there, which are built of web/"}


def lost_with_the_stack(stack: Stack) -> Iterator[str]:
    """What is deleted with the stack, or by a replacement, and cannot be made again."""
    for resource in stack.resources.values():
        allowed = STATEFUL.get(resource.kind) if resource.logical_id not in MADE_AGAIN else None
        if resource.kind == "AWS::SecretsManager::Secret" and "GenerateSecretString" in resource.properties:
            allowed = {"Retain"}
        if allowed:
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if resource.raw.get(policy) not in allowed:
                    yield f"{resource.name}: {policy} is {resource.raw.get(policy)}"


def weak_databases(stack: Stack) -> Iterator[str]:
    """Databases that are reached without TLS or by a password, from outside, or that are not backed up."""
    groups = {group.logical_id: group for group in stack.of("AWS::RDS::DBParameterGroup")}
    for database in stack.of(DATABASE):
        wanted = {"EnableIAMDatabaseAuthentication": "true", "PubliclyAccessible": "false"}
        wanted |= {"DeletionProtection": "true", "MasterUserAuthenticationType": "iam-db-auth"}
        for name, value in wanted.items():
            if str(database.get(name)).lower() != value:
                yield f"{database.name}: {name} is {database.get(name)}"
        if int(database.get("BackupRetentionPeriod", 0)) < 7:
            yield f"{database.name} cannot be set back by a week"
        group = groups.get(re.sub(r"[${}]|.*/", "", str(database.get("DBParameterGroupName"))))
        if group is None or str(group["Parameters"].get("rds.force_ssl")) != "1":
            yield f"{database.name} takes connections without TLS"
    for proxy in stack.of("AWS::RDS::DBProxy"):
        if str(proxy.get("RequireTLS")).lower() != "true" or proxy.get("DefaultAuthScheme") != "IAM_AUTH":
            yield f"{proxy.name} takes a connection without TLS, or a password"
        if str(proxy.get("DebugLogging")).lower() == "true":
            yield f"{proxy.name} logs statements"


def endless_logs(stack: Stack) -> Iterator[str]:
    """Log groups without retention, and what writes to a group that nobody made."""
    groups = {str(group.get("LogGroupName")) for group in stack.of("AWS::Logs::LogGroup")}
    for group in stack.of("AWS::Logs::LogGroup"):
        if not group.get("RetentionInDays"):
            yield f"{group.name} is kept for ever"
    for function in stack.of(FUNCTION):
        own = f"/aws/lambda/{stack.physical(function.logical_id, None)}"
        if function.get("LoggingConfig", {}).get("LogGroup", own) not in groups:
            yield f"{function.name} logs to a group that is not of the stack"
    for stage in stack.of("AWS::ApiGateway::Stage"):
        target = str(stage.get("AccessLogSetting", {}).get("DestinationArn", ""))
        if target.removesuffix(":*").rpartition(":")[2] not in groups:
            yield f"{stage.name} has no access log of the stack"


def spoken_secrets(stack: Stack) -> Iterator[str]:
    """Values that nobody may read, outside of Secrets Manager: in an environment, a tag, an output."""
    hidden = {
        str(stack.parameters[name])
        for name, declaration in stack.template["Parameters"].items()
        if str(declaration.get("NoEcho")).lower() == "true" and stack.parameters[name]
    }
    for resource in stack.resources.values():
        if resource.kind in {"AWS::SecretsManager::Secret", "AWS::CloudFormation::Stack"}:
            continue
        said = json.dumps(resource.properties, default=str)
        yield from (f"{resource.name} has a hidden parameter" for value in hidden if value in said)
    for name in stack.template.get("Outputs", {}):
        yield from (
            f"output {name} has a hidden parameter" for each in hidden if each in str(stack.output(name))
        )
    for function in stack.of(FUNCTION):
        for name, value in function.get("Environment", {}).get("Variables", {}).items():
            if re.search(r"(PASSWORD|TOKEN|API_KEY|SECRET)$", name) or re.search(
                r"://[^/@]*:[^/@]+@", str(value)
            ):
                yield f"{function.name}: {name} is a secret in plain text"


# --- faults ---------------------------------------------------------------------------------------
def _resource(templates: Templates, kind: str) -> dict[str, Any]:
    return next(resource for _, resource in templates.every(kind))


def _group(templates: Templates) -> dict[str, Any]:
    return templates.first("AWS::Logs::LogGroup", having="RetentionInDays")


def _policies_gone(templates: Templates, kind: str) -> None:
    for _, policy in templates.every(kind):
        policy["Properties"]["PolicyDocument"]["Statement"] = [
            each for each in policy["Properties"]["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"
        ]


def _told(templates: Templates, name: str, value: Any) -> None:
    templates.of("StatusFunction")["Environment"]["Variables"][name] = value


RULES = (
    Rule(
        "every queue has dead letters or is some",
        without_dead_letters,
        {
            "none": lambda t: t.of("JobsQueue").pop("RedrivePolicy"),
            "short-lived": lambda t: t.of("JobsDeadLetters").update(MessageRetentionPeriod=345_600),
            "content": lambda t: t.of("DeliveriesDeadLetters").update(MessageRetentionPeriod=691_200),
        },
    ),
    Rule(
        "queues and buckets take calls by TLS alone",
        without_tls,
        {
            "queues": lambda t: _policies_gone(t, "AWS::SQS::QueuePolicy"),
            "buckets": lambda t: _policies_gone(t, "AWS::S3::BucketPolicy"),
        },
    ),
    Rule(
        "no policy of a queue or a bucket lets anybody in",
        open_policies,
        {
            "everybody": lambda t: t.first("AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"].append(
                {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
            ),
            "a service for anybody": lambda t: t.first("AWS::S3::BucketPolicy")["PolicyDocument"][
                "Statement"
            ].append(
                {"Effect": "Allow", "Principal": {"Service": "x"}, "Action": "s3:GetObject", "Resource": "*"}
            ),
        },
    ),
    Rule(
        "everything that is kept is encrypted",
        unencrypted,
        {
            "a queue": lambda t: (
                t.of("JobsQueue").pop("KmsMasterKeyId", None),
                t.of("JobsQueue").pop("SqsManagedSseEnabled", None),
            ),
            "the bucket": lambda t: t.of("DocumentsBucket").pop("BucketEncryption"),
            "the database": lambda t: t.first(DATABASE).update(StorageEncrypted=False),
            "a secret": lambda t: t.first("AWS::SecretsManager::Secret").pop("KmsKeyId"),
            "a key for ever": lambda t: t.first("AWS::KMS::Key").update(EnableKeyRotation=False),
        },
    ),
    Rule(
        "no bucket can be public, none keeps half an upload",
        public_buckets,
        {
            "public": lambda t: t.of("DocumentsBucket")["PublicAccessBlockConfiguration"].pop(
                "BlockPublicPolicy"
            ),
            "half": lambda t: t.of("DocumentsBucket")["LifecycleConfiguration"].update(Rules=[]),
        },
    ),
    Rule(
        "a message stays hidden for six times its function's timeout",
        short_visibility,
        {
            "a shorter visibility": lambda t: t.of("JobsQueue").update(VisibilityTimeout=3599),
            "a longer timeout": lambda t: t.of("RecordFunction").update(Timeout=31),
        },
    ),
    Rule(
        "what cannot be made again outlives the stack",
        lost_with_the_stack,
        {
            "the bucket": lambda t: _resource(t, BUCKET).pop("DeletionPolicy"),
            "the database": lambda t: _resource(t, DATABASE).update(DeletionPolicy="Delete"),
            "a key replaced": lambda t: _resource(t, "AWS::KMS::Key").pop("UpdateReplacePolicy"),
            "a made secret": lambda t: t.whole["Resources"]["WebhookKeySecret"].pop("DeletionPolicy"),
        },
    ),
    Rule(
        "the database is private, backed up, and has no password",
        weak_databases,
        {
            "a password": lambda t: t.first(DATABASE).update(EnableIAMDatabaseAuthentication=False),
            "public": lambda t: t.first(DATABASE).update(PubliclyAccessible=True),
            "no backup": lambda t: t.first(DATABASE).update(BackupRetentionPeriod=0),
            "plain text": lambda t: t.first("AWS::RDS::DBParameterGroup")["Parameters"].pop("rds.force_ssl"),
            "a proxy in plain text": lambda t: t.first("AWS::RDS::DBProxy").update(RequireTLS=False),
            "a proxy that tells": lambda t: t.first("AWS::RDS::DBProxy").update(DebugLogging=True),
        },
    ),
    Rule(
        "every log has a group of the stack, and an end",
        endless_logs,
        {
            "for ever": lambda t: _group(t).pop("RetentionInDays"),
            "Lambda's own group": lambda t: t.of("StatusFunction").pop("LoggingConfig"),
            "no access log": lambda t: t.first("AWS::ApiGateway::Stage").pop("AccessLogSetting"),
        },
    ),
    Rule(
        "no secret stands where it can be read",
        spoken_secrets,
        {
            "a hidden parameter": lambda t: _told(t, "MODEL", {"Ref": "AnthropicApiKey"}),
            "a password": lambda t: _told(t, "DATABASE_URL", "postgresql://me:word@host/db"),
            "by its name": lambda t: _told(t, "ANTHROPIC_API_KEY", "x"),
            "an output": lambda t: t.whole["Outputs"].update(Key={"Value": {"Ref": "AnthropicApiKey"}}),
        },
    ),
)
