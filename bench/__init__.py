"""Benchmarks: what Claimcheck costs against the least that the same servers could cost."""
