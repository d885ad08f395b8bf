"""A platform with a mirror, and the houses of other rooms."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [
    str(HERE.parents[1] / "assembly" / "support"),
    str(HERE.parents[1] / "gateway" / "support"),
    str(HERE.parent / "http" / "support"),
]
