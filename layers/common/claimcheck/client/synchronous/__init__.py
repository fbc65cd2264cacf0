# Made by toolchain/sync_client.py of asynchronous/__init__.py. Do not edit.
"""The client for programs without an event loop.

What is here is made of `claimcheck.client.asynchronous` by `python -m toolchain.sync_client`.
"""
