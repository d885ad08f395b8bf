"""Models of `platform.yaml` and `tenants/<id>.yaml`, version 1."""
