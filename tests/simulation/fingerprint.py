"""Prints the fingerprints of seeds, in a process of its own: `fingerprint.py 3 4`."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.testing.simulation import SharedPolicy
from tests.simulation.academies import make_site
from tests.simulation.telling import tell

if __name__ == "__main__":
    policy = SharedPolicy(EmbeddedPolicy())
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder), policy)
        for seed in sys.argv[1:]:
            print(f"{tell(site, policy, int(seed)).fingerprint:08x}")
    policy.end()
