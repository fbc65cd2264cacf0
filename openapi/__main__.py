"""`python -m openapi`: write the document that the function serves."""

from __future__ import annotations

from openapi.document import FILE, ROOT, written


def main() -> None:
    """Write the file."""
    FILE.write_text(written(), encoding="utf-8")
    print(f"wrote {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
