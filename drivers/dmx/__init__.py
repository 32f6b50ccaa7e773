"""Lights on DMX universes over the network: sACN (`sacn`) and Art-Net (`artnet`). They share how levels fade."""
