"""What keys show and what presses mean, for every deck, panel and keypad.

`surface.py` says it (pure), `drawing.py` draws it, `surfacehost.py` runs one surface. What may not live here: how a
surface is spoken to (a driver, or `api/`), how a layout is read (`profile/`).
"""
