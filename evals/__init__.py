"""Measures the product against labelled documents, over its API; docs/evals.md explains each figure."""
