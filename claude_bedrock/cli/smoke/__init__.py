"""Checks on a deployed stage of what AWS's documents leave open, and the report of them."""
