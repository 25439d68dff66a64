"""`claude-bedrock logs`: calls, and the two records of each."""
