"""`claude-bedrock policy`: the deny policy of a stage."""
