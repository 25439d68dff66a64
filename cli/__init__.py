"""The command `claude-bedrock`: ask, and look up what was logged."""
