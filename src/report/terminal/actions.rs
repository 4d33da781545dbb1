//! Each denied action of an incident that holds several, at a glance.

use super::{INDENT, table};
use crate::report::layout::{Margin, Page, spans};
use crate::report::{Incident, title};
use crate::wording::{Sentence, Wording};

/// Actions shown; the others are in the JSON report.
const MOST: usize = 20;

pub(super) fn put(page: &mut Page, incident: &Incident, wording: &Wording) {
    if !title::is_mixed(incident) {
        return;
    }
    let head = [
        Sentence::new("column-times"),
        Sentence::new("column-denied"),
        Sentence::new("column-asked"),
        Sentence::new("column-on"),
    ];
    let mut rows = vec![head.map(|column| wording.say(&column))];
    let shown = incident.actions.iter().take(MOST);
    rows.extend(shown.map(|action| {
        [
            action.count.to_string(),
            title::named(incident, action, wording),
            action.root_action.clone().unwrap_or_else(|| "–".to_owned()),
            title::resources(action, wording),
        ]
    }));
    page.blank();
    table::put(page, INDENT, rows);
    let left = incident.actions.len().saturating_sub(MOST);
    if left > 0 {
        let left = wording.say(&Sentence::new("and-more").arg("count", left));
        page.put(Margin::of(INDENT), &spans![Quiet left]);
    }
}
