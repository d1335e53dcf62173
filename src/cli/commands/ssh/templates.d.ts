/** A file whose text the build embeds (scripts/build.mjs). */
declare module "*.sh" {
  const text: string;
  export default text;
}

/** A file whose text the build embeds (scripts/build.mjs). */
declare module "*.conf" {
  const text: string;
  export default text;
}
