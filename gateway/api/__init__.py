"""The Room Control API, version 1: HTTP asks, WebSocket tells. What may not live here: rooms, devices, decisions."""
