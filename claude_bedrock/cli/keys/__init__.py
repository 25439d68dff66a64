"""`claude-bedrock keys`: API keys of a stage."""
