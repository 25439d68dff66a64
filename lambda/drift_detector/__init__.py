"""The function that checks every 15 minutes whether logging is as the stage set it up."""
