"""What the system costs: counted use, multiplied by prices."""
