"""callback_addresses: keeps the callback's allow-list at the addresses that WeChat names."""
