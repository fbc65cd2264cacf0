"""Handlers as one writes them without a thought for their start: what cold starts are compared with."""
