"""AWS's bill beside the dollars of Bedrock's records: `claude-bedrock usage --bill`."""
