"""`claude-bedrock access`: the deny policy, and the use case form."""
