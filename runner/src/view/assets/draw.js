// Draws what the player sees, and the whole map, from tiles.

const UNIT = 16;
const SPRITES = UNIT;
const OUTSIDE = 0;

/** The picture of all tiles, once it is there. */
export function loadTiles(address) {
  document.documentElement.style.setProperty("--tiles", `url("${address}")`);
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The pictures of the tiles cannot be loaded."));
    image.src = address;
  });
}

function drawTile(context, tiles, tile, x, y, size) {
  context.drawImage(tiles, (tile & 15) * UNIT, 0, UNIT, UNIT, x, y, size, size);
  if (tile > 15) context.drawImage(tiles, (tile >> 4) * UNIT, SPRITES, UNIT, UNIT, x, y, size, size);
}

/** Draws what the player sees in a state. */
export function drawView(canvas, tiles, film, state) {
  const [columns, rows] = film.view;
  const { at: [x, y], light, asleep } = film.states[state];
  [canvas.width, canvas.height] = [columns * UNIT, rows * UNIT];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const map = film.mapAt(state);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [east, south] = [x - (columns >> 1) + column, y - (rows >> 1) + row];
      const outside = east < 0 || south < 0 || east >= film.columns || south >= film.rows;
      const tile = outside ? OUTSIDE : map[south * film.columns + east];
      drawTile(context, tiles, tile, column * UNIT, row * UNIT, UNIT);
    }
  }
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  if (asleep) sleep(image.data);
  else if (light < 0.998) darken(image, light, state);
  context.putImageData(image, 0, 0);
}

const grey = (red, green, blue) => 0.299 * red + 0.587 * green + 0.114 * blue;

/** Asleep, the player sees shades of blue. */
function sleep(data) {
  for (let at = 0; at < data.length; at += 4) {
    const shade = grey(data[at], data[at + 1], data[at + 2]) / 2;
    [data[at], data[at + 1], data[at + 2]] = [shade, shade, shade + 8];
  }
}

/** The less light, the paler and bluer; at night there is noise toward the edges.
 * The game's own formula, with noise of another generator. */
function darken({ data, width, height }, light, seed) {
  const noise = Math.max(0, 2 * (0.5 - light));
  let random = (seed + 1) * 2654435761;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      let [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
      if (noise > 0) {
        random = (Math.imul(random ^ (random >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
        const [dx, dy] = [(2 * x) / (width - 1) - 1, (2 * y) / (height - 1) - 1];
        const share = noise * (1 - Math.exp((-0.5 * (dx * dx + dy * dy)) / 0.25));
        const grain = (32 + ((random >>> 8) & 0xffff) * (95 / 65536)) * share;
        [red, green, blue] = [red, green, blue].map((channel) => channel * (1 - share) + grain);
      }
      const shade = grey(red, green, blue);
      const night = [red, green, blue].map((channel, index) =>
        (shade + 0.4 * (channel - shade) + [0, 16, 64][index]) / 2);
      for (let channel = 0; channel < 3; channel += 1) {
        data[at + channel] = light * data[at + channel] + (1 - light) * night[channel];
      }
    }
  }
}

/** Pixels of a cell of the whole map. */
const CELL = 8;

/** Draws the whole map: what was not seen yet is pale, the path walked is a line. */
export function drawMap(canvas, tiles, film, state) {
  [canvas.width, canvas.height] = [film.columns * CELL, film.rows * CELL];
  const context = canvas.getContext("2d");
  const map = film.mapAt(state);
  const style = getComputedStyle(canvas);
  for (let cell = 0; cell < map.length; cell += 1) {
    const [x, y] = [(cell % film.columns) * CELL, Math.floor(cell / film.columns) * CELL];
    drawTile(context, tiles, map[cell], x, y, CELL);
  }
  context.fillStyle = style.getPropertyValue("--unseen");
  for (let cell = 0; cell < map.length; cell += 1) {
    if (film.seen[cell] <= state) continue;
    context.fillRect((cell % film.columns) * CELL, Math.floor(cell / film.columns) * CELL, CELL, CELL);
  }
  const walked = film.states.map(({ at }) => at);
  drawPath(context, walked.slice(state), "rgba(255, 255, 255, 0.45)", 1);
  const [first] = walked;
  for (const [path, color] of [[[...film.inherited_path, first], "#9fd8ff"], [walked.slice(0, state + 1), "#ffd24a"]]) {
    drawPath(context, path, "#000", 4);
    drawPath(context, path, color, 2);
  }
  const [x, y] = film.states[state].at;
  const [width, height] = film.view;
  context.strokeStyle = "#fff";
  context.lineWidth = 2;
  context.strokeRect((x - (width >> 1)) * CELL, (y - (height >> 1)) * CELL, width * CELL, height * CELL);
}

function drawPath(context, places, color, width) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.beginPath();
  for (const [x, y] of places) context.lineTo((x + 0.5) * CELL, (y + 0.5) * CELL);
  context.stroke();
}
