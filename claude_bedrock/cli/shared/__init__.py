"""The commands, a module for each: options in, what is said and the exit code out."""
