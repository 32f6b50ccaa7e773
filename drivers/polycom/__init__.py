"""Poly and Polycom codecs: the VideoOS REST API (`videoos*.py`) and the command line that three generations share.

What may not live here: anything but the family's name.
"""
