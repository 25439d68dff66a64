"""`claude-bedrock logout`."""
