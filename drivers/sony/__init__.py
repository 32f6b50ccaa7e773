"""Sony's displays: one driver, two languages."""
