"""Tests of how a process is put together, with made-up plugins and no HTTP."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
