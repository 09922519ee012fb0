"""``wxlive dlq``."""
