// Writes `dist/README.md`: the README with its pictures in it, as the extension's page wants them.
//
// That page resolves no relative address, neither in VS Code nor in a marketplace without a
// repository to point to; what is in the text is shown everywhere.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const here = new URL("../", import.meta.url);
const text = readFileSync(new URL("README.md", here), "utf8");
const whole = text.replace(/\]\((images\/[\w-]+\.png)\)/g, (_, path) => {
  const picture = readFileSync(new URL(path, here)).toString("base64");
  return `](data:image/png;base64,${picture})`;
});
mkdirSync(new URL("dist/", here), { recursive: true });
writeFileSync(new URL("dist/README.md", here), whole);
