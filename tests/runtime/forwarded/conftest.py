"""A platform with a mirror, and the houses of other rooms."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [
    str(HERE.parent / "assembly" / "support"),
    str(HERE.parent / "front" / "support"),
    str(HERE.parent / "gateway" / "support"),
]
