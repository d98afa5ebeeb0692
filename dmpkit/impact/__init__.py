"""Impact: what became of a mini-public's recommendations."""
