declare const __VERSION__: string | undefined;

/** The version of this program; the build puts it in (scripts/build.mjs). */
export const version = typeof __VERSION__ === "string" ? __VERSION__ : "0.0.0-source";
