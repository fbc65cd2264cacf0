"""From a document and a question to a ticket, by each way that the form offers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import FilePayload, expect

from tests.browser.seeds import EXAMPLES, heavy

if TYPE_CHECKING:
    from client.api import Api
    from tests.browser.pages import Visitor
    from tests.browser.seeds import Model

_JOB = re.compile(r"#/jobs/([0-9a-f-]{36})")
TEXT = "This Agreement is effective as of 1 May 2027. The monthly fee is EUR 400. Irish law governs it."


def test_a_dropped_pdf_with_fields_as_rows_is_handed_in(user: Visitor, direct: Api) -> None:
    """Drop a PDF, name two fields, see the estimate, submit: the job asks for just these."""
    _drop(user, "services-contract.pdf")
    expect(user.page.get_by_text("services-contract.pdf", exact=True)).to_be_visible()
    _choose(user, "Extract")
    user.page.get_by_label("Field 1: name").fill("governing law")
    user.page.get_by_label("Field 1: name").press("Enter")
    user.page.get_by_label("Field 2: name").fill("monthly base fee")
    user.page.get_by_label("Field 2: type").select_option("money")
    _expect_estimate(user)
    job = direct.wait(_submitted(user))
    assert job["task"] == "extract"
    assert set((job["result"] or {})["fields"]) == {"governing law", "monthly base fee"}


def test_a_large_file_goes_straight_to_the_bucket(user: Visitor, direct: Api) -> None:
    """What does not fit a request is put into the bucket by the browser, and the job is about it."""
    kind = "application/pdf"
    other = hashlib.sha256(b"another one").hexdigest()
    announced = {"name": "other.pdf", "media_type": kind, "bytes": 11, "sha256": other}
    user.meet_storage_at(direct.json("POST", "/documents", json=announced)["upload"]["url"])
    large = FilePayload(name="large.pdf", mimeType=kind, buffer=heavy(3_200_000))
    user.page.get_by_label("Document file").set_input_files(large)
    _choose(user, "Extract")
    user.page.get_by_label("Field 1: name").fill("governing law")
    with user.page.expect_response(lambda response: response.request.method == "PUT") as put:
        job_id = _submitted(user)
    assert put.value.ok
    assert "authorization" not in put.value.request.headers
    job = direct.wait(job_id)
    assert (job["result"] or {})["fields"] == {"governing law": "Netherlands"}


def test_a_pasted_text_with_criteria_is_handed_in(user: Visitor, direct: Api) -> None:
    """Paste, evaluate two criteria with ids of one's own: both come back under them."""
    _paste(user)
    _choose(user, "Evaluate")
    user.page.get_by_label("Criterion 1", exact=True).fill("The monthly fee is stated")
    user.page.get_by_label("Criterion 1: your id").fill("fee")
    user.page.get_by_role("button", name="Add a criterion").click()
    user.page.get_by_label("Criterion 2", exact=True).fill("Liability is capped")
    user.page.get_by_label("Criterion 2: your id").fill("cap")
    _expect_estimate(user)
    job = direct.wait(_submitted(user))
    assert [each["id"] for each in (job["result"] or {})["criteria"]] == ["fee", "cap"]


def test_a_summary_with_a_focus_is_handed_in(user: Visitor, direct: Api) -> None:
    """The focus that was written is the result's."""
    _paste(user)
    _choose(user, "Summarise")
    user.page.get_by_label("Focus").fill("money")
    _expect_estimate(user)
    job = direct.wait(_submitted(user))
    assert (job["result"] or {})["focus"] == "money"


def test_a_json_schema_is_handed_in(user: Visitor, direct: Api) -> None:
    """A schema's properties are the fields; one that is no JSON is told while it is typed."""
    _paste(user)
    _choose(user, "Extract")
    user.page.get_by_text("JSON Schema", exact=True).click()
    field = user.page.get_by_label(re.compile("JSON Schema .*object"))
    field.fill('{"type": "object"')
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill(json.dumps({"type": "object", "properties": {"fee": {"type": "number"}}}))
    expect(field).not_to_have_attribute("aria-invalid", "true")
    _expect_estimate(user)
    job = direct.wait(_submitted(user))
    assert list((job["result"] or {})["fields"]) == ["fee"]


def test_a_set_is_saved_and_used_again(user: Visitor) -> None:
    """Rows kept under a name fill the form after a reload."""
    _choose(user, "Evaluate")
    user.page.get_by_label("Criterion 1", exact=True).fill("The fee is stated")
    user.page.get_by_role("button", name="Saved sets").click()
    user.page.get_by_label("Save these rows as").fill("Our playbook")
    user.page.get_by_role("button", name="Save", exact=True).click()
    expect(user.page.get_by_role("button", name="Load Our playbook")).to_be_visible()
    user.page.reload()
    _choose(user, "Evaluate")
    user.page.get_by_label("Criterion 1", exact=True).fill("")
    user.page.get_by_role("button", name="Saved sets").click()
    user.page.get_by_role("button", name="Load Our playbook").click()
    expect(user.page.get_by_label("Criterion 1", exact=True)).to_have_value("The fee is stated")


def test_a_set_of_the_examples_is_imported(user: Visitor) -> None:
    """What a guide hands in by the command line fills the form as well."""
    _choose(user, "Extract")
    user.page.get_by_role("button", name="Saved sets").click()
    user.page.get_by_label("Import a set of fields").set_input_files(EXAMPLES / "loan-screening.fields.json")
    expect(user.page.get_by_label("Field 1: name")).to_have_value("applicant")
    expect(user.page.get_by_label("Field 3: type")).to_have_value("date")


def test_a_form_with_nothing_in_it_says_what_is_missing(user: Visitor) -> None:
    """Nothing is sent, each fault stands at its place, and the first one has the focus."""
    sent: list[str] = []
    user.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    _choose(user, "Extract")
    user.page.get_by_role("button", name="Submit job").click()
    expect(user.page.get_by_label("Field 1: name")).to_have_attribute("aria-invalid", "true")
    expect(user.page.locator("#announcer")).to_contain_text("need")
    assert [url for url in sent if "/jobs/" in url] == []


def test_a_refusal_of_the_api_stands_at_its_field(user: Visitor) -> None:
    """What only the API can know (an address it does not send to) is said at that control."""
    _paste(user)
    _choose(user, "Summarise")
    user.page.get_by_text("Options", exact=True).click()
    address = user.page.get_by_label("Webhook address")
    address.fill("https://10.0.0.1/hook")
    user.page.get_by_role("button", name="Submit job").click()
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_be_focused()


def test_progress_is_live(user: Visitor, model: Model) -> None:
    """The view of a job goes from waiting through running to its result, without a reload."""
    model.fault("tell me about patience", kind="delay", seconds=1.5)
    _paste(user)
    _choose(user, "Summarise")
    user.page.get_by_label("Focus").fill("tell me about patience")
    _submitted(user)
    expect(user.page.get_by_text("running", exact=True).first).to_be_visible()
    expect(user.page.get_by_text("completed", exact=True).first).to_be_visible()


def _choose(user: Visitor, task: str) -> None:
    user.page.get_by_role("group", name="Task", exact=True).get_by_text(task, exact=True).click()


def _paste(user: Visitor) -> None:
    user.page.get_by_text("Paste text", exact=True).click()
    user.page.get_by_label("Text of the document").fill(TEXT)


def _drop(user: Visitor, name: str) -> None:
    """Let a file fall on the place for documents, as a hand does."""
    content = base64.b64encode((EXAMPLES / name).read_bytes()).decode("ascii")
    dropped = user.page.evaluate_handle(_TRANSFER, [content, name])
    place = user.page.get_by_role("region", name="Document", exact=True)
    for kind in ("dragenter", "dragover", "drop"):
        place.dispatch_event(kind, {"dataTransfer": dropped})


_TRANSFER = """
([content, name]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.fromBase64(content)], name));
  return transfer;
}
"""


def _expect_estimate(user: Visitor) -> None:
    """Calls and cost stand there before anything was sent."""
    card = user.page.get_by_role("region", name="Estimate")
    expect(card.get_by_text("Tokens in")).to_be_visible()
    expect(card.get_by_text("$", exact=False).first).to_be_visible()


def _submitted(user: Visitor) -> str:
    """Send the form; the id of the job that the page then shows."""
    user.page.get_by_role("button", name="Submit job").click()
    user.page.wait_for_url(_JOB)
    found = _JOB.search(user.page.url)
    assert found is not None
    return found[1]
