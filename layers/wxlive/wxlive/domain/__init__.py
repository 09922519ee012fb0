"""What is true: values and rules. No clock, no network, no store."""
