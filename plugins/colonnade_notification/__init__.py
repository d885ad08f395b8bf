"""Notification service: events become messages, which reach people by channels."""
