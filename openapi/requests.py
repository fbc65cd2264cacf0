"""What requests hold, with the limits that the code checks."""

from __future__ import annotations

from typing import get_args

from claimcheck.documents.kinds import MEDIA_TYPES
from claimcheck.settings import DocumentsSettings
from claimcheck.tasks import evaluate, fields, requests, summarise
from claimcheck.webhooks.endpoint import DEFAULT_PORTS, MAX_URL_CHARS

from openapi.shapes import Json, array, asked, one_of, ref, stored

MAX_UPLOAD_BYTES = DocumentsSettings("", "").max_upload_bytes
_PORTS = " or ".join(str(port) for port in sorted(DEFAULT_PORTS))
_NAME = stored("What the document is called, at its owner's.", least=1, most=requests.MAX_NAME_CHARS)
_TYPES = "|".join(each.replace("+", "\\+").replace(".", "\\.") for each in MEDIA_TYPES)
MEDIA_TYPE: Json = {
    "type": "string",
    "description": "What the document is called; its bytes decide. In either case, parameters are "
    "passed over. "
    f"One of {', '.join(MEDIA_TYPES)}.",
    "pattern": f"^\\s*(?i:{_TYPES})\\s*(;[^\\u0000]*)?$",
}


def webhook_url(description: str) -> Json:
    """An address that webhooks may go to."""
    return {
        "type": "string",
        "format": "uri",
        "description": f"{description} An https URL of a public host, at port {_PORTS} unless this "
        "deployment allows others, without user name, spaces and backslashes.",
        "pattern": "^[Hh][Tt][Tt][Pp][Ss]://",
        "maxLength": MAX_URL_CHARS,
    }


_SHARED: Json = {
    "document": ref("DocumentSource"),
    "webhook_url": {
        "anyOf": [webhook_url("Where the job's final state is posted to, signed."), {"type": "null"}]
    },
    "webhook_body": one_of(["full", "thin"], "`thin` leaves result and error out of the webhook.")
    | {"default": "full"},
    "metadata": {
        "type": ["object", "null"],
        "description": "Your own, given back as it is with the job and its webhook: at most "
        f"{requests.MAX_METADATA_BYTES} bytes as JSON in UTF-8, white space left out.",
        "propertyNames": {"pattern": "^[^\\u0000]*$"},
        "additionalProperties": ref("StorableValue"),
    },
    "max_cost_usd": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "maximum": 1_000_000,
        "description": "No call to the model is begun that might cost more than this leaves, in US dollars.",
    },
    "priority": one_of(
        ["standard", "economy"],
        "`economy`: a smaller model, whose questions wait to be answered in batches at half the price: "
        "within hours mostly, within two days at most.",
    )
    | {"default": "standard"},
    "economy_fallback": one_of(
        ["standard", "fail"],
        "What becomes of an economy job whose batch is given up after a day: `standard` asks the same model "
        "at once, at its full price; `fail` ends the job with `batch_expired`.",
    )
    | {"default": "fail"},
}

_STORABLE_VALUE: Json = {
    "description": "Any JSON in which no string and no key holds a NUL character.",
    "anyOf": [
        {"type": ["null", "boolean", "integer", "number"]},
        {"type": "string", "pattern": "^[^\\u0000]*$"},
        {"type": "array", "items": ref("StorableValue")},
        {
            "type": "object",
            "propertyNames": {"pattern": "^[^\\u0000]*$"},
            "additionalProperties": ref("StorableValue"),
        },
    ],
}


def _source(description: str, **members: Json) -> Json:
    """A way to name the document; what belongs to the other ways is null or not there."""
    others = {name: {"type": "null"} for name in ("text", "base64", "media_type", "document_id")}
    properties = {**others, **members, "name": {"anyOf": [_NAME, {"type": "null"}]}}
    return asked(description, properties, required=tuple(members))


_DOCUMENT: Json = {
    "description": "Exactly one of `text`, `base64` with `media_type`, and `document_id`.",
    "oneOf": [
        _source("A plain text.", text=stored("The whole document.")),
        _source(
            "The bytes of a file, where they and all else fit the request.",
            base64={
                "type": "string",
                "contentEncoding": "base64",
                "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$",
                "description": "The file in base64 (RFC 4648, section 4).",
            },
            media_type=MEDIA_TYPE,
        ),
        _source(
            "A document that was announced with POST /documents; its bytes may still be on their way.",
            document_id={"type": "string", "format": "uuid"},
        ),
    ],
}

_FIELD_NAME = stored(
    "What the field is called; it comes back exactly as it was given.", least=1, most=fields.MAX_NAME_CHARS
)
_FIELD = asked(
    "A field with its type.",
    {
        "name": _FIELD_NAME,
        "type": one_of(list(get_args(fields.FieldType)), "What its value is to be.") | {"default": "string"},
        "description": {
            "type": ["string", "null"],
            "description": "What is meant, for the model.",
            "maxLength": fields.MAX_DESCRIPTION_CHARS,
            "pattern": "^[^\\u0000]*$",
        },
    },
    required=("name",),
)

_FIELD_SCHEMA: Json = {
    "type": "object",
    "description": f"A JSON Schema (2020-12) of an object with 1 to {fields.MAX_FIELDS} properties, which "
    f"are the fields: {fields.MAX_SCHEMA_BYTES} bytes as JSON and {fields.MAX_SCHEMA_DEPTH} levels at most, "
    f"with references into itself alone (`#/…`), at most {fields.MAX_EXPANSIONS} where each is followed.",
    "properties": {
        "type": {"const": "object"},
        "properties": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": fields.MAX_FIELDS,
            "propertyNames": _FIELD_NAME,
            "additionalProperties": {
                "type": ["object", "boolean"],
                "propertyNames": {"pattern": "^[^\\u0000]*$"},
                "additionalProperties": ref("StorableValue"),
            },
        },
    },
    "required": ["type", "properties"],
    "propertyNames": {"pattern": "^[^\\u0000]*$"},
    "additionalProperties": ref("StorableValue"),
}

_CRITERION = asked(
    "A criterion with your own id for it.",
    {
        "id": {
            "anyOf": [
                stored("Your own, each once.", least=1, most=evaluate.MAX_ID_CHARS),
                {"type": "null", "description": "c1, c2, … by its place."},
            ]
        },
        "criterion": stored("What the document is to meet.", least=1, most=evaluate.MAX_CRITERION_CHARS),
    },
    required=("criterion",),
)


def _job(description: str, own: Json, *, required: tuple[str, ...] = ()) -> Json:
    return asked(description, {**_SHARED, **own}, required=("document", *required))


_FIELDS = array(
    {"anyOf": [_FIELD_NAME, ref("Field")]},
    "The fields, by name or with a type; each name once.",
    minItems=1,
    maxItems=fields.MAX_FIELDS,
    uniqueItems=True,
)

SCHEMAS: Json = {
    "StorableValue": _STORABLE_VALUE,
    "DocumentSource": _DOCUMENT,
    "Field": _FIELD,
    "FieldSchema": _FIELD_SCHEMA,
    "Criterion": _CRITERION,
    "SummariseRequest": _job(
        "An overview and key points.",
        {
            "focus": {
                "type": ["string", "null"],
                "maxLength": summarise.MAX_FOCUS_CHARS,
                "pattern": "^[^\\u0000]*$",
                "description": "What the reader cares about, in their own words.",
            }
        },
    ),
    "ExtractRequest": {
        "description": "Exactly one of `fields` and `schema`.",
        "oneOf": [
            _job("By a list.", {"fields": _FIELDS, "schema": {"type": "null"}}, required=("fields",)),
            _job(
                "By a JSON Schema.",
                {"schema": ref("FieldSchema"), "fields": {"type": "null"}},
                required=("schema",),
            ),
        ],
    },
    "EvaluateRequest": _job(
        "Each criterion passes or fails.",
        {
            "criteria": array(
                {
                    "anyOf": [
                        stored("A criterion.", least=1, most=evaluate.MAX_CRITERION_CHARS),
                        ref("Criterion"),
                    ]
                },
                "The criteria; each id once.",
                minItems=1,
                maxItems=evaluate.MAX_CRITERIA,
            )
        },
        required=("criteria",),
    ),
    "UploadRequest": asked(
        "What is said of bytes before they are uploaded.",
        {
            "name": {"anyOf": [_NAME, {"type": "null"}]},
            "media_type": MEDIA_TYPE,
            "bytes": {
                "type": "integer",
                "minimum": 1,
                "maximum": MAX_UPLOAD_BYTES,
                "description": "How many.",
            },
            "sha256": {
                "type": "string",
                "pattern": "^[0-9a-fA-F]{64}$",
                "description": "Their SHA-256: these bytes are taken and no others.",
            },
        },
        required=("media_type", "bytes", "sha256"),
    ),
    "TestRequest": asked(
        "An address to try.", {"url": webhook_url("Where a signed sample goes.")}, required=("url",)
    ),
    "AddressRequest": asked(
        "An address as GET /webhook-addresses lists it.",
        {"url": stored("The address.", blank=True)},
        required=("url",),
    ),
}
