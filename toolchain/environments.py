"""The environments of a checkout, each made by one file of pinned requirements."""

from __future__ import annotations

from toolchain.environment import ROOT, Environment

OURS = Environment(ROOT / ".venv", ROOT / "requirements" / "dev.txt", project=True)
# SAM's tools pin what the others want newer.
SAM = Environment(ROOT / ".venv-sam", ROOT / "requirements" / "sam.txt", project=False)
# Lambda's Python: its runtime client and nothing of ours, so that an artifact has to bring all it needs.
RUNTIME = Environment(ROOT / ".venv-runtime", ROOT / "requirements" / "runtime.txt", project=False)
# What `run.py proof` alone needs; it pins an old boto3, and is made when a check first asks for it.
PROOF = Environment(ROOT / ".venv-proof", ROOT / "requirements" / "proof.txt", project=False)
