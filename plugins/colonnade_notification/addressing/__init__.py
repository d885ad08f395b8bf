"""Addresses of a tenant: links in messages, senders of mail, unsubscribe tokens and their keys."""
