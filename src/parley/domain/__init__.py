"""The nouns of Parley: standard library only, no behaviour that needs a loop, a socket or a file."""
