"""Tests of work that is done in processes apart, with real processes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
