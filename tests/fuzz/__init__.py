"""Hostile input for every reader: `make fuzz` for the long run, the tests for a short one."""
