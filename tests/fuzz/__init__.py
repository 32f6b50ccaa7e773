"""Nonsense, floods and half-truths at every door that hears strangers."""
