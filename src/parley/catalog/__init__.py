"""Models by name: where they can be called, what they can do, what they cost. Data files with their sources."""
