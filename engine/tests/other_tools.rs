//! The table of docs/values-from-others.md, held against the registry.

use synth_engine::generator::find;

/// Who comes from another tool finds each name of docs/values-from-others.md.
#[test]
fn names_in_the_table_of_other_tools_exist() {
    let table = include_str!("../../docs/values-from-others.md");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let mut dummies = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        dummies += usize::from(cells[1].starts_with("`dummy_"));
        let ours = cells[3].trim_matches('`');
        assert!(find(ours).is_ok(), "there is no generator {ours}: {row}");
    }
    assert_eq!(dummies, 78);
}
