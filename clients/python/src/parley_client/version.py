"""The version of this library, as the package and the User-Agent tell it."""

VERSION = "0.1.0"
