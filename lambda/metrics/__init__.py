"""Metrics that functions write."""
