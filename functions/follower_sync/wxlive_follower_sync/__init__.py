"""follower_sync: makes the Followers table agree with WeChat's list."""
