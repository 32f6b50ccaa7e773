"""What a command of `roomgate` does, where that is more than a few lines; `__main__.py` chooses which.

What may not live here: anything that the running gateway needs.
"""
