"""Operations over NATS micro services (ADR-32)."""
