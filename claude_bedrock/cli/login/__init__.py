"""`claude-bedrock login`."""
