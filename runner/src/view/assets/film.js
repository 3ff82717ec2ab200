// Plays through the states of an episode: the map at any of them, and what else
// is known of it.

/** States between two kept maps. */
const KEYFRAME = 64;

export class Film {
  constructor(data) {
    Object.assign(this, { inherited_path: [] }, data);
    [this.columns, this.rows] = data.area;
    this.last = data.states.length - 1;
    // How many of the player's places come before the first state.
    this.late = 0;
    this.kept = [Uint8Array.from(data.map)];
    this.map = this.kept[0].slice();
    this.now = 0;
    this.seen = this.whenSeen();
  }

  /** The tiles of the whole map in a state, row by row. Valid until the next call. */
  mapAt(state) {
    if (state < this.now || state - this.now > KEYFRAME) {
      const key = Math.min(Math.floor(state / KEYFRAME), this.kept.length - 1);
      if (state < this.now || key * KEYFRAME > this.now) {
        this.map = this.kept[key].slice();
        this.now = key * KEYFRAME;
      }
    }
    while (this.now < state) {
      this.now += 1;
      const changes = this.states[this.now].changes ?? [];
      for (let at = 0; at < changes.length; at += 2) this.map[changes[at]] = changes[at + 1];
      if (this.now === this.kept.length * KEYFRAME) this.kept.push(this.map.slice());
    }
    return this.map;
  }

  /** The step that led to a state, if it is not the first. */
  stepTo(state) {
    return state > 0 ? this.steps[state - 1] : null;
  }

  /** The number of a state in its world, which is not 0 at first where the episode
   * was forked. */
  number(state) {
    return this.first_step + state;
  }

  /** The state at a place of the player: before the first and after the last, those. */
  here(place) {
    return Math.max(0, Math.min(this.last, place - this.late));
  }

  /** The player's place of a state. */
  place(state) {
    return state + this.late;
  }

  /** The nearest state after (or before) this one whose step passes a test. */
  find(state, direction, test) {
    const next = direction > 0 ? Math.max(state + 1, 1) : Math.min(state - 1, this.last);
    for (let at = next; at > 0 && at <= this.last; at += direction) {
      if (test(this.steps[at - 1])) return at;
    }
    return null;
  }

  /** The states in which something was unlocked. */
  unlocks() {
    return this.steps.flatMap((step, at) => (step.unlocked ?? []).map((name) => ({ name, state: at + 1 })));
  }

  /** What every step so far has brought, since the world's beginning. */
  rewardAt(state) {
    let sum = this.inherited_reward;
    for (let at = 0; at < state; at += 1) sum += this.steps[at].reward ?? 0;
    return sum;
  }

  /** For each cell the first state in which the player saw it, what a parent saw included. */
  whenSeen() {
    const seen = new Uint32Array(this.columns * this.rows).fill(0xffffffff);
    const [width, height] = this.view;
    let last = "";
    const places = [...this.inherited_path.map((at) => [at, 0]), ...this.states.map(({ at }, state) => [at, state])];
    for (const [[x, y], state] of places) {
      if (last === `${x} ${y}`) continue;
      last = `${x} ${y}`;
      const [left, top] = [x - (width >> 1), y - (height >> 1)];
      for (let row = Math.max(top, 0); row < Math.min(top + height, this.rows); row += 1) {
        for (let column = Math.max(left, 0); column < Math.min(left + width, this.columns); column += 1) {
          const cell = row * this.columns + column;
          if (seen[cell] === 0xffffffff) seen[cell] = state;
        }
      }
    }
    return seen;
  }
}
