"""Functions on one machine: the Lambda Runtime API, execution environments as processes, pools of them."""
