"""JSON as a type. Opaque JSON (a schema, a tool's parameters, a vendor's extra field) crosses a border only as this."""

from typing import TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]
