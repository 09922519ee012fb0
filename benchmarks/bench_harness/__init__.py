"""How benchmarks are measured, compared and shown."""
