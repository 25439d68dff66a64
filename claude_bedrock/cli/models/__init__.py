"""`claude-bedrock models`: the stage's models, and the catalog."""
