"""Where this machine's Chromium is: the browser that tests drive and that prints the sample documents."""

from __future__ import annotations

import os
import shutil

# Debian's, then Ubuntu's and Google's names. Playwright's own download comes from no package index.
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE = "CLAIMCHECK_CHROMIUM"


def chromium() -> str | None:
    """The path of a Chromium, None where there is none; CLAIMCHECK_CHROMIUM names another one."""
    named = os.environ.get(VARIABLE)
    if named:
        return shutil.which(named)
    return next((found for found in map(shutil.which, _PROGRAMS) if found), None)
