"""Bytes to domain and back: the only room that knows HTTP."""
