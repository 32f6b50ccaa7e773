"""A site's TOML files -> what can run (`spec.py`), or clear complaints: `site.read` and the readers that it calls.

What may not live here: anything that runs.
"""
