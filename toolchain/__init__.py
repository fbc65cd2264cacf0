"""What `run.py` does before there is an environment: standard library only, and Python 3.8 may run it."""
