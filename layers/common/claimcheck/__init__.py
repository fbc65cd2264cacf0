"""Claimcheck: asynchronous AI work on documents, every answer checked against its document."""
