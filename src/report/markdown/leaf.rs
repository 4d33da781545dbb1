//! A comparison in Markdown.

use super::{Draft, code, prose};
use crate::report::groups::Groups;
use crate::report::leaf::{self, Cell, Detail, Leaf, Part, Sort, Table};
use crate::report::side_by_side::SideBySide;
use crate::report::zone::Zone;
use crate::wording::Wording;

/// Two chains side by side.
pub fn side_by_side(found: &SideBySide, detail: Detail, wording: &Wording) -> String {
    put(&leaf::of_chains(found, detail, wording), wording)
}

/// Two groups of calls.
pub fn groups(groups: &Groups, detail: Detail, wording: &Wording) -> String {
    put(&leaf::of_groups(groups, detail, wording), wording)
}

fn put(leaf: &Leaf, wording: &Wording) -> String {
    let zone = Zone::utc();
    let mut draft = Draft { text: String::new(), wording, zone: &zone };
    draft.heading(1, &leaf.title);
    for part in &leaf.parts {
        match part {
            Part::Heading(text) => draft.heading(2, text),
            Part::Line(text) => draft.paragraph(text),
            Part::Strong(text) => draft.text.push_str(&format!("**{}**\n\n", prose(text))),
            Part::Table(table) => put_table(&mut draft, table),
        }
    }
    draft.text
}

fn put_table(draft: &mut Draft<'_>, table: &Table) {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let cell = |cell: &Cell| match cell.sort {
        Sort::Plain => prose(&cell.text),
        Sort::Same | Sort::Failed | Sort::Worked => code(&cell.text),
    };
    draft.text.push_str(&row(table.head.iter().map(|text| prose(text)).collect()));
    draft.text.push_str(&row(table.head.iter().map(|_| "---".to_owned()).collect()));
    for cells in &table.rows {
        draft.text.push_str(&row(cells.iter().map(cell).collect()));
    }
    draft.text.push('\n');
}
