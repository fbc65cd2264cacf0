"""console: the pages as a browser gets them, from the function's own package and from the bucket."""

from __future__ import annotations

import importlib.util
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.recorded import api_call
from tests.integration.functions.stage import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.functions.stage import Stage

HTML = "<!doctype html><script type='module' src='docs/assets/index-1a2b.js'></script>"


@pytest.fixture
def packed(stage: Stage, tmp_path: Path) -> Stage:
    """The function with a page of two in its package, as a build leaves it."""
    shutil.copy(ROOT / "functions" / "console" / "app.py", tmp_path)
    assets = tmp_path / "site" / "docs" / "assets"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_text(HTML, encoding="utf-8")
    (assets / "index-1a2b.js").write_text("'é'", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("console_app", tmp_path / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stage.install("console", module)
    return stage


def get(stage: Stage, path: str, *, headers: dict[str, str] | None = None, file: str | None = None) -> Any:
    """A browser's call: no key."""
    event = api_call("GET", path)
    event["requestContext"].pop("authorizer", None)
    event["headers"] = headers or {}
    resource = path if file is None else f"/{path.split('/')[1]}/{{file+}}"
    event["resource"] = event["requestContext"]["resourcePath"] = resource
    event["pathParameters"] = None if file is None else {"file": file}
    return stage.call("console", event)


def header(answer: Any, name: str) -> str:
    """A header of an answer."""
    (value,) = answer["multiValueHeaders"][name]
    return str(value)


def test_a_page_is_asked_for_each_time(packed: Stage) -> None:
    """HTML with an ETag, by which the second call is a 304 with the same headers; nobody keeps it unasked."""
    first = get(packed, "/docs")
    assert (first["statusCode"], first["body"]) == (200, HTML)
    assert header(first, "Content-Type") == "text/html; charset=utf-8"
    assert header(first, "Cache-Control") == "no-cache"
    again = get(packed, "/docs", headers={"If-None-Match": header(first, "ETag")})
    assert (again["statusCode"], again["body"]) == (304, "")
    policy = "Content-Security-Policy"
    assert header(again, policy) == header(first, policy)
    assert get(packed, "/docs", headers={"If-None-Match": '"other"'})["statusCode"] == 200


def test_a_file_is_kept_for_good(packed: Stage) -> None:
    """Its name has its content's hash."""
    answer = get(packed, "/docs/assets/index-1a2b.js", file="assets/index-1a2b.js")
    assert (answer["statusCode"], answer["body"]) == (200, "'é'")
    assert header(answer, "Cache-Control") == "public, max-age=31536000, immutable"
    assert header(answer, "Content-Type") == "text/javascript; charset=utf-8"


def test_the_pages_may_reach_the_documents(packed: Stage) -> None:
    """The policy names the bucket as links into it begin; what a worker may do, its own file says."""
    answers = [get(packed, "/docs"), get(packed, "/docs/a", file="assets/index-1a2b.js")]
    for answer in answers:
        policy = header(answer, "Content-Security-Policy")
        assert f"/{packed.bucket}/; worker-src" in policy
        assert "unsafe" not in policy
        assert header(answer, "X-Content-Type-Options") == "nosniff"
        assert header(answer, "Referrer-Policy") == "no-referrer"


@pytest.mark.parametrize(("protocol", "strict"), [("https", True), ("http", False)])
def test_https_stays_https(packed: Stage, protocol: str, strict: bool) -> None:
    """Where the page came by it; on one machine there is none."""
    answer = get(packed, "/docs", headers={"X-Forwarded-Proto": protocol})
    assert ("Strict-Transport-Security" in answer["multiValueHeaders"]) is strict


def test_another_versions_file_comes_from_the_bucket(packed: Stage) -> None:
    """While a deployment shifts calls, and as long as a page stays open."""
    packed.s3.put_object(Bucket=packed.site_bucket, Key="docs/assets/index-0old.js", Body=b"old()")
    answer = get(packed, "/docs/assets/index-0old.js", file="assets/index-0old.js")
    assert (answer["statusCode"], answer["body"]) == (200, "old()")


@pytest.mark.parametrize("file", ["assets/none-1a2b.js", "../app.py", "index.html", "assets/../../../app.py"])
def test_there_is_nothing_else(packed: Stage, file: str) -> None:
    """404, as for any route that is none."""
    answer = get(packed, "/docs/x", file=file)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "route_not_found")


def test_a_page_that_was_not_built_says_what_to_do(packed: Stage) -> None:
    """503, not 404: the route is there."""
    answer = get(packed, "/console")
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["code"]) == (503, "console_not_built")
    assert "npm" in problem["detail"]


def test_a_slash_at_the_end_leads_to_the_page(packed: Stage) -> None:
    """From there relative addresses would be wrong; below a stage as well."""
    event = api_call("GET", "/docs/")
    event["resource"], event["path"], event["pathParameters"] = "/docs", "/docs/", None
    event["requestContext"]["path"] = "/v1/docs/"
    answer = packed.call("console", event)
    assert (answer["statusCode"], header(answer, "Location")) == (308, "/v1/docs")
