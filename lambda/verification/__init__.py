"""Runs the reconciliation over an account, by the clock and on demand, and keeps its evidence."""
