"""How the notification service's tables came to be, oldest first."""
