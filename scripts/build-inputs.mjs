// What dist/ is made of, relative to the repository: when one of these is newer, it is built anew.
export const buildInputs = [
  "src",
  "deploy/ssh",
  "scripts/build.mjs",
  "scripts/build-dashboard.mjs",
  "package.json",
];
