"""`claude-bedrock whoami`."""
