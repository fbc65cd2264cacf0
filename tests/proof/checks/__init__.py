"""The checks of `run.py proof`: each module here that has a `CHECK` is one."""
