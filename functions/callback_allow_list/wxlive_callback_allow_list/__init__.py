"""callback_allow_list: keeps the allow-list of the firewall up to date."""
