"""The local Lambda: runs deployed zips, one process per concurrent request, over the Runtime API.

Only functions that start through `AWS_LAMBDA_EXEC_WRAPPER` and stream their answers run here; the
others are the embedded AWS's own business.
"""
