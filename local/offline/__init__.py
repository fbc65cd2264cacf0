"""The offline model: a labelled, deterministic stand-in that speaks the Messages API over HTTP.

It is no language model. It ranks and matches the sentences of the document it was sent, word by
word, and calls itself `offline` in every answer. `python -m local.offline --port PORT` starts it.
"""
