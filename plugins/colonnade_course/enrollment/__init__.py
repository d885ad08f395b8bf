"""Enrolment: seats, progress and completion."""
