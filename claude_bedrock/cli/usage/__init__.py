"""The usage of a stage: tokens and dollars, from Bedrock's records, read here or by Athena."""
