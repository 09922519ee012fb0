"""wxlive: what more than one function of the live channel's backend needs."""
