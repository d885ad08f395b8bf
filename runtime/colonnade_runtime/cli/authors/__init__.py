"""Commands on the plugin of whoever writes one, installed or not."""
