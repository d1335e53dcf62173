// The software bill of materials, in CycloneDX 1.5.

/**
 * @param {{ version: string, commit: string, seconds: number }} release
 * @param {readonly { name: string, version: string, license: string }[]} rows
 * @param {readonly string[]} nodes versions of Node.js
 */
export function sbom(release, rows, nodes) {
  const component = ({ name, version, license }) => ({
    type: "library",
    name,
    version,
    licenses: [{ license: { id: license } }],
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
  });
  const runtime = (version) => ({
    type: "platform",
    name: "node",
    version,
    licenses: [{ license: { id: "MIT" } }],
    purl: `pkg:generic/node@${version}`,
  });
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: new Date(release.seconds * 1000).toISOString(),
      component: {
        type: "application",
        name: "openclaw-gateway-vps",
        version: release.version,
        licenses: [{ license: { id: "MIT" } }],
        properties: [{ name: "commit", value: release.commit }],
      },
    },
    components: [...rows.map(component), ...nodes.map(runtime)],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
