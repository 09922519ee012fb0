"""``wxlive push``."""
