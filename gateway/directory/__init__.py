"""Contacts: names -> addresses to dial, from files, merged for each room, found as one types.

What may not live here: the codec's own phone book (the `search` command), HTTP, the command line.
"""

from gateway.directory.book import Directory, DirectoryError
from gateway.directory.contact import Address, Bad, Contact

__all__ = ["Address", "Bad", "Contact", "Directory", "DirectoryError"]
