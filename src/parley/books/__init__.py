"""What happened and what it cost, read from the events of a run."""
