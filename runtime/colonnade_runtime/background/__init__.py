"""Background work of services: events, sagas, schedules, and what waits in their stores."""
