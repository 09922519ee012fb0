"""``wxlive report``."""
