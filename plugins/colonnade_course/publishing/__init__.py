"""Event publishing: the state of courses, with the sequence that lets projections converge."""
