"""push_start: claims the day for a room and plans its campaign."""
