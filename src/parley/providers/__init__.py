"""One module per wire dialect, behind the one method of `provider.Provider`."""
