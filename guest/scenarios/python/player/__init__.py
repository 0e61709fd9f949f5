"""The player of scenarios."""
