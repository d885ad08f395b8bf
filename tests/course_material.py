"""Real courses that are not part of this repository, for tests that are about real input.

They lie in `shared/courses` beside the checkout, or where `COLONNADE_COURSES` says.
"""

import os
from pathlib import Path

import pytest

COURSES = Path(
    os.environ.get("COLONNADE_COURSES") or Path(__file__).parents[2] / "shared" / "courses"
)
INFLAMMATION = COURSES / "python-novice-inflammation"


def skip_without_courses() -> None:
    """Skip where the material is absent; on CI it is there, and its absence a failure."""
    if not INFLAMMATION.is_dir() and os.environ.get("CI") != "true":
        pytest.skip(
            f"The course material is not at {COURSES}; set COLONNADE_COURSES to where it is."
        )
