"""``wxlive followers``."""
