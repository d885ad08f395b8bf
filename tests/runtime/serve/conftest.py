"""Tests of `colonnade run` as a process, with real signals."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
