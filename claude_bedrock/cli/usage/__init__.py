"""What calls came to: tokens and dollars, from Bedrock's records, asked here or of Athena."""
