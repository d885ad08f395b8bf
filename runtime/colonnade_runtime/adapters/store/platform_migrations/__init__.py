"""Changes to the tables that every service has. New tables need none: they are created when
a store is opened by code that knows them."""
