"""``wxlive planned``."""
