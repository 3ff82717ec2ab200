//! Reads the words models use for actions.
//!
//! The environment's own names come first; aliases are other words for exactly
//! one action. Whatever is accepted is recorded under the action's own name.

use env_crafter::Action;

/// Other words for an action, in normalized spelling.
const ALIASES: &[(&str, Action)] = &[
    ("no_op", Action::Noop),
    ("nothing", Action::Noop),
    ("do_nothing", Action::Noop),
    ("wait", Action::Noop),
    ("idle", Action::Noop),
    ("stay", Action::Noop),
    ("left", Action::MoveLeft),
    ("west", Action::MoveLeft),
    ("move_west", Action::MoveLeft),
    ("go_left", Action::MoveLeft),
    ("go_west", Action::MoveLeft),
    ("right", Action::MoveRight),
    ("east", Action::MoveRight),
    ("move_east", Action::MoveRight),
    ("go_right", Action::MoveRight),
    ("go_east", Action::MoveRight),
    ("up", Action::MoveUp),
    ("north", Action::MoveUp),
    ("move_north", Action::MoveUp),
    ("go_up", Action::MoveUp),
    ("go_north", Action::MoveUp),
    ("down", Action::MoveDown),
    ("south", Action::MoveDown),
    ("move_south", Action::MoveDown),
    ("go_down", Action::MoveDown),
    ("go_south", Action::MoveDown),
    ("use", Action::Do),
    ("rest", Action::Sleep),
    ("plant", Action::PlacePlant),
    ("plant_sapling", Action::PlacePlant),
    ("place_sapling", Action::PlacePlant),
    ("make_table", Action::PlaceTable),
    ("make_furnace", Action::PlaceFurnace),
];

/// Verbs for using what is faced; alone, or followed by what they are meant for
/// (`collect_wood`, `attack_zombie`): the world decides what `do` does.
const DO_VERBS: &[&str] = &[
    "interact", "collect", "gather", "harvest", "chop", "mine", "drink", "eat", "attack", "hit",
    "fight",
];

/// What the verbs may be followed by. A sentence that goes on otherwise, as to "mine if it
/// is safe" or "attack, then flee", asks for more than its first word.
const OBJECTS: &[&str] = &[
    "a", "an", "at", "coal", "cow", "diamond", "enemy", "food", "from", "fruit", "grass", "iron",
    "it", "log", "meat", "monster", "ore", "plant", "ripe", "rock", "sapling", "skeleton", "some",
    "stone", "the", "tree", "water", "with", "wood", "zombie",
];

/// The action a word means: its own name or an alias, in any case and
/// with spaces or hyphens for underscores.
///
/// ```
/// use agent_react::tools::action_from_word;
/// use env_crafter::Action;
///
/// assert_eq!(action_from_word("Move West"), Some(Action::MoveLeft));
/// assert_eq!(action_from_word("craft_wooden_pickaxe"), Some(Action::MakeWoodPickaxe));
/// assert_eq!(action_from_word("fly"), None);
/// ```
pub fn action_from_word(word: &str) -> Option<Action> {
    if let Some(action) = Action::from_name(word) {
        return Some(action);
    }
    let word = normalize(word);
    Action::from_name(&word)
        .or_else(|| {
            ALIASES
                .iter()
                .find(|(alias, _)| *alias == word)
                .map(|&(_, action)| action)
        })
        .or_else(|| uses_what_is_faced(&word).then_some(Action::Do))
}

fn uses_what_is_faced(word: &str) -> bool {
    let mut words = word.split('_').filter(|word| !word.is_empty());
    let verb = words.next().unwrap_or_default();
    DO_VERBS.contains(&verb) && words.all(|word| OBJECTS.contains(&word))
}

fn normalize(word: &str) -> String {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let mut name: String = bare
        .chars()
        .map(|c| {
            if c == ' ' || c == '-' {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect();
    for (from, to) in [
        ("craft_", "make_"),
        ("build_", "place_"),
        ("wooden_", "wood_"),
        ("make_table", "place_table"),
    ] {
        if name.contains(from) {
            name = name.replacen(from, to, 1);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: &str) {
        let read = action_from_word(word).map_or("none", Action::name);
        assert_eq!(read, expected, "reading {word:?}");
    }

    #[test]
    fn own_names_mean_themselves() {
        for action in Action::ALL {
            check(action.name(), action.name());
        }
    }

    #[test]
    fn aliases_mean_one_action() {
        check("left", "move_left");
        check(" West ", "move_left");
        check("Move North", "move_up");
        check("rest", "sleep");
        check("interact", "do");
        check("collect", "do");
        check("drink water", "do");
        check("attack-zombie", "do");
        check("Interact with the tree", "do");
        check("craft_iron_sword", "make_iron_sword");
        check("Make Wooden Pickaxe", "make_wood_pickaxe");
        check("craft_table", "place_table");
        check("craft_furnace", "place_furnace");
        check("build_furnace", "place_furnace");
        check("`do`", "do");
        check("no-op", "noop");
    }

    #[test]
    fn other_words_mean_nothing() {
        for word in [
            "",
            "fly",
            "leftish",
            "move",
            "make_diamond_sword",
            "movement_left",
            "interact with the tree, then left",
            "mine if it is safe",
            "attack or flee",
            "eat nothing",
            "17",
        ] {
            check(word, "none");
        }
    }
}
