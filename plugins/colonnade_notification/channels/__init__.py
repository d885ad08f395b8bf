"""Channels that come with the service: in the app, by e-mail and by web push."""
