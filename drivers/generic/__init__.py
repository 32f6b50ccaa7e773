"""Devices whose words stand in the profile: lines (`generic_line`) and HTTP requests (`generic_http`)."""
