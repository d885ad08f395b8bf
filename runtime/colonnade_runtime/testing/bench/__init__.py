"""A bench for services: the real dispatcher, stores, events and sagas in one test's process."""
