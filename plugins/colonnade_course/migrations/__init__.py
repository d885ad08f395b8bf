"""How the course service's tables came to be, oldest first."""
