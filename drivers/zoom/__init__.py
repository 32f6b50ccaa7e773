"""The Zoom family: Zoom Rooms over its control system API. What may not live here: anything but this line."""
