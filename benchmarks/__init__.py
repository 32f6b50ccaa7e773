"""What a command costs on its way through the gateway, beside a bare relay: `python -m benchmarks`.

docs/benchmarks.md says what is measured and how. What may not live here: anything that the gateway needs.
"""
