"""`claude-bedrock cost`: what a stage will cost, before it is deployed."""
