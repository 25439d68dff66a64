"""Questions to Bedrock's records in SQL that DuckDB and Athena both understand, word for word."""
