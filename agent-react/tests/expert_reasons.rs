//! What the expert says is true by what it reads and has read, in every turn of whole
//! episodes.

use std::collections::{BTreeMap, BTreeSet};

use agent_react::{
    embedded,
    environment::{Environment, EnvironmentOptions},
    model::{ChatMessage, ChatRequest, ReplyEnd, Shared},
    tools::ToolRules,
};
use env_crafter::EnvConfig;
use futures::executor::block_on;

/// Worlds of the tuning range, enough that every claim is made.
const SEEDS: std::ops::Range<u64> = 0..40;

struct Turn {
    seed: u64,
    text: String,
    reason: String,
    actions: Vec<String>,
    /// All that is on the map by what was read up to here, each cell as it was last
    /// seen.
    known: BTreeSet<String>,
}

fn play(seed: u64) -> Vec<Turn> {
    let world = EnvConfig {
        seed,
        ..EnvConfig::default()
    };
    let options = EnvironmentOptions {
        max_steps: Some(1000),
        ..EnvironmentOptions::default()
    };
    let mut environment = Environment::new(world, options).expect("a valid world");
    let model = embedded::model("embedded:expert", seed).expect("a known model");
    let mut turns = Vec::new();
    let mut map = BTreeMap::new();
    while !environment.is_over() {
        let text = environment.observe().text;
        map.extend(view(&text));
        let request = ChatRequest {
            messages: Shared::all([ChatMessage::user(&*text)]),
            tools: ToolRules::default().specs().into(),
            ..ChatRequest::default()
        };
        let reply = block_on(model.complete(request)).expect("an answer");
        let decision = environment
            .validate(&reply.tool_calls, ReplyEnd::Finished)
            .expect("a valid call");
        let actions: Vec<_> = decision.actions().collect();
        environment.execute(actions.iter().copied());
        let arguments: serde_json::Value =
            serde_json::from_str(&reply.tool_calls[0].arguments).expect("JSON");
        turns.push(Turn {
            seed,
            text,
            reason: arguments["reasoning"].as_str().expect("a text").to_owned(),
            actions: actions.iter().map(ToString::to_string).collect(),
            known: map.values().cloned().collect(),
        });
    }
    turns
}

/// What each cell of the view shows, by column and row of the map.
fn view(text: &str) -> Vec<((i32, i32), String)> {
    let mut lines = text.lines();
    let place = lines.by_ref().find_map(|line| {
        let (x, y) = line.strip_prefix("Position: x ")?.split_once(", y ")?;
        Some((x.parse::<i32>().ok()?, y.parse::<i32>().ok()?))
    });
    let (x, y) = place.expect("a position");
    let rows = lines.skip_while(|line| !line.starts_with("View (9x7"));
    let rows = rows.skip(1).take(7).zip(y - 3..);
    let cells = rows.flat_map(|(row, y)| {
        let words = row.split_whitespace().zip(x - 4..);
        words.map(move |(word, x)| ((x, y), word.to_owned()))
    });
    let cells: Vec<_> = cells.collect();
    assert_eq!(cells.len(), 9 * 7, "a whole view in {text}");
    cells
}

impl Turn {
    /// What follows a key in the observation.
    fn line(&self, key: &str) -> &str {
        let mut lines = self.text.lines();
        lines.find_map(|line| line.strip_prefix(key)).unwrap_or("")
    }

    /// How much there is of something by the observation.
    fn amount(&self, item: &str) -> u8 {
        let needs = format!("health{}", self.line("Health"));
        let need = needs.split(", ").find_map(|need| {
            let (name, amount) = need.split_once(": ")?;
            (name == item).then(|| amount.split('/').next())?
        });
        let mut carried = self.line("Inventory: ").split(", ");
        let carried = carried.find_map(|each| each.strip_suffix(item)?.strip_suffix(' '));
        need.or(carried)
            .map_or(0, |amount| amount.parse().expect("a number"))
    }

    fn has_unlocked(&self, achievement: &str) -> bool {
        let list = self
            .text
            .lines()
            .find(|line| line.starts_with("Achievements"));
        let (_, list) = list.and_then(|list| list.split_once(": ")).expect("a list");
        list.split(", ").any(|each| each == achievement)
    }

    /// Whether the view shows something.
    fn shows(&self, word: &str) -> bool {
        view(&self.text).iter().any(|(_, cell)| cell == word)
    }

    /// Whether something was seen and is not known to be gone.
    fn knows(&self, word: &str) -> bool {
        self.known.contains(word)
    }

    fn rests(&self) -> bool {
        let rests = |action: &String| action == "sleep" || action == "noop";
        self.actions.iter().all(rests)
    }

    fn is_night(&self) -> bool {
        self.line("Light: ").starts_with("night")
    }
}

/// What is said, and when it is true.
type Claim = (&'static str, fn(&Turn) -> bool);

const CLAIMS: [Claim; 34] = [
    ("It is night", Turn::is_night),
    ("Night is near", |turn| !turn.is_night()),
    ("The night is hardly over", |turn| !turn.is_night()),
    ("behind walls", Turn::rests),
    ("wall myself in", |turn| !turn.rests()),
    ("make for rock", |turn| !turn.rests()),
    ("I have unlocked everything", |turn| {
        turn.line("Achievements (").starts_with("22")
    }),
    ("I lack ", |turn| {
        !turn.line("Achievements (").starts_with("22")
    }),
    ("I still need ", |turn| {
        !turn.line("Achievements (").starts_with("22")
    }),
    ("I still need a diamond", |turn| {
        !turn.has_unlocked("collect_diamond") && turn.amount("iron_pickaxe") > 0
    }),
    ("a skeleton to defeat", |turn| {
        !turn.has_unlocked("defeat_skeleton")
    }),
    ("yet to defeat a zombie", |turn| {
        !turn.has_unlocked("defeat_zombie")
    }),
    ("yet to eat a cow", |turn| !turn.has_unlocked("eat_cow")),
    ("yet to eat a plant", |turn| !turn.has_unlocked("eat_plant")),
    ("yet to drink", |turn| !turn.has_unlocked("collect_drink")),
    ("for a furnace", |turn| !turn.has_unlocked("place_furnace")),
    ("for an iron pickaxe", |turn| {
        !turn.has_unlocked("make_iron_pickaxe")
    }),
    ("for an iron sword", |turn| {
        !turn.has_unlocked("make_iron_sword")
    }),
    ("zombie is right beside me", |turn| turn.shows("zombie")),
    ("An arrow comes", |turn| turn.shows("arrow")),
    ("so I drink", |turn| {
        turn.actions.iter().all(|each| each == "do")
    }),
    ("so I make it", |turn| {
        turn.actions.len() == 1 && turn.actions[0].starts_with("make_")
    }),
    ("I am asleep", |turn| {
        turn.line("State: ").starts_with("asleep")
    }),
    ("nothing gets at me here", |turn| {
        turn.rests() && !turn.has_unlocked("wake_up")
    }),
    ("of which I know none", |turn| !turn.knows("tree")),
    ("I know of no water", |turn| !turn.knows("water")),
    ("The water I know", |turn| turn.knows("water")),
    ("go to the water", |turn| turn.knows("water")),
    ("so I go and fell a tree", |turn| turn.knows("tree")),
    ("so I go and mine stone", |turn| turn.knows("stone")),
    ("the stones I have seen", |turn| turn.knows("stone")),
    ("iron and need it", |turn| turn.knows("iron")),
    ("coal and need it", |turn| turn.knows("coal")),
    ("go for one that I have seen", |turn| turn.knows("diamond")),
];

/// Every number that a reason names as what there is of something.
fn amounts(reason: &str) -> Vec<(String, u8)> {
    let reason = reason.replace(", which is ", " is ").to_lowercase();
    let words = reason.split([' ', ',', '.']);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut named = Vec::new();
    for three in words.windows(3) {
        match three {
            [need, "is", amount] => named.push(((*need).to_owned(), amount.parse())),
            ["have", amount, item] => named.push(((*item).to_owned(), amount.parse())),
            _ => {}
        }
    }
    let named = named.into_iter();
    named
        .filter_map(|(what, amount)| Some((what, amount.ok()?)))
        .collect()
}

#[test]
fn reasons_are_borne_out_by_the_text() {
    let turns: Vec<Turn> = SEEDS.flat_map(play).collect();
    let mut numbers = 0;
    let mut made = CLAIMS.map(|(claim, _)| (claim, 0));
    for turn in &turns {
        let said = format!(
            "seed {}: {:?} and {:?} in\n{}",
            turn.seed, turn.reason, turn.actions, turn.text
        );
        for ((claim, holds), (_, count)) in CLAIMS.iter().zip(&mut made) {
            if turn.reason.contains(claim) {
                *count += 1;
                assert!(holds(turn), "{claim:?} is not true: {said}");
            }
        }
        for (what, amount) in amounts(&turn.reason) {
            numbers += 1;
            assert_eq!(amount, turn.amount(&what), "amount of {what}: {said}");
        }
        // Whoever looks around says what for, and why not for food if that runs out.
        let looks = turn.reason.contains("look around") || turn.reason.contains("search the");
        let mut needs = ["food", "drink"]
            .into_iter()
            .filter(|need| turn.amount(need) <= 2);
        let hardship = needs.clone().next().is_some();
        let told = needs.any(|need| turn.reason.to_lowercase().contains(need));
        assert!(!looks || !hardship || told, "hardship is left out: {said}");
        for empty in [
            "what I need next",
            "so I go for tree",
            "so I go for stone",
            "see to a place",
        ] {
            assert!(!turn.reason.contains(empty), "no purpose: {said}");
        }
        let sentence = turn
            .reason
            .starts_with(|first: char| first.is_ascii_uppercase());
        assert!(
            sentence && turn.reason.ends_with('.'),
            "no sentence: {said}"
        );
    }
    assert!(numbers > 100, "{numbers} numbers compared");
    let unused: Vec<_> = made.iter().filter(|(_, count)| *count == 0).collect();
    assert!(unused.is_empty(), "never said: {unused:?}");
}
