"""Who may do what: roles, their statements, and what `notify` must not reach."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.permissions.calls import key_calls
from local.permissions.policy import Call, matches
from tests.policy.cloudformation import texts
from tests.policy.roles import FUNCTION, ROLE, judge, keys, role_of, statements
from tests.policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.cloudformation import Resource, Stack
    from tests.policy.rule import Templates

_INTERFACES = "Lambda makes a function's network interfaces by its role, and refuses anything narrower"
_NO_RESOURCE = "the action knows no resource"
# Actions that may stand beside Resource: "*", and why each cannot be narrowed.
CANNOT_BE_NAMED = {
    "ec2:CreateNetworkInterface": _INTERFACES,
    "ec2:DeleteNetworkInterface": _INTERFACES,
    "ec2:DescribeNetworkInterfaces": _INTERFACES,
    "ec2:DescribeSubnets": _INTERFACES,
    "ec2:AssignPrivateIpAddresses": _INTERFACES,
    "ec2:UnassignPrivateIpAddresses": _INTERFACES,
    "xray:PutTraceSegments": _NO_RESOURCE,
    "xray:PutTelemetryRecords": _NO_RESOURCE,
}
# Roles that AWS wants as they are, with a policy of its own: they are no function's.
AWS_OWN_ROLES = {
    "AmazonAPIGatewayPushToCloudWatchLogs": "the account's role for access logs; none narrower is taken",
    "AmazonRDSEnhancedMonitoringRole": "writes to RDS's own log group, by AWS's own policy",
    "AWSCodeDeployRoleForLambda": "CodeDeploy's own policy, which SAM attaches; only CodeDeploy takes it on",
}


def allowing(stack: Stack) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Every statement that allows something, with its role; AWS's own roles are left out."""
    for role in stack.of(ROLE):
        for statement in statements(stack, role):
            policy = statement["Name"].split("/")[-2]
            if statement["Effect"] == "Allow" and policy not in AWS_OWN_ROLES:
                yield role, statement


def wild_actions(stack: Stack) -> Iterator[str]:
    """Actions that stand for more than one."""
    for _, statement in allowing(stack):
        if "Action" not in statement:
            yield f"{statement['Name']}: NotAction"
        for action in texts(statement.get("Action", [])):
            if "*" in action or "?" in action:
                yield f"{statement['Name']}: {action}"


def unnamed_resources(stack: Stack) -> Iterator[str]:
    """Statements about everything of a kind, where a resource could be named."""
    for _, statement in allowing(stack):
        wide = [each for each in texts(statement.get("Resource", "*")) if _is_wide(each)]
        for action in texts(statement.get("Action", [])):
            if wide and action not in CANNOT_BE_NAMED:
                yield f"{statement['Name']}: {action} on {', '.join(wide)}"


def _is_wide(resource: str) -> bool:
    """`*`, a whole service, or every name of a kind (`function:*`, `secret:*`, `dbuser:*`, a bucket `*`)."""
    kinds = "alarm|dbuser|function|key|log-group|role|rule|secret|table|topic"
    return re.fullmatch(rf"\*|arn(:[^:]*){{4}}:(\*|({kinds})[:/]\*(/\*)?|\*/\*)", resource) is not None


def shared_roles(stack: Stack) -> Iterator[str]:
    """Roles that are not one function's alone, or that others than Lambda may take on."""
    used = Counter(function["Role"] for function in stack.of(FUNCTION))
    yield from (f"{role} is the role of {count} functions" for role, count in used.items() if count > 1)
    for function in stack.of(FUNCTION):
        trust = role_of(stack, function)["AssumeRolePolicyDocument"]["Statement"]
        for statement in trust:
            who = statement["Principal"]
            if set(who) != {"Service"} or texts(who["Service"]) != ["lambda.amazonaws.com"]:
                yield f"{function.name}: its role may be taken on by {who}"


def open_trust(stack: Stack) -> Iterator[str]:
    """Roles that somebody outside of the account, or anybody in it, may take on."""
    for role in stack.of(ROLE):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            if not isinstance(statement["Principal"], dict) or set(statement["Principal"]) - {"Service"}:
                yield f"{role.name}: {statement['Principal']}"


def unbound_permissions(stack: Stack) -> Iterator[str]:
    """Permissions to invoke a function that name no caller."""
    for permission in stack.of("AWS::Lambda::Permission"):
        if permission["Principal"] == "*" or not {"SourceArn", "SourceAccount"} & set(permission.properties):
            yield f"{permission.name}: {permission['Principal']} may invoke it for anybody"


def notify_reaches(stack: Stack) -> Iterator[str]:
    """What an address that a customer chose could reach by way of `notify`."""
    notify = stack.resources["NotifyFunction"]
    if "VpcConfig" in notify.properties:
        yield "notify stands in the VPC"
    guarded = {key for resource, key in keys(stack).items() if not resource.startswith("arn:aws:sqs:")}
    for statement in statements(stack, role_of(stack, notify)):
        if statement["Effect"] != "Allow":
            continue
        for action in texts(statement["Action"]):
            service = action.partition(":")[0]
            if service not in {"sqs", "logs", "kms", "xray"}:
                yield f"notify may {action}"
            elif service == "kms" and any(
                matches(pattern, key) for pattern in texts(statement["Resource"]) for key in guarded
            ):
                yield f"notify may {action} by a key that guards more than queues"
    variables = notify["Environment"]["Variables"]
    yield from (f"notify is told {name}" for name in variables if re.search("DATABASE|SECRET|BUCKET", name))


def unpolled_queues(stack: Stack) -> Iterator[str]:
    """Event sources whose function may not receive from them, which fails a deployment."""
    for source in stack.of("AWS::Lambda::EventSourceMapping"):
        function = _function(stack, source["FunctionName"])
        role = judge(stack, function)
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
            call = Call(f"sqs:{action}", source["EventSourceArn"])
            for needed in (call, *key_calls(call, role.keys, region=stack.place.region)):
                if role.judge(needed) is None:
                    yield f"{function.name} may not {needed.action} on {needed.resource}"


def _function(stack: Stack, name: str) -> Resource:
    """By its name, its ARN, or its alias's ARN."""
    for function in stack.of(FUNCTION):
        own = str(stack.physical(function.logical_id, None))
        if name == own or name.rsplit(":function:", maxsplit=1)[-1].split(":", maxsplit=1)[0] == own:
            return function
    raise LookupError(name)


def foreign_database_users(stack: Stack) -> Iterator[str]:
    """Functions that sign in to the database as somebody whom their role does not allow, or may be others."""
    for function in stack.of(FUNCTION):
        variables = function.get("Environment", {}).get("Variables", {})
        allowed = {
            resource.rpartition("/")[2]
            for statement in statements(stack, role_of(stack, function))
            if statement["Effect"] == "Allow" and "rds-db:connect" in texts(statement["Action"])
            for resource in texts(statement["Resource"])
        }
        user = urlsplit(str(variables.get("DATABASE_URL", ""))).username
        wanted = {user} if variables.get("DATABASE_AUTH") == "iam" else set()
        if wanted and variables.get(
            "DATABASE_MASTER"
        ):  # migrate alone: it makes the roles as the master user
            wanted.add(variables["DATABASE_MASTER"])
        if allowed != wanted:
            yield f"{function.name} signs in as {sorted(map(str, wanted))} and may be {sorted(allowed)}"


def unwritable_logs(stack: Stack) -> Iterator[str]:
    """Functions that may not write to their log group, or may write to another's."""
    groups = {group["LogGroupName"]: group for group in stack.of("AWS::Logs::LogGroup")}
    for function in stack.of(FUNCTION):
        name = function.get("LoggingConfig", {}).get("LogGroup")
        if name not in groups:
            yield f"{function.name} has no log group of the stack"
            continue
        where = f"arn:aws:logs:{stack.place.region}:{stack.place.account}:log-group:"
        role = judge(stack, function)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if role.judge(Call(action, f"{where}{name}:log-stream:x")) is None:
                yield f"{function.name} may not {action} on {name}"
            others = (group for group in groups if group != name)
            for other in others:
                if role.judge(Call(action, f"{where}{other}:log-stream:x")) is not None:
                    yield f"{function.name} may {action} on {other}"


# --- faults ---------------------------------------------------------------------------------------
def _statements_of(templates: Templates, function: str) -> list[dict[str, Any]]:
    """The statements of a function's role as they are written."""
    role = templates.of(function)["Role"]["Fn::GetAtt"]
    name = role.split(".")[0] if isinstance(role, str) else role[0]
    policies = templates.of(name).setdefault("Policies", [])
    written = chain.from_iterable(policy["PolicyDocument"]["Statement"] for policy in policies)
    return [each for each in written if "Action" in each]  # others depend on a condition


def _role_of(templates: Templates, function: str) -> dict[str, Any]:
    return templates.of(templates.of(function)["Role"]["Fn::GetAtt"][0])


def _granted(templates: Templates, function: str, action: str, resource: Any) -> None:
    policies = _role_of(templates, function).setdefault("Policies", [])
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    policies.append({"PolicyName": "fault", "PolicyDocument": {"Statement": [statement]}})


def _attached(templates: Templates, function: str, name: str) -> None:
    arns = _role_of(templates, function).setdefault("ManagedPolicyArns", [])
    arns.append(f"arn:aws:iam::aws:policy/service-role/{name}")


def _without(templates: Templates, function: str, action: str) -> None:
    for statement in _statements_of(templates, function):
        statement["Action"] = [each for each in texts(statement["Action"]) if each != action]


def _first_key(templates: Templates) -> dict[str, Any]:
    """The key of the documents' bucket."""
    rules = templates.of("DocumentsBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    key: dict[str, Any] = rules[0]["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    return key


RULES = (
    Rule(
        "no statement allows a star of actions",
        wild_actions,
        {
            "everything": lambda t: _granted(t, "SubmitFunction", "*", {"Ref": "JobsQueue"}),
            "a service": lambda t: _granted(
                t, "SubmitFunction", "s3:*", {"Fn::GetAtt": ["JobsQueue", "Arn"]}
            ),
            "a prefix": lambda t: _granted(t, "SubmitFunction", "s3:Get*", "arn:aws:s3:::one/two"),
        },
    ),
    Rule(
        "a resource is named where it can be",
        unnamed_resources,
        {
            "everything": lambda t: _granted(t, "SubmitFunction", "s3:PutObject", "*"),
            "every queue": lambda t: _granted(
                t,
                "SubmitFunction",
                "sqs:SendMessage",
                {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:*"},
            ),
            "every bucket": lambda t: _granted(t, "SubmitFunction", "s3:PutObject", "arn:aws:s3:::*/*"),
            "every function": lambda t: _granted(
                t, "SubmitFunction", "lambda:InvokeFunction", "arn:aws:lambda:eu-central-1:1:function:*"
            ),
            "what SAM adds for a queue": lambda t: _attached(
                t, "NotifyFunction", "AWSLambdaSQSQueueExecutionRole"
            ),
            "what SAM adds for logs": lambda t: _attached(t, "NotifyFunction", "AWSLambdaBasicExecutionRole"),
        },
    ),
    Rule(
        "each function has a role of its own",
        shared_roles,
        {
            "shared": lambda t: t.of("NotifyFunction").update(Role=t.of("SubmitFunction")["Role"]),
            "EC2 as well": lambda t: _role_of(t, "NotifyFunction")["AssumeRolePolicyDocument"]["Statement"][
                0
            ].update(Principal={"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}),
        },
    ),
    Rule(
        "only services of AWS take on a role",
        open_trust,
        {
            "everybody": lambda t: t.first(ROLE)["AssumeRolePolicyDocument"]["Statement"][0].update(
                Principal="*"
            ),
            "an account": lambda t: t.first(ROLE)["AssumeRolePolicyDocument"]["Statement"][0].update(
                Principal={"AWS": "arn:aws:iam::999999999999:root"}
            ),
        },
    ),
    Rule(
        "whoever invokes a function is named",
        unbound_permissions,
        {"any API": lambda t: t.first("AWS::Lambda::Permission").pop("SourceArn")},
    ),
    Rule(
        "notify reaches nothing of ours",
        notify_reaches,
        {
            "the network": lambda t: t.of("NotifyFunction").update(VpcConfig={"SubnetIds": ["subnet-1"]}),
            "the database": lambda t: _granted(
                t, "NotifyFunction", "rds-db:connect", "arn:aws:rds-db:x:y:dbuser:p/u"
            ),
            "a secret": lambda t: _granted(
                t, "NotifyFunction", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:x:y:secret:z"
            ),
            "documents": lambda t: _granted(t, "NotifyFunction", "s3:GetObject", "arn:aws:s3:::one/two"),
            "the documents' key": lambda t: _granted(t, "NotifyFunction", "kms:Decrypt", _first_key(t)),
            "an address of the database": lambda t: t.of("NotifyFunction")["Environment"]["Variables"].update(
                DATABASE_URL="postgresql://x@y/z"
            ),
        },
    ),
    Rule(
        "a function may receive from its queues",
        unpolled_queues,
        {
            "not receive": lambda t: _without(t, "ProcessFunction", "sqs:ReceiveMessage"),
            "not decrypt": lambda t: _without(t, "RecordFunction", "kms:Decrypt"),
        },
    ),
    Rule(
        "a function signs in to the database as the one user that its role allows",
        foreign_database_users,
        {
            "one more": lambda t: _granted(
                t, "StatusFunction", "rds-db:connect", "arn:aws:rds-db:x:y:dbuser:p/claimcheck_owner"
            ),
            "none": lambda t: _without(t, "StatusFunction", "rds-db:connect"),
        },
    ),
    Rule(
        "a function writes to its own log group and no other",
        unwritable_logs,
        {
            "none": lambda t: t.of("StatusFunction").pop("LoggingConfig"),
            "not allowed": lambda t: _without(t, "StatusFunction", "logs:PutLogEvents"),
            "another's": lambda t: t.of("StatusFunction").update(
                LoggingConfig=t.of("NotifyFunction")["LoggingConfig"]
            ),
        },
    ),
)
