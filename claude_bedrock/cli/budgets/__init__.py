"""`claude-bedrock budgets`: what is spent of each budget of a stage."""
