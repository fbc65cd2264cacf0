"""The document behind `GET /openapi.json`, made of the limits, names and codes that the code itself uses.

`python -m openapi` writes it to functions/openapi/openapi.json; tests hold it to the template, to the
codes of `claimcheck.problems` and to what the running system answers.
"""
