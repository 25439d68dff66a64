"""Budgets: which apply to a caller, their periods, what a call counts for, items of the table."""
