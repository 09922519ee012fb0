"""The local run: a local AWS, a simulated WeChat, the demo."""
