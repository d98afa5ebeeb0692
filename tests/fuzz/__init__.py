"""Hostile input for every reader: `make fuzz` for the long run, the tests here for the short one."""
