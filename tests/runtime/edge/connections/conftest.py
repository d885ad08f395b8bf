"""Tests of bounds on connections, on raw bytes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
