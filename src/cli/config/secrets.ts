/** Keys that are no settings but shared secrets: they go hashed into the state, never into the file. */
const secretKeys: Readonly<Record<string, "token" | "password">> = {
  "gateway.token": "token",
  "gateway.auth.token": "token",
  "gateway.password": "password",
  "gateway.auth.password": "password",
};

/** Which shared secret a key names, if it names one. */
export function secretKind(path: string): "token" | "password" | undefined {
  return Object.hasOwn(secretKeys, path) ? secretKeys[path] : undefined;
}
