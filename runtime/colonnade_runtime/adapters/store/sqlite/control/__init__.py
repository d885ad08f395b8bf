"""Control stores: leases, the work index, provisioned tenants, tenantless dead letters."""
