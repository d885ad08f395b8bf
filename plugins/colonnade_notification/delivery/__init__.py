"""Delivery of messages: from an event to rows, and from a row to a channel."""
