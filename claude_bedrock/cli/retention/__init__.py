"""`claude-bedrock retention`: how long each log store keeps what was written on a day."""
