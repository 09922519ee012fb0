"""The operator's command ``wxlive``."""
