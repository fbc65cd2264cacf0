"""`python -m tests.proof`."""

import sys

from tests.proof.cli import main

sys.exit(main())
