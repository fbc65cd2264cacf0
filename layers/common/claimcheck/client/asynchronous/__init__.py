"""The client for programs on asyncio (or trio: all waiting goes through anyio).

What is here is written once: `python -m toolchain.sync_client` makes `claimcheck.client.synchronous` of it.
"""
