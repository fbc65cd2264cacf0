"""Pictures of the console for docs/screenshots: `python -m tests.browser.screenshots`.

It runs the tests that look at every view, twice as sharp, and keeps a few of their pictures, compressed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "screenshots"
KEPT = (
    "result-pdf-light",
    "result-pdf-dark",
    "result-pdf-phone",
    "result-scan-light",
    "result-criteria-light",
    "new-job-light",
    "jobs-dark",
    "trail-light",
    "usage-light",
    "usage-dark",
)
_COLOURS = 256
_MOST_BYTES = 1_500_000  # of all together


def main() -> int:
    """Take them all, keep some; the exit code of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "CLAIMCHECK_SCREENSHOTS": folder, "CLAIMCHECK_SCREENSHOT_SCALE": "1.5"}
        views = str(Path(__file__).with_name("test_views.py"))
        code = subprocess.call([sys.executable, "-m", "pytest", "-q", views], cwd=ROOT, env=environment)
        if code:
            return code
        TARGET.mkdir(parents=True, exist_ok=True)
        sizes = [_kept(Path(folder) / f"{name}.png") for name in KEPT]
    print(f"{len(sizes)} pictures, {sum(sizes):,} bytes")
    return 0 if sum(sizes) <= _MOST_BYTES else 1


def _kept(picture: Path) -> int:
    """Write a picture with a palette into docs/screenshots; its size in bytes."""
    from PIL import Image

    target = TARGET / picture.name
    with Image.open(picture) as taken:
        taken.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    return target.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
