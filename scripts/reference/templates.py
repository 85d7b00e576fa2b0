"""/v1/templates described: what a template is made of, and how it is shown."""

from collections.abc import Mapping

from parley.domain.json import JsonObject
from parley.wire.templates import MOST_NAME_CHARACTERS
from reference.keys import moment
from reference.requests import Notes
from reference.shapes import array, flag, nullable, record, text

_FIELDS: Notes = {
    "name": {
        "description": "What requests call it by; distinct among the key's own, and among the global ones.",
        "minLength": 1,
        "maxLength": MOST_NAME_CHARACTERS,
        "pattern": r"\S",
    },
    "description": {"description": "What it is for."},
    "system": {"description": "A system message before all others. `{{ name }}` is a placeholder."},
    "messages": {"description": "Messages that come before the request's own; placeholders in their texts."},
    "model": {"description": "The model, where a chat request names none."},
    "params": {"description": "Parameters beneath the request's own; those that Parley does not know are kept."},
    "variables": {
        "description": "Names of placeholders: letters, digits and underscore. What is found in the texts is added.",
        "items": {"pattern": r"^\w+$"},
    },
    "is_global": {"description": "Whether every key sees it; admin keys alone may say so."},
    "team_id": {"description": "Taken and ignored; there are no teams here."},
}
BODIES: Mapping[str, Notes] = {"TemplateBody": _FIELDS}
REQUIRED: Mapping[str, tuple[str, ...]] = {"TemplateBody": ("name",)}


def schemas() -> JsonObject:
    """Return the component of a template."""
    fields: JsonObject = {
        "id": {"type": "string", "format": "uuid", "description": "The template's id."},
        "name": text("Its name."),
        "owner": text("The name of the key that it belongs to; never empty."),
        "is_global": flag("Whether every key sees it."),
        "description": nullable(text("What it is for.")),
        "system": nullable(text("The system message.")),
        "messages": array({"type": "object"}, "The messages that come before the request's own."),
        "model": nullable(text("The model, where a chat request names none.")),
        "params": {"type": "object", "description": "Parameters beneath the request's own."},
        "variables": array({"type": "string"}, "Its placeholders."),
        "created_at": moment("When it was made."),
        "updated_at": moment("When it was last changed."),
    }
    return {"Template": record("A stored beginning of conversations.", fields)}
