"""The same service built on what is usual for it: what Claimcheck's throughput is compared with.

Each is written as its documentation shows it, and for speed: one connection pool and one model client in a
process, one statement and one commit for each step, statements prepared by psycopg. `PEER_WORK` says how much
they do: `equal` (equal.py) what a user has to write for the same promise, `bare` (bare.py) the least.
"""
