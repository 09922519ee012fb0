"""``wxlive watch``."""
