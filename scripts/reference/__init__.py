"""The API's description, built from the code: the OpenAPI 3.1 document and its readable page. No part of the server."""
