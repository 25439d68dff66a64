"""The function that tells API Gateway who calls, and which key the request counts for."""
