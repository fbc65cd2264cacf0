"""What IAM does, on one machine: each function's calls to AWS are judged by the policies of its role."""
