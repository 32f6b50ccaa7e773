"""Stream Decks in every form: through satellite programs, on USB, on the network. They share what a deck's keys are.

What may not live here: what a key shows or does (the room's layout says it), how it is drawn (`gateway.surfaces`).
"""
