"""The same service built on what is usual for it: what Claimcheck's throughput is compared with.

Each is written as its documentation shows it, and for speed: one connection pool and one model client in a
process. None checks a key or a quote, keeps a trail, counts what a call cost or sends a webhook.
"""
