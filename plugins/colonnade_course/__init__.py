"""Courses: sections, lessons, enrolments and progress."""
