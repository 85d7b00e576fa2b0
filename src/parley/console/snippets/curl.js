// The request as a curl command; the key comes from the environment, never from the page.
export function curl(path, body) {
  const text = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  const flags = body.stream ? "curl -sN" : "curl -s";
  return `${flags} ${new URL(path, document.baseURI)} \\
  -H "Authorization: Bearer $PARLEY_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '${text}'
`;
}
