"""Writes the supported-devices table into the README, from what the drivers declare."""

from pathlib import Path

from gateway.catalogue import BEGIN, END, table
from gateway.plugins import load_drivers

README = Path(__file__).parent.parent / "README.md"

if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) + len(END) :]
    README.write_text(before + table(load_drivers().values()) + after, encoding="utf-8")
