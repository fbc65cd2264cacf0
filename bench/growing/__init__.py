"""A database as it is after months of service, of any size, and what is asked of it."""
