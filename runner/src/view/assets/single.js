// Shows the one episode that is in this file.

import { fill, h, visible } from "./dom.js";
import { loadTiles } from "./draw.js";
import { showEpisode } from "./episode.js";
import { embedded } from "./source.js";

async function unpacked() {
  const bytes = Uint8Array.from(atob(document.getElementById("data").textContent.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

{
  const main = document.getElementById("main");
  document.body.prepend(h("header", { class: "top" }, h("span", { class: "brand" }, "Crafter episode"), h("button", { type: "button", id: "theme" }, `Theme: ${document.documentElement.dataset.theme}`)));
  try {
    const contents = await unpacked();
    const source = embedded(contents);
    const { model, seed } = contents.episode.metadata.episode_config ?? {};
    if (model) document.title = `${visible(model)}, seed ${seed} · Crafter episode`;
    showEpisode(main, { source, facts: contents.facts, tiles: await loadTiles(source.tiles), data: contents.episode });
  } catch (problem) {
    fill(main, h("p", { class: "problem", role: "alert" }, `This episode cannot be shown: ${problem.message}`));
  }
}
