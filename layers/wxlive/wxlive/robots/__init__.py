"""Group robots of WeCom, DingTalk, Feishu and Slack, and webhooks: docs/events.md#robots."""
