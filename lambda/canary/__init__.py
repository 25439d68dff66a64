"""Calls the endpoint by the clock, as a client does, and looks for the calls in the record."""
