//! Holds the expert's thresholds, each with its reason.
//!
//! They were tuned on worlds of the seeds 0 to 4999; what reports measure is
//! measured on seeds from 5000.

/// By day, food and water come before everything at this or less: the way to
/// them may take the sixty steps that three points last.
pub(super) const VITAL: u8 = 3;
/// With this much left, food and water are worth as many steps as what brings the player
/// on; with more they may wait, with less they come earlier.
pub(super) const SCARCE: u8 = 4;
/// At night the same at this or less: being out costs more than going without.
pub(super) const STARVING: u8 = 2;
/// At night, food and water are only worth this many steps, each of them on
/// grass counted as several.
pub(super) const NIGHT_REACH: u32 = 30;
/// How much earlier than food water comes first before night: it runs out faster.
pub(super) const DUSK_THIRST: u8 = 1;
/// Drink in passing at this or less, and before night eat: a cow fills six points.
pub(super) const PECKISH: u8 = 6;
/// Drink before night, and look out for water at all, below this.
pub(super) const SATED: u8 = 8;
/// By day, eat in passing at this or less: by then food is wanted soon anyway.
pub(super) const SNACK: u8 = 5;
/// What counts as passing by, in steps.
pub(super) const PASSING: u32 = 4;
/// Sleep at this or less, whenever that is: at 0 health begins to go.
pub(super) const TIRED: u8 = 1;
/// At night, sleep at this or less: there is less else to do.
pub(super) const SLEEPY: u8 = 2;
/// Who was woken goes on sleeping below this: the last point is not worth a shelter.
pub(super) const RESTED: u8 = 8;
/// Actions of a turn in which the player rests: behind walls little happens, and
/// after five steps it is time to look again.
pub(super) const REST_ACTIONS: usize = 5;
/// Health to keep when a need is left alone because the episode ends.
pub(super) const SPARE_HEALTH: u8 = 5;

/// How many steps a point lasts while awake, as the world's rules have it.
pub(super) mod lasting {
    pub(crate) const FOOD: u64 = 25;
    pub(crate) const DRINK: u64 = 20;
    pub(crate) const ENERGY: u64 = 30;
    /// While any of the others is lacking.
    pub(crate) const HEALTH: u64 = 15;
}

/// With more cells of grass in view than this, a night is a danger.
pub(super) const EXPOSED: usize = 20;
/// With more than this it goes on being one for who hides from it: each step changes what
/// is in view, and walls begun and left are stones and time lost.
pub(super) const STILL_EXPOSED: usize = 10;
/// With this many zombies in view it is one, too: while one is fought, the next comes.
pub(super) const BESET: usize = 2;
/// How much later than useful work hiding from the night comes, in steps: what is that
/// near is done first, for a night is long and little of its danger falls into so few steps.
pub(super) const NIGHT_SHELTER: i32 = 12;
/// Hide and heal at this or less: a zombie and an arrow take 4 together.
pub(super) const WOUNDED: u8 = 4;
/// Stay out of the meadows at night at this or less.
pub(super) const FRAIL: u8 = 6;
/// Healed enough to go on. The last points take as long as the first, but
/// matter less.
pub(super) const HEALED: u8 = 7;
/// Below this daylight, falling, it is night: two zombies and more roam each
/// meadow.
pub(super) const NIGHTFALL: f64 = 0.5;
/// Below this daylight, rising, it still is: the zombies leave late. From here on there
/// is one to a meadow at most.
pub(super) const DAWN: f64 = 0.75;
/// Below this daylight, falling, night is near: there are about forty steps left.
pub(super) const DUSK: f64 = 0.92;
/// The steps of a day.
pub(super) const DAY: u64 = 300;
/// Steps of the day between which daylight falls.
pub(super) const AFTERNOON: std::ops::Range<u64> = 60..210;
/// Seek a fight only with at least this much health.
pub(super) const FIT_TO_FIGHT: u8 = 6;

/// Stones worth having at all times: a furnace or a fence takes 4, a shelter in
/// rock 1 or 2. Digging brings more.
pub(super) const STONE_STORE: u8 = 5;
/// With this many stones, one is spent on a zombie's way.
pub(super) const SPARE_STONES: u8 = 3;
/// Wood a table takes.
pub(super) const TABLE_WOOD: u8 = 2;
/// Stones a furnace takes.
pub(super) const FURNACE_STONES: u8 = 4;
/// Stones it takes to fence a plant that stands somewhat sheltered.
pub(super) const FENCE_STONES: u8 = 3;
/// Wood it takes for a table and the first two tools.
pub(super) const LEAST_WOOD: u8 = 4;
/// Wood for a table, two tools of wood, two of stone and two of iron.
pub(super) const FULL_WOOD: u8 = 8;
/// The first table is built near stones that are no farther than this.
pub(super) const STONES_NEAR: u32 = 20;
/// Stones are near enough for the table when they are this many steps off: then a
/// tool is made within a few steps of mining one.
pub(super) const STONES_AT_HAND: u32 = 2;

/// How many steps nearer another goal must be for the present one to be given
/// up: going back and forth leads nowhere.
pub(super) const STEADINESS: i64 = 5;

/// How many steps later than others a goal may come; negative if earlier.
pub(super) mod bias {
    /// Tools open up the rest.
    pub(crate) const MAKE: i32 = -20;
    /// A table with less wood than would be enough for all tools.
    pub(crate) const EARLY_TABLE: i32 = 12;
    /// Trees are everywhere, but not underground.
    pub(crate) const WOOD: i32 = 0;
    /// A few at hand save steps later, for shelters, fences and bridges.
    pub(crate) const STONE: i32 = -4;
    /// Coal and iron are what everything else waits for.
    pub(crate) const ORE: i32 = -8;
    /// A diamond that is known is worth a long way: there are three in a world.
    pub(crate) const DIAMOND: i32 = -40;
    /// It unlocks at once, but the stones for it are soon found again.
    pub(crate) const FURNACE: i32 = 0;
    /// Water stays where it is, and thirst leads there soon.
    pub(crate) const FIRST_DRINK: i32 = 4;
    /// Hunger comes later than thirst, but cows walk off.
    pub(crate) const FIRST_COW: i32 = 2;
    /// Trying grass takes ten steps, and the plant needs an early start.
    pub(crate) const SAPLING: i32 = -6;
    /// Every step it waits, it ripens later.
    pub(crate) const SOW: i32 = -25;
    /// An open side is how plants are lost, and a lost one has to be grown anew.
    pub(crate) const FENCE: i32 = -20;
    /// It unlocks at once, and a ripe plant may still be eaten by others.
    pub(crate) const HARVEST: i32 = -10;
    /// Zombies and skeletons come by anyway.
    pub(crate) const FIGHT: i32 = 0;
    /// What is known already is surer than what may be found.
    pub(crate) const EXPLORE: i32 = 8;
    /// The same for food and trees; meadows are wide, and finds in them farther.
    pub(crate) const SEARCH: i32 = 10;
    /// Growing is as good as any other progress.
    pub(crate) const TEND: i32 = 0;
    /// Unseen land that is no farther than this may offer more than waiting.
    pub(crate) const WAIT: i32 = 30;
    /// Each point of food or drink above what is scarce may wait for this long.
    pub(crate) const PER_POINT: i32 = 7;
    /// Before night, food and drink come earlier, for the meadows are closed until
    /// morning; not at any price, for asleep both last twice as long.
    pub(crate) const DUSK: i32 = 30;
}

/// Costs of passing a cell, in steps.
pub(super) mod cost {
    /// Open ground.
    pub(crate) const WALK: u16 = 1;
    /// Open meadow in the dark, where zombies come from.
    pub(crate) const NIGHT_MEADOW: u16 = 4;
    /// Mining a stone: dig and walk.
    pub(crate) const DIG: u16 = 2;
    /// Felling a tree, which is worth more where it stands.
    pub(crate) const FELL: u16 = 4;
    /// Filling water with a stone and mining it again.
    pub(crate) const BRIDGE: u16 = 5;
    /// Closing a side of a shelter: turning to it, and the stone.
    pub(crate) const CLOSE: u32 = 2;
    /// Putting something down on the cell ahead.
    pub(crate) const PUT: u32 = 1;
    /// Turning to what is in the way, taking it, and putting something there.
    pub(crate) const CLEAR_AND_PUT: u32 = 3;
    /// Waiting for a creature to get out of the way, or striking it.
    pub(crate) const CREATURE: u16 = 5;
    /// Beside a zombie, over walking: it strikes at once.
    pub(crate) const BESIDE_ZOMBIE: u16 = 8;
    /// Two steps from a zombie.
    pub(crate) const NEAR_ZOMBIE: u16 = 4;
    /// Ahead of an arrow, over walking: it takes two points of health.
    pub(crate) const IN_ARROW_LANE: u16 = 5;
    /// In the line of a skeleton's arrows.
    pub(crate) const IN_BOWSHOT: u16 = 3;
    /// The wood for a new table, and placing it.
    pub(crate) const NEW_TABLE: u32 = 10;
    /// The stones for a new furnace, and placing it.
    pub(crate) const NEW_FURNACE: u32 = 6;
}

/// How near the player has to be for a plant to grow, as the world's rules have
/// it for a view of nine by nine.
pub(super) const GROWTH_REACH: u32 = 18;
/// Steps over the age of ripeness after which a plant is looked for: some of its
/// growing was only believed.
pub(super) const PATIENCE: u64 = 3;
/// A plant farther away than this is given up for a new one: a sapling is sooner found,
/// in ten tries of grass, than a way of that length walked back and forth.
pub(super) const FARM_REACH: u32 = 40;
/// How far a place for a plant is looked for: farther away, the way costs more than the
/// fence that it saves.
pub(super) const SOW_REACH: u32 = 14;
/// Steps it takes to close one side of a plant.
pub(super) const FENCE_WORK: u32 = 4;
/// A plant this near to a shelter grows while the player rests in it.
pub(super) const TEND_REACH: u32 = 14;
/// How near to a plant the player goes back before night: well within that reach, for
/// a shelter may be some steps farther.
pub(super) const TEND_NEAR: u32 = 7;
/// Tries of grass between two looks at what has come: few, because one of ten gives a
/// sapling and the rest would be tried in vain.
pub(super) const GRASS_TRIES: usize = 2;
/// Tries a sapling takes on average.
pub(super) const SAPLING_TRIES: u32 = 10;
/// How far around a shelter is looked for, in columns and rows: beyond that, walls are
/// sooner built than reached.
pub(super) const SHELTER_REACH: i32 = 5;
/// An enclosed space of more cells than this is no shelter: too much to survey.
pub(super) const SHELTER_CELLS: usize = 8;

/// A meadow unseen for this many steps is worth another look.
pub(super) const COWS_RETURN: u64 = 150;

/// How far one sees, in columns and rows.
pub(super) const VIEW_REACH: (i32, i32) = (4, 3);
/// How far around a place tells what land lies behind it: a bit more than a view.
pub(super) const SURROUNDINGS: (i32, i32) = (6, 5);
/// Fewer unseen cells than this are not worth a way.
pub(super) const LEAST_GAIN: i32 = 3;
/// What unseen cells in the wrong land are worth: the right one may begin there.
pub(super) const OTHER_TERRAIN: f64 = 0.15;
/// Steps added to every way to unseen land, so that a big find may lie farther.
pub(super) const EXPLORE_OVERHEAD: u32 = 4;
/// What a place is worth where a plant that is waited for would not grow: plants do
/// so only near the player, but no search is given up for one.
pub(super) const AWAY_FROM_PLANT: f64 = 0.2;
/// How much more a place is worth for being on the way there already: each step shows
/// more of the land, and what is best would change with it.
pub(super) const PERSISTENCE: f64 = 1.5;

/// Hostile creatures this near, in steps, call for looking after every action.
pub(super) const DANGER_REACH: u32 = 7;
/// Zombies are kept away from by this many steps: from two they arrive at once.
pub(super) const ZOMBIE_REACH: u32 = 2;
/// Steps ahead in which an arrow is worth stepping aside from.
pub(super) const ARROW_REACH: usize = 3;
/// Cells ahead of an arrow that are kept out of, at a cell a step.
pub(super) const ARROW_LANE: usize = 5;
/// Cells in which a skeleton's line of fire is avoided.
pub(super) const BOW_REACH: usize = 6;
