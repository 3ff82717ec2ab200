//! The formats side by side, on the same scenes.

use base64::Engine;
use env_crafter::{Action, EnvConfig};

use super::{Format, Observation};
use crate::{environment::Environment, environment::EnvironmentOptions};

/// A small world, of which little is out of view.
const WORLD: (u64, u32) = (4, 16);
/// A sapling found and planted, a cow and trees in view, and a table too early.
const GARDEN: &str = "move_left do place_plant move_down move_down place_table";
/// Five steps toward the west edge, up to a tree.
const WEST: &str = "move_left move_left move_left move_left move_left";
/// Around a cow to the third row from the south edge.
const SOUTH: &str = "move_left move_left move_down move_down move_down move_down move_down \
                     move_down move_left move_down";
/// Five steps toward the east edge, the last against a tree.
const EAST: &str = "move_right move_right move_right move_right move_right";

fn observe(actions: &str, format: &str) -> Observation {
    let (seed, side) = WORLD;
    let config = EnvConfig {
        seed,
        area: (side, side),
        ..EnvConfig::default()
    };
    let options = EnvironmentOptions {
        format: format.parse().unwrap(),
        ..EnvironmentOptions::default()
    };
    let mut environment = Environment::new(config, options).unwrap();
    environment.execute(
        actions
            .split_whitespace()
            .map(|name| Action::from_name(name).unwrap()),
    );
    environment.observe()
}

fn text(actions: &str, format: &str) -> String {
    observe(actions, format).text
}

#[test]
fn synth_says_everything_in_words() {
    insta::assert_snapshot!(text(GARDEN, "synth/1"), @r"
    Step: 6 of 10000
    Health: 9/9, food: 9/9, drink: 9/9, energy: 9/9
    Position: x 7, y 10
    Facing: down (grass)
    Light: day (0.85)
    State: awake
    Inventory: none
    Achievements (2 of 22): collect_sapling, place_plant
    View (9x7, north is up, west is left, you are in the centre):
    grass grass grass grass grass  grass grass grass grass
    grass grass grass plant grass  grass grass grass grass
    tree  grass grass grass grass  grass grass grass grass
    grass grass grass grass player grass grass grass grass
    grass grass cow   grass grass  grass grass grass grass
    grass grass grass grass tree   grass grass grass tree
    grass grass grass grass grass  tree  grass grass grass
    Nearby:
    - tree: 2 steps (2 down)
    - plant: 3 steps (1 left, 2 up)
    - cow: 3 steps (2 left, 1 down)
    Last actions:
    - move_left: moved left
    - do: collected 1 sapling (unlocked collect_sapling!)
    - place_plant: placed plant (unlocked place_plant!)
    - move_down: moved down
    - move_down: moved down
    - place_table: needs 2 wood, have 0
    ");
}

#[test]
fn synth_shows_the_void_beyond_the_edge() {
    insta::assert_snapshot!(text(WEST, "synth/1"), @r"
    Step: 5 of 10000
    Health: 9/9, food: 9/9, drink: 9/9, energy: 9/9
    Position: x 3, y 8
    Facing: left (tree)
    Light: day (0.84)
    State: awake
    Inventory: none
    Achievements (0 of 22): none
    View (9x7, north is up, west is left, you are in the centre):
    void grass grass tree  grass  grass grass grass grass
    void grass grass grass grass  grass grass grass grass
    void cow   grass grass grass  grass grass grass grass
    void grass grass tree  player grass grass grass grass
    void grass grass grass tree   grass grass grass grass
    void grass tree  grass grass  grass grass grass grass
    void grass grass grass grass  grass grass cow   grass
    Nearby:
    - tree: 1 step (1 left)
    - cow: 4 steps (3 left, 1 up)
    - cow: 6 steps (3 right, 3 down)
    Last actions:
    - move_left: moved left
    - move_left: moved left
    - move_left: moved left
    - move_left: moved left
    - move_left: moved left
    ");
}

#[test]
fn grid_draws_glyphs() {
    insta::assert_snapshot!(text(GARDEN, "grid/1"), @r"
    step 6 | health 9 food 9 drink 9 energy 9 | x 7 y 10 | facing down (grass) | day
    .........
    ...p.....
    T........
    ....@....
    ..C......
    ....T...T
    .....T...
    legend: . grass, @ player, C cow, T tree, p plant
    inventory: none
    achievements: collect_sapling, place_plant
    > move_left: moved left
    > do: collected 1 sapling (unlocked collect_sapling!)
    > place_plant: placed plant (unlocked place_plant!)
    > move_down: moved down
    > move_down: moved down
    > place_table: needs 2 wood, have 0
    ");
}

#[test]
fn json_is_the_public_state() {
    insta::assert_snapshot!(text(GARDEN, "json/1"), @r#"{"last_actions":["move_left: moved left","do: collected 1 sapling (unlocked collect_sapling!)","place_plant: placed plant (unlocked place_plant!)","move_down: moved down","move_down: moved down","place_table: needs 2 wood, have 0"],"state":{"achievements":{"collect_sapling":1,"place_plant":1},"daylight":0.8462,"faced":"grass","facing":"down","inventory":{"coal":0,"diamond":0,"drink":9,"energy":9,"food":9,"health":9,"iron":0,"iron_pickaxe":0,"iron_sword":0,"sapling":0,"stone":0,"stone_pickaxe":0,"stone_sword":0,"wood":0,"wood_pickaxe":0,"wood_sword":0},"position":[7,10],"sleeping":false,"step":6,"step_limit":10000},"view":[["grass","grass","grass","grass","grass","grass","grass","grass","grass"],["grass","grass","grass","plant","grass","grass","grass","grass","grass"],["tree","grass","grass","grass","grass","grass","grass","grass","grass"],["grass","grass","grass","grass","player","grass","grass","grass","grass"],["grass","grass","cow","grass","grass","grass","grass","grass","grass"],["grass","grass","grass","grass","tree","grass","grass","grass","tree"],["grass","grass","grass","grass","grass","tree","grass","grass","grass"]]}"#);
}

#[test]
fn balrog_keeps_the_long_term_part() {
    let observation = observe(GARDEN, "balrog/1");
    insta::assert_snapshot!(observation.text, @r"
    Current Observation:
    Your status:
    - health: 9/9
    - food: 9/9
    - drink: 9/9
    - energy: 9/9

    You have nothing in your inventory.
    You see:
    - grass 1 step to your west
    - tree 2 steps to your south
    - cow 3 steps to your south-west
    - plant 3 steps to your north-west

    You face grass at your front.
    ");
    insta::assert_snapshot!(observation.text_later.unwrap(), @r"
    Obesrvation:
    You see:
    - grass 1 step to your west
    - tree 2 steps to your south
    - cow 3 steps to your south-west
    - plant 3 steps to your north-west

    You face grass at your front.
    ");
}

#[test]
fn balrog_names_the_nearest_of_each_kind_as_first_seen() {
    insta::assert_snapshot!(observe(EAST, "balrog/1").text_later.unwrap(), @r"
    Obesrvation:
    You see:
    - grass 1 step to your west
    - tree 1 step to your south
    - water 3 steps to your north-east
    - sand 2 steps to your east
    - coal 5 steps to your south-east
    - stone 6 steps to your south-east

    You face tree at your front.
    ");
}

#[test]
fn balrog_sees_nothing_near_the_west_edge() {
    insta::assert_snapshot!(observe(WEST, "balrog/1").text_later.unwrap(), @r"
    Obesrvation:
    You see nothing away from you.

    You face nothing at your front.
    ");
}

#[test]
fn balrog_does_not_see_what_is_faced_in_the_last_rows() {
    // Trees stand to the east in the last row and in the one before.
    let faced = |further: &str| {
        let seen = text(&format!("{SOUTH} {further}"), "balrog/1");
        seen.lines().next_back().map(str::to_owned)
    };
    let nothing = Some("You face nothing at your front.".to_owned());
    assert!(text(SOUTH, "synth/1").contains("Position: x 5, y 13"));
    assert!(
        text(&format!("{SOUTH} move_down move_right"), "synth/1").contains("Facing: right (tree)")
    );
    assert_eq!(faced("move_down move_right"), nothing);
    assert_eq!(faced("move_down move_down move_right"), nothing);
    let grass = Some("You face grass at your front.".to_owned());
    assert_eq!(faced("move_right move_left"), grass);
    assert_eq!(faced("move_down move_down move_left"), grass);
}

#[test]
fn smartplay_goes_by_id_and_knows_no_single_step() {
    insta::assert_snapshot!(text(EAST, "smartplay/1"), @r"
    You took action move_east.

    You see:
    - water 3 steps to your north-east
    - grass 1 steps to your west
    - stone 6 steps to your south-east
    - sand 2 steps to your east
    - tree 1 steps to your south
    - coal 5 steps to your south-east

    You face tree at your front.

    Your status:
    - health: 9/9
    - food: 9/9
    - drink: 9/9
    - energy: 9/9

    You have nothing in your inventory.
    ");
}

#[test]
fn smartplay_is_lost_near_the_west_edge() {
    insta::assert_snapshot!(text(WEST, "smartplay/1"), @"Error, you are out of the map.");
}

/// The pixels of the PNG that a model is sent.
fn picture(actions: &str) -> Vec<u8> {
    let url = observe(actions, "image/1").image.unwrap();
    let base64 = url.strip_prefix("data:image/png;base64,").unwrap();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.width, frame.height), (64, 64));
    pixels
}

#[test]
fn an_image_is_a_png_of_what_the_player_sees() {
    let alone = observe(GARDEN, "image/1");
    assert!(
        alone.text.starts_with("move_left: moved left\n"),
        "{}",
        alone.text
    );
    let with_words = observe(GARDEN, "image/1+synth/1");
    assert_eq!(with_words.text, text(GARDEN, "synth/1"));
    assert_eq!(with_words.image, alone.image);

    let pixels = picture(GARDEN);
    assert_eq!(pixels.len(), 64 * 64 * 3);
    let corner: [u8; 3] = pixels[..3].try_into().unwrap();
    assert!(
        corner[1] > corner[2],
        "grass is greener than blue: {corner:?}"
    );
}

/// The words of the view, rows from north to south.
fn view(actions: &str) -> Vec<Vec<String>> {
    let text = text(actions, "synth/1");
    let lines = text
        .lines()
        .skip_while(|line| !line.starts_with("View"))
        .skip(1)
        .take(7);
    lines
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

/// Where a format that draws the view shows trees, rows from north to south.
fn trees(actions: &str, format: &str) -> Vec<Vec<bool>> {
    let text = text(actions, format);
    let rows: Vec<Vec<bool>> = match format {
        "synth/1" => {
            let is_tree = |row: &Vec<String>| row.iter().map(|word| word == "tree").collect();
            view(actions).iter().map(is_tree).collect()
        }
        "grid/1" => {
            let rows = text.lines().skip(1).take(7);
            rows.map(|row| row.chars().map(|glyph| glyph == 'T').collect())
                .collect()
        }
        "json/1" => {
            let state: serde_json::Value = serde_json::from_str(&text).unwrap();
            let view: Vec<Vec<String>> = serde_json::from_value(state["view"].clone()).unwrap();
            let is_tree = |row: &Vec<String>| row.iter().map(|word| word == "tree").collect();
            view.iter().map(is_tree).collect()
        }
        other => panic!("{other} draws no view"),
    };
    assert!(rows.concat().contains(&true), "{text}");
    assert_eq!((rows.len(), rows.concat().len()), (7, 63), "{text}");
    rows
}

const DRAWING: [&str; 3] = ["synth/1", "grid/1", "json/1"];
const NAMING: [&str; 2] = ["balrog/1", "smartplay/1"];

#[test]
fn moving_right_moves_the_contents_left() {
    for format in DRAWING {
        let (before, after) = (trees("", format), trees("move_right", format));
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before[1..], after[..8], "{format}");
        }
        assert_ne!(before, after, "{format}");
    }
}

#[test]
fn moving_up_moves_the_contents_down() {
    for format in DRAWING {
        let before = trees("move_left", format);
        let after = trees("move_left move_up", format);
        assert_eq!(before[..6], after[1..], "{format}");
        assert_ne!(before, after, "{format}");
    }
}

/// Where a format that names the nearest of each kind says that one is.
fn nearest(kind: &str, actions: &str, format: &str) -> String {
    let text = text(actions, format);
    let lines = text.lines().map(|line| line.trim_start_matches("- "));
    let place = lines
        .filter_map(|line| line.strip_prefix(kind))
        .find(|place| place.contains(" to your "));
    place.expect(&text).trim().to_owned()
}

#[test]
fn walking_toward_something_brings_it_nearer() {
    for format in NAMING {
        let water = |step: &str| nearest("water", &format!("{EAST} {step}"), format);
        assert_eq!(water(""), "3 steps to your north-east", "{format}");
        assert_eq!(water("move_left"), "4 steps to your north-east", "{format}");
        assert_eq!(water("move_up"), "2 steps to your north-east", "{format}");
    }
}

#[test]
fn moving_right_moves_the_picture_left() {
    // After as many steps the light is the same.
    let (before, after) = (picture("noop"), picture("move_right"));
    let cell = |picture: &[u8], row: usize, column: usize| {
        let lines = (0..7).flat_map(|y| {
            let start = ((row * 7 + y) * 64 + column * 7) * 3;
            picture[start..start + 7 * 3].to_vec()
        });
        lines.collect::<Vec<u8>>()
    };
    let places = (0..7).flat_map(|row| (0..8).map(move |column| (row, column)));
    let moved =
        places.filter(|&(row, column)| cell(&before, row, column + 1) == cell(&after, row, column));
    // The player and cows differ.
    let moved = moved.count();
    assert!(moved > 50, "{moved} of 56 cells");
    assert_ne!(before, after);
}

#[test]
fn the_player_is_in_the_middle_and_looks_where_it_went() {
    for (action, facing) in [
        ("move_left", "left"),
        ("move_right", "right"),
        ("move_up", "up"),
        ("move_down", "down"),
    ] {
        assert_eq!(view(action)[3][4], "player");
        assert!(text(action, "synth/1").contains(&format!("\nFacing: {facing} (")));
    }
}

#[test]
fn names_are_read_as_they_are_written() {
    let names = [
        "synth/1",
        "grid/1",
        "json/1",
        "balrog/1",
        "smartplay/1",
        "image/1",
        "image/1+balrog/1",
    ];
    for name in names {
        assert_eq!(name.parse::<Format>().unwrap().to_string(), name);
    }
    insta::assert_snapshot!(
        "synth/2".parse::<Format>().unwrap_err(),
        @r#"unknown observation format "synth/2"; known: synth/1, grid/1, json/1, balrog/1, smartplay/1, image/1, and image/1 with one of the others, as in image/1+synth/1"#
    );
}
