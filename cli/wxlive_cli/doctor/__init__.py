"""``wxlive doctor``."""
