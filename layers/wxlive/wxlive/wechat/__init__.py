"""What WeChat says: its API, its errcodes, its access token, its signatures and its events."""
