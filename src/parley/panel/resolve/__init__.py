"""How answers are brought back together: summary, comparison, vote, nothing. `resolver.resolve` picks."""
