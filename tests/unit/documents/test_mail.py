"""EML: header, body and the list of attachments."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from claimcheck.documents.css import NOT_DISPLAYED

from tests.unit.documents.reading import details, hidden, read


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
