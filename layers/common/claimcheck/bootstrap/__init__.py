"""The composition root: each function's use case, from its settings and the real adapters.

A function's builder has its name. Nothing is built before a handler asks for it; what is built lives as long
as its environment.
"""
