"""The engine: plan, fan out, resolve. Knows no HTTP and no SQL."""
