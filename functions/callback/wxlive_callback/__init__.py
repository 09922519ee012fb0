"""callback: what WeChat says to us, verified, understood and stored."""
