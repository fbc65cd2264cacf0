"""EML: header, body and the list of attachments."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from claimcheck.documents.css import NOT_DISPLAYED

from tests.unit.documents.reading import details, hidden, read, unread


def message(**fields: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in {
        "From": "Ada <a@x.example>",
        "To": "b@x.example",
        "Subject": "Offer",
        **fields,
    }.items():
        made[name.replace("_", "-")] = value
    return made


def test_header_body_and_attachments() -> None:
    """The fields that people read come first, then the body, then each attachment by name, type and size."""
    made = message(Date="Sat, 01 May 2027 10:00:00 +0000")
    made.set_content("The fee is EUR 400.\n")
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Angebot Mai.pdf")
    assert read(made.as_bytes()).text.split("\n") == [
        "From: Ada <a@x.example>",
        "To: b@x.example",
        "Date: Sat, 01 May 2027 10:00:00 +0000",
        "Subject: Offer",
        "The fee is EUR 400.",
        "[attachment, not read: Angebot Mai.pdf, application/pdf, 8 bytes]",
    ]


def test_plain_text_comes_before_html() -> None:
    """Of two versions of a body the plain one is read, and the other is no attachment."""
    made = message()
    made.set_content("Plain.")
    made.add_alternative("<p>Formatted.</p>", subtype="html")
    assert read(made.as_bytes()).text.endswith("Subject: Offer\nPlain.")


def test_an_html_body_is_read_as_html() -> None:
    """A body of HTML alone is read as a page is, hidden text included."""
    made = message()
    made.set_content("<table><tr><td>Fee<td>5</table><p style='display:none'>secret", subtype="html")
    document = read(made.as_bytes())
    assert document.text.endswith("Fee | 5\nsecret")
    assert (hidden(document), details(document)) == (["secret"], {NOT_DISPLAYED})


def test_words_are_decoded() -> None:
    """Encoded words in the header and an old charset in the body read as what they say."""
    content = (
        b"From: a@x.example\nSubject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\nMIME-Version: 1.0\n"
        b"Content-Type: text/plain; charset=iso-8859-2\nContent-Transfer-Encoding: 8bit\n\n"
    ) + "Łódź".encode("iso-8859-2")
    assert read(content).text == "From: a@x.example\nSubject: Größe\nŁódź"


@pytest.mark.parametrize(
    "content",
    [
        b"From: =?utf-8?q?=C3?= <\nTo: \xff\xfe, <<>>\nSubject: x\nMIME-Version: 1.0\n\nBody",
        b"From: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\nBody",
        b"From: a\nMIME-Version: 1.0\nContent-Type: text/plain; charset=nonsense\n\nBody",
        b"From: a\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\nQm9keQ",
        b"From: a\nMessage-ID: <x\nDate: yesterday\nContent-Type: ;;;\n\nBody",
    ],
)
def test_malformed_messages_are_read(content: bytes) -> None:
    """What mail programs forgive is forgiven."""
    assert "Body" in read(content, "message/rfc822").text


def test_a_letter_is_no_mail() -> None:
    """Text that is called text and begins like a letter stays as it is; technical fields make it mail."""
    letter = b"From: Ada\nTo: Bob\nSubject: Lease\n\nDear Bob"
    assert read(letter, "text/plain").text == letter.decode()
    assert read(b"Message-ID: <1@x>\nX-Y: 1\n" + letter, "text/plain").text.startswith(
        "From: Ada\nTo: Bob\nSubject"
    )


def test_an_attachment_is_a_gap() -> None:
    """What an attachment says is not read, and the line that names it is where it is missing."""
    made = message()
    made.set_content("The contract is attached.\n")
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="contract.pdf")
    document = read(made.as_bytes())
    assert unread(document) == [(None, "[attachment, not read: contract.pdf, application/pdf, 8 bytes]")]


@pytest.mark.parametrize(
    ("size", "shown_as", "gap"),
    [
        pytest.param(9_999, "cid:logo@x", False, id="a logo in the body"),
        pytest.param(10_000, "cid:logo@x", True, id="a picture as large as a scan"),
        pytest.param(9_999, "https://x.example/logo.png", True, id="a picture that the body does not show"),
    ],
)
def test_a_small_picture_in_the_body_is_decoration(size: int, shown_as: str, gap: bool) -> None:
    """Only a small picture that the body shows by its Content-ID is no gap; it is listed nevertheless."""
    made = message()
    made.set_content("Hello")
    made.add_alternative(f'<p>Hello <img src="{shown_as}">', subtype="html")
    made.add_attachment(b"x" * size, maintype="image", subtype="png", cid="<logo@x>")
    document = read(made.as_bytes())
    assert "[attachment, not read: without a name, image/png" in document.text
    assert bool(document.unread) is gap


def test_a_signature_is_no_gap() -> None:
    """A signature over the message says nothing that a reader would miss."""
    made = message()
    made.set_content("Hello")
    made.add_attachment(b"x", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    assert read(made.as_bytes()).unread == ()


def test_more_attachments_than_are_listed_are_a_hundred_gaps() -> None:
    """The last one that is listed says how many there are beyond."""
    made = message()
    made.set_content("Hello")
    for _ in range(130):
        made.add_attachment(b"x", maintype="application", subtype="pdf")
    found = read(made.as_bytes()).unread
    assert len(found) == 100
    assert found[-1].reason.endswith("; 30 more places are not listed")
