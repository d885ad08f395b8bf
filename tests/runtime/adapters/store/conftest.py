"""The fixture service and harness of the stores' abstract suite."""

import sys
from pathlib import Path

SUPPORT = Path(__file__).parents[3] / "contract" / "store" / "support"
sys.path.insert(0, str(SUPPORT))
