"""Events over JetStream: streams, publishing, and ordered consumption."""
