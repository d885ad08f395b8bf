"""A parcel service that only tests know."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
sys.path.insert(0, str(Path(__file__).parents[3] / "fixtures" / "acme_quiz"))
