"""How the content service's tables came to be, oldest first."""
