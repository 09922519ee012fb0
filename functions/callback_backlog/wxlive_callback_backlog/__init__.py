"""callback_backlog: stores what the callback could not."""
