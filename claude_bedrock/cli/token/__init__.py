"""`claude-bedrock token`."""
