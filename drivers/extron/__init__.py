"""Extron switchers: SIS."""
