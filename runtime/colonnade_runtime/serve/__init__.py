"""An operating-system process that serves: signals, heartbeat, watchdog, supervision."""
