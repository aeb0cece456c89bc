//! What is installed beside the program belongs to the program that is built.

use attune::ui::app::APP_ID;

const ENTRY: &str = include_str!("../../assets/linux/attune.desktop");
const ABOUT: &str = include_str!("../../assets/linux/app.attune.Attune.metainfo.xml");

fn value<'a>(entry: &'a str, key: &str) -> &'a str {
    let found = entry.lines().find_map(|line| line.split_once('=').filter(|(name, _)| *name == key));
    found.unwrap_or_else(|| panic!("there is no {key}")).1
}

#[test]
fn the_menu_entry_starts_this_program_and_knows_its_window() {
    assert_eq!(value(ENTRY, "Exec"), env!("CARGO_PKG_NAME"));
    assert_eq!(value(ENTRY, "StartupWMClass"), APP_ID);
    let readme = include_str!("../../README.md");
    for installed in ["attune.desktop", "app.attune.Attune.metainfo.xml", "icon.png", "icon.svg"] {
        assert!(readme.contains(&format!("/{installed} ")), "README does not install {installed}");
    }
    assert!(readme.contains(&format!("apps/{}.png", value(ENTRY, "Icon"))));
}

#[test]
fn the_description_is_of_the_same_application() {
    let between = |start: &str, end: &str| ABOUT.split_once(start).unwrap().1.split_once(end).unwrap().0;
    assert_eq!(between("<launchable type=\"desktop-id\">", "<"), format!("{APP_ID}.desktop"));
    assert_eq!(between("<project_license>", "<"), env!("CARGO_PKG_LICENSE"));
    assert_eq!(between("<summary>", "<"), value(ENTRY, "Comment"));
    assert_eq!(between("<binary>", "<"), value(ENTRY, "Exec"));
}
