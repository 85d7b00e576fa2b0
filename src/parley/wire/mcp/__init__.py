"""The Model Context Protocol at `/mcp`: panels as tools of other programs. Loaded with the first request to it."""
