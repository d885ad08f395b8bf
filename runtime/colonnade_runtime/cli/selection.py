"""Options with which commands choose among services and tenants."""

import click

tenant_option = click.option("--tenant", metavar="ID", help="Only this tenant's.")
service_option = click.option("--service", metavar="NAME", help="Only this service's.")
