"""How the user service's tables came to be, oldest first."""
