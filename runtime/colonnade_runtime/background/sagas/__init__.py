"""The saga orchestrator: runs what `colonnade.sagas` declares, one transaction per transition."""
