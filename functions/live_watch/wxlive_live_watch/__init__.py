"""live_watch: notices a room that went live and wakes what waits for it."""
