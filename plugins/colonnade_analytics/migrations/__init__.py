"""How the analytics service's tables came to be, oldest first."""
