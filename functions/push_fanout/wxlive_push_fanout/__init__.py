"""push_fanout: one chunk of a campaign, at the pace and within the quota WeChat sets."""
