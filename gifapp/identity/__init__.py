"""Who somebody is: accounts, passwords, sessions, tokens, and how often one may try."""
