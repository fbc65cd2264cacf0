"""The operator's side of the command line: tenants, their keys and limits, by Lambda's Invoke API alone."""
