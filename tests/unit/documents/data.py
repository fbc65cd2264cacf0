"""Where the real documents are: `shared/data` beside the repository, or beside a folder that holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

_FOLDERS = [folder / "shared" / "data" for folder in Path(__file__).resolve().parents[4:]]
DATA = next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])

reads_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
