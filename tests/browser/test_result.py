"""A job's answer beside its document: each value leads to the place that it stands on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.seeds import EXAMPLES

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from client.api import Api
    from tests.browser.pages import Visitor, Visitors
    from tests.browser.seeds import Seeds

CONTRACT, SCAN = "services-contract.pdf", "insurance-claim-scan.pdf"


def test_a_value_jumps_to_its_quote_in_the_text(user: Visitor, seeds: Seeds) -> None:
    """A press on a value marks its quote in the text and brings it into sight."""
    user.visit(f"jobs/{seeds.text}")
    _value(user, "governing_law").click()
    mark = user.page.locator("mark:focus")
    expect(mark).to_have_text("12.5 This Agreement is governed by the laws of the Netherlands.")
    expect(mark).to_be_in_viewport()


def test_a_quote_of_the_text_leads_back_to_its_value(user: Visitor, seeds: Seeds) -> None:
    """A press on what is marked in the document goes to the value that stands on it."""
    user.visit(f"jobs/{seeds.text}")
    user.page.get_by_label("Text of the document").get_by_text("Agreement number: MSA-2026-0417").click()
    expect(_claim(user, "agreement_number").get_by_role("button", name="Agreement number")).to_be_focused()


def test_a_value_jumps_to_its_quote_on_the_page(user: Visitor, seeds: Seeds) -> None:
    """Of a PDF its page is shown, with the quote's own words marked on it."""
    user.visit(f"jobs/{seeds.pdf}")
    _value(user, "governing_law").click()
    _expect_marked(user, CONTRACT, 3, "This Agreement is governed by the laws of the Netherlands")


def test_a_large_pdf_comes_from_the_bucket(user: Visitor, seeds: Seeds, direct: Api) -> None:
    """Bytes that are not in the database are fetched by a link of their own, and shown all the same."""
    user.meet_storage_at(direct.json("GET", f"/jobs/{seeds.heavy}/document")["original"]["url"])
    with user.page.expect_response(lambda response: response.url.startswith(user.storage)) as fetched:
        user.visit(f"jobs/{seeds.heavy}")
    assert fetched.value.ok
    assert "authorization" not in fetched.value.request.headers
    _value(user, "governing_law").click()
    _expect_marked(user, CONTRACT, 3, "This Agreement is governed by the laws of the Netherlands")


def test_a_quote_over_two_lines_is_marked_whole(user: Visitor, seeds: Seeds) -> None:
    """A quote that the page breaks into lines is marked on each of them."""
    user.visit(f"jobs/{seeds.playbook}")
    quote = user.page.locator('[data-criterion="breach-24h"]').get_by_role("button", name="8.3 The Provider")
    quote.click()
    _expect_marked(user, CONTRACT, 3, "without undue delay and in any case")
    _expect_marked(user, CONTRACT, 3, "hours after becoming aware of it")


def test_a_value_jumps_to_its_quote_on_a_scan(user: Visitor, seeds: Seeds) -> None:
    """Of a scan the picture is shown, with a mark over the words that lie behind it."""
    user.visit(f"jobs/{seeds.scan}")
    _value(user, "settlement_recommended").click()
    _expect_marked(user, SCAN, 2, "The adjuster recommends a settlement of £35,595")


def test_what_was_read_off_a_picture_is_said_to_be_so(user: Visitor, seeds: Seeds) -> None:
    """There is no place to jump to but the page; the evidence says that nothing could look it up."""
    user.visit(f"jobs/{seeds.picture}")
    _value(user, "report_number").click()
    expect(user.page.get_by_text("Read off the image of page 1")).to_be_visible()
    expect(user.page.locator("canvas").first).to_be_in_viewport()
    expect(user.page.get_by_text("2 from image")).to_be_visible()


def test_a_quote_that_was_not_found_is_no_evidence(user: Visitor, seeds: Seeds) -> None:
    """It is told apart by word and sign, and pressing it says what that means."""
    user.visit(f"jobs/{seeds.unproven}")
    expect(user.page.get_by_text("1 normalised")).to_be_visible()
    expect(user.page.get_by_text("1 not found")).to_be_visible()
    user.page.get_by_role("button", name="Edwin Fennimore gives a second").click()
    expect(user.page.get_by_text("This quote does not stand in the document.")).to_be_visible()


def test_a_normalised_quote_is_marked_as_the_document_writes_it(user: Visitor, seeds: Seeds) -> None:
    """What is marked are the document's own characters."""
    user.visit(f"jobs/{seeds.unproven}")
    user.page.get_by_role("button", name="NUMBER OF EMPLOYEES: 34").click()
    expect(user.page.locator("mark:focus")).to_have_text("Number of employees: 34")


def test_a_partial_answer_lists_its_gaps(user: Visitor, seeds: Seeds) -> None:
    """What was not read is said with its reason and for which field."""
    user.visit(f"jobs/{seeds.partial}")
    expect(user.page.get_by_text("A partial answer")).to_be_visible()
    coverage = user.page.get_by_role("region", name="Coverage")
    expect(coverage.get_by_text("longer than the model may write").first).to_be_visible()
    expect(coverage.get_by_text("for warranty").first).to_be_visible()


def test_a_failed_job_says_why_and_can_be_run_again(user: Visitor, seeds: Seeds) -> None:
    """The reason is told in words; running it again asks first, and its trail tells of it."""
    user.visit(f"jobs/{seeds.failed}")
    expect(user.page.get_by_text("The PDF is damaged and cannot be opened.")).to_be_visible()
    user.page.get_by_role("button", name="Run again").click()
    user.page.get_by_role("button", name="Run it again").click()
    user.page.get_by_role("link", name="Trail").click()
    expect(user.page.get_by_text("Put back by its owner").first).to_be_visible()


def test_a_summary_has_its_points_with_quotes(user: Visitor, seeds: Seeds) -> None:
    """Overview, focus and points are there, and a point's quote leads to its place."""
    user.visit(f"jobs/{seeds.summary}")
    points = user.page.get_by_role("region", name="Key points")
    quote = points.get_by_role("button", name="The company enters 2026 with an order backlog")
    quote.click()
    expect(user.page.locator("mark:focus")).to_contain_text("order backlog of CHF 198 million")


def test_text_that_is_markup_is_shown_as_text(user: Visitor, seeds: Seeds) -> None:
    """What a document says never becomes part of the page."""
    image, script = '<img src=x onerror="document.title=1">', "<script>document.title=2</script>"
    hostile = f"{image}{script}"

    def answered(route: object) -> None:
        response = route.fetch()  # type: ignore[attr-defined]
        body = response.text().replace("Ms Ingrid Solheim-Becker", hostile.replace('"', '\\"'))
        route.fulfill(response=response, body=body)  # type: ignore[attr-defined]

    user.page.route(re.compile(rf"/jobs/{seeds.text}(/document)?$"), answered)
    user.visit(f"jobs/{seeds.text}")
    expect(_claim(user, "service_manager")).to_contain_text(image)
    expect(user.page.get_by_label("Text of the document")).to_contain_text(script)
    assert "Claimcheck" in user.page.title()


def test_the_keyboard_goes_through_the_quotes(user: Visitor, seeds: Seeds) -> None:
    """j and k go to the next and the previous quote in the document, Escape back to where it is quoted."""
    user.visit(f"jobs/{seeds.text}")
    quotes = user.page.get_by_role("list", name="Quotes").get_by_role("button")
    expect(quotes).to_have_count(10)
    expect(user.page.get_by_label("Text of the document").locator("mark")).not_to_have_count(0)
    first, second = ((each.text_content() or "")[:25] for each in (quotes.nth(0), quotes.nth(1)))
    for key, words in (("j", first), ("j", second), ("k", first)):
        user.page.keyboard.press(key)
        expect(user.page.locator("mark:focus")).to_contain_text(words)
    user.page.keyboard.press("Escape")
    expect(quotes.nth(0)).to_be_focused()


def test_an_answer_is_taken_away_as_json_and_csv(user: Visitor, seeds: Seeds) -> None:
    """The files hold every field."""
    user.visit(f"jobs/{seeds.text}")
    for kind in ("JSON", "CSV"):
        with user.page.expect_download() as download:
            user.page.get_by_role("button", name=kind, exact=True).click()
        content = download.value.path().read_text(encoding="utf-8")
        assert "source_code_escrow_agent" in content
        assert "MSA-2026-0417" in content


def test_on_a_phone_a_value_brings_up_the_document(visitors: Visitors, seeds: Seeds) -> None:
    """Where both have no room side by side, the jump changes to the document, and one can go back."""
    user = visitors.open(look="phone", signed_in=True)
    user.visit(f"jobs/{seeds.text}")
    _value(user, "governing_law").click()
    expect(user.page.locator("mark:focus")).to_be_in_viewport()
    user.page.get_by_role("button", name="Result", exact=True).click()
    expect(_value(user, "governing_law")).to_be_visible()


def _claim(user: Visitor, field: str) -> Locator:
    return user.page.locator(f'[data-field="{field}"]')


def _value(user: Visitor, field: str) -> Locator:
    return _claim(user, field).get_by_title("Show it in the document")


def _expect_marked(user: Visitor, document: str, page: int, words: str) -> None:
    """The mark that has the focus is in sight, and lies over the words where another program finds them."""
    region = user.page.get_by_role("region", name=f"Page {page}", exact=True)
    boxes = region.get_by_role("note").and_(user.page.locator(":focus")).locator("span")
    expect(boxes.first).to_be_in_viewport()
    marked = boxes.evaluate_all(_PARTS_OF_THE_PAGE)
    for across, down in _middles(document, page, words):
        assert any(
            left <= across <= left + width and top <= down <= top + height
            for left, top, width, height in marked
        ), f"{words!r} stands at {across:.3f}, {down:.3f}; marked: {marked}"


_PARTS_OF_THE_PAGE = """
(boxes) => boxes.map((box) => {
  const page = box.closest("[data-page]").getBoundingClientRect();
  const { left, top, width, height } = box.getBoundingClientRect();
  const from = [(left - page.left) / page.width, (top - page.top) / page.height];
  return [...from, width / page.width, height / page.height];
})
"""


def _middles(document: str, page: int, words: str) -> list[tuple[float, float]]:
    """The middle of each run of the words by pdfium, in parts of the page's width and height, from above."""
    import pypdfium2

    sheet = pypdfium2.PdfDocument(EXAMPLES / document)[page - 1]
    width, height = sheet.get_size()
    text = sheet.get_textpage()
    place = text.search(words).get_next()
    assert place is not None, f"{words!r} is not on page {page} of {document}"
    rects = [text.get_rect(at) for at in range(text.count_rects(*place))]
    return [
        ((left + right) / 2 / width, 1 - (bottom + top) / 2 / height) for left, bottom, right, top in rects
    ]
