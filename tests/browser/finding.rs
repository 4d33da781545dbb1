//! What a person does with a page of many incidents: filters, searches, opens one by its id, goes
//! through them by keys, copies, prints, and reads it on a telephone.

use std::fs;

use serde_json::{Value, json};
use trailwhy::report::Report;
use trailwhy::wording::Language;

use super::chromium::Browser;
use super::{WINDOWS, all_incidents, comes_to, hostile, page, sample};

const DESK: (u32, u32) = (1440, 900);
const TELEPHONE: (u32, u32) = (390, 844);

/// As many incidents of the samples, each with an id and a caller of its own, in three accounts and
/// two Regions; the first two have one cause.
fn many(count: usize) -> Report {
    let mut report = all_incidents();
    let samples = report.incidents.clone();
    report.incidents = samples.iter().cycle().take(count).cloned().collect();
    for (number, incident) in report.incidents.iter_mut().enumerate() {
        incident.id = format!("inc-{number:016x}");
        incident.count = number as u64 + 1;
        incident.related.clear();
        if let Some(root) = &mut incident.root {
            let account = ["111122223333", "444455556666", "123456789012"][number % 3];
            root.account_id = Some(account.to_owned());
            root.region = Some(["eu-west-1", "ap-northeast-1"][number % 2].to_owned());
            root.principal_arn = Some(format!("arn:aws:iam::{account}:user/caller-{number}"));
        }
        if let Some(change) = &mut incident.change {
            change.event_id = format!("change-{number}");
        }
        incident.verdict.policy = None;
        // Every other sample holds a user's own words, here something to be found.
        incident.verdict.explanation.push_str(&format!(" Needle{number}."));
    }
    if let [first, second, ..] = report.incidents.as_mut_slice() {
        first.related = vec![second.id.clone()];
        second.related = vec![first.id.clone()];
    }
    report
}

fn shown(browser: &mut Browser) -> Value {
    browser.eval(
        "[...document.querySelectorAll('.incidents > li')]
            .filter(li => li.offsetHeight > 0 && !li.matches('.head'))
            .map(li => li.querySelector('.what a').hash.slice(-2))",
    )
}

fn hash(browser: &mut Browser) -> String {
    browser.eval("decodeURIComponent(location.hash)").as_str().unwrap().to_owned()
}

/// Opens a page anew, also where only the fragment of its address is another.
fn visit(browser: &mut Browser, url: &str, window: (u32, u32)) {
    browser.open("about:blank", window);
    browser.open(url, window);
}

/// Opens a list of chips.
fn unfold(browser: &mut Browser, facet: &str) {
    browser.click(&format!("[data-facet={facet}] summary"));
    let chips =
        format!("String(document.querySelectorAll('[data-facet={facet}] .chip').length > 0)");
    assert_eq!(browser.eval(&comes_to(&chips, "true")), true);
}

/// Two frames: what was asked for is drawn.
fn settle(browser: &mut Browser) {
    browser.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

fn type_text(browser: &mut Browser, text: &str) {
    browser.call("Input.insertText", json!({ "text": text }));
}

/// What an article stands below the top of the window, rounded.
fn top_of(browser: &mut Browser, id: &str) -> i64 {
    let top = format!("Math.round(document.getElementById('{id}').getBoundingClientRect().top)");
    browser.eval(&top).as_i64().unwrap()
}

#[test]
fn filters_by_several_things_at_once_and_keeps_them_in_the_address() {
    let Some(mut browser) = Browser::start() else { return };
    let url = page("filters", &many(12), Language::En);
    visit(&mut browser, &url, DESK);
    assert_eq!(shown(&mut browser).as_array().unwrap().len(), 12);
    unfold(&mut browser, "account");
    let account =
        browser.eval("document.querySelector('[data-facet=account] .chip').firstChild.data");
    browser.click("[data-facet=account] .chip");
    assert_eq!(shown(&mut browser).as_array().unwrap().len(), 4);
    unfold(&mut browser, "region");
    let chip = "[data-facet=region] .chip";
    // The numbers on the chips are those of what is left.
    let counts = browser.eval(&format!(
        "[...document.querySelectorAll('{chip} small')].map(small => Number(small.textContent))"
    ));
    assert_eq!(counts, json!([2, 2]));
    browser.click(chip);
    let region = browser.eval(&format!("document.querySelector('{chip}').firstChild.data"));
    let left = shown(&mut browser);
    assert_eq!(left.as_array().unwrap().len(), 2);
    assert_eq!(browser.eval("document.getElementById('shown').textContent"), "2 of 12 shown");
    let expected =
        format!("#?account={}&region={}", account.as_str().unwrap(), region.as_str().unwrap());
    assert_eq!(hash(&mut browser), expected);
    // A link keeps them.
    visit(&mut browser, &format!("{url}{expected}"), DESK);
    assert_eq!(shown(&mut browser), left);
    browser.click("#clear");
    assert_eq!(shown(&mut browser).as_array().unwrap().len(), 12);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn searches_all_that_is_said_sorts_and_puts_one_cause_together() {
    let Some(mut browser) = Browser::start() else { return };
    visit(&mut browser, &page("searches", &many(12), Language::En), DESK);
    browser.click("#find");
    type_text(&mut browser, "needle7.");
    assert_eq!(shown(&mut browser), json!(["07"]));
    browser.press("Escape", 27);
    let choose = |select: &str, value: &str| {
        format!(
            "(() => {{ const s = document.getElementById('{select}'); s.value = '{value}';
               s.dispatchEvent(new Event('change')); }})()"
        )
    };
    browser.eval(&choose("sort", "often"));
    assert_eq!(shown(&mut browser)[0], "0b");
    browser.eval(&choose("group", "cause"));
    let heads = "[...document.querySelectorAll('.incidents .head')].map(h => h.textContent.trim())";
    let heads = browser.eval(heads);
    let expected = ["2 incidents with one cause: ", "Each with a cause of its own 10"];
    for (head, begin) in heads.as_array().unwrap().iter().zip(expected) {
        assert!(head.as_str().unwrap().starts_with(begin), "{head}");
    }
    assert_eq!(heads.as_array().unwrap().len(), 2);
    let first: Vec<Value> = shown(&mut browser).as_array().unwrap()[..2].to_vec();
    assert_eq!(first, ["01", "00"]);
}

#[test]
fn an_id_in_the_address_opens_the_incident_beside_the_list() {
    let Some(mut browser) = Browser::start() else { return };
    let url = page("opens", &many(60), Language::En);
    let id = "inc-000000000000001f";
    visit(&mut browser, &format!("{url}#{id}"), DESK);
    settle(&mut browser);
    assert!((0..60).contains(&top_of(&mut browser, id)), "the incident is not in view");
    assert_eq!(browser.eval("document.activeElement.id"), id);
    // The list stays in view, with the row of what is read.
    let row =
        "(() => { const r = document.querySelector('.incidents .here').getBoundingClientRect();
        return r.top >= 0 && r.bottom <= innerHeight && r.width > 200; })()";
    assert_eq!(browser.eval(row), true);
    browser.eval("scrollBy(0, 400)");
    settle(&mut browser);
    assert_eq!(browser.eval(row), true, "the list went away");
    // A reference from one incident to another.
    visit(&mut browser, &format!("{url}#inc-0000000000000000"), DESK);
    browser.click("#inc-0000000000000000 .because a[href='#inc-0000000000000001']");
    settle(&mut browser);
    assert!((0..60).contains(&top_of(&mut browser, "inc-0000000000000001")));
    assert_eq!(hash(&mut browser), "#inc-0000000000000001");
    // Something that is nowhere is no error.
    for nowhere in ["#inc-ffff", "#?kind=nothing&x=y&sort=z", "#%E0%A4%A", "#?"] {
        visit(&mut browser, &format!("{url}{nowhere}"), DESK);
        assert_eq!(shown(&mut browser).as_array().unwrap().len(), 60, "{nowhere}");
        assert_eq!(browser.complaints(), [""; 0], "{nowhere}");
    }
}

#[test]
fn keys_go_through_the_list() {
    let Some(mut browser) = Browser::start() else { return };
    visit(&mut browser, &page("keys", &many(12), Language::En), DESK);
    let here = "document.querySelector('.here .what a')?.hash.slice(-2) ?? ''";
    for (key, code, expected) in
        [("j", 74, "00"), ("j", 74, "01"), ("j", 74, "02"), ("k", 75, "01")]
    {
        browser.press(key, code);
        assert_eq!(browser.eval(here), expected);
    }
    browser.press("Enter", 13);
    let reading = comes_to("String(document.body.matches('.reading'))", "true");
    assert_eq!(browser.eval(&reading), true);
    settle(&mut browser);
    assert!((0..60).contains(&top_of(&mut browser, "inc-0000000000000001")));
    browser.press("j", 74);
    assert_eq!(browser.eval(&comes_to("location.hash", "#inc-0000000000000002")), true);
    browser.press("Escape", 27);
    let reading = comes_to("String(document.body.matches('.reading'))", "false");
    assert_eq!(browser.eval(&reading), true);
    let focus = comes_to("document.activeElement.hash", "#inc-0000000000000002");
    assert_eq!(browser.eval(&focus), true);
    browser.press("/", 191);
    assert_eq!(browser.eval(&comes_to("document.activeElement.id", "find")), true);
    // In the search, letters are letters.
    browser.press("j", 74);
    assert_eq!(browser.eval(here), "02");
    type_text(&mut browser, "caller-5");
    browser.press("Enter", 13);
    let focus = comes_to("document.activeElement.hash?.slice(-2) ?? ''", "05");
    assert_eq!(browser.eval(&focus), true);
    let keys = "String(document.getElementById('keys').open)";
    browser.press("?", 191);
    assert_eq!(browser.eval(&comes_to(keys, "true")), true);
    browser.press("Escape", 27);
    assert_eq!(browser.eval(&comes_to(keys, "false")), true);
    assert_eq!(shown(&mut browser), json!(["05"]), "Escape closes what is open, and no more");
    browser.click("#help");
    assert_eq!(browser.eval("document.getElementById('keys').open"), true);
    browser.click("#close");
    assert_eq!(browser.eval("document.getElementById('keys').open"), false);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_short_arn_copies_in_full() {
    let Some(mut browser) = Browser::start() else { return };
    browser.allow(&["clipboardReadWrite", "clipboardSanitizedWrite"]);
    let mut report = sample("ebs_source_ip.json");
    let arn = "arn:aws:iam::111122223333:role/team/deploy";
    report.incidents[0].verdict.explanation = format!("Denied to {arn} twice.");
    visit(&mut browser, &page("arns", &report, Language::En), DESK);
    assert_eq!(
        browser.eval("document.querySelector('.explanation').innerText"),
        "Denied to role/deploy twice."
    );
    for way in ["pointer", "key"] {
        browser.eval("navigator.clipboard.writeText('before')");
        match way {
            "pointer" => browser.click(".explanation .arn"),
            _ => {
                browser.eval("document.querySelector('.explanation .arn').focus()");
                browser.press("Enter", 13);
            }
        }
        let said = comes_to("document.querySelector('#said').textContent", "Copied");
        assert_eq!(browser.eval(&said), true);
        assert_eq!(browser.eval("navigator.clipboard.readText()"), arn, "{way}");
    }
}

#[test]
fn everything_is_printed_whatever_is_shown() {
    let Some(mut browser) = Browser::start() else { return };
    visit(&mut browser, &page("paper", &many(40), Language::En), DESK);
    browser.click("#find");
    type_text(&mut browser, "needle7.");
    let drawn = "[...document.querySelectorAll('article, .incidents > li')]
        .filter(e => e.getClientRects().length && e.offsetHeight > 20).length";
    assert_eq!(browser.eval(drawn), 2);
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    assert_eq!(browser.eval(drawn), 80);
    let tools = "['.finder', '.copy', '.back', 'dialog', 'a.leave']
        .filter(s => [...document.querySelectorAll(s)].some(e => e.offsetHeight > 0))";
    assert_eq!(browser.eval(tools), json!([]), "tools on paper");
}

#[test]
fn a_telephone_gets_the_calls_as_a_list() {
    let Some(mut browser) = Browser::start() else { return };
    let url = page("telephone", &many(12), Language::En);
    for window in WINDOWS {
        visit(&mut browser, &url, window);
        let pictures = "[...document.querySelectorAll('svg.timeline')].filter(e => e.getBoundingClientRect().width > 1).length";
        let lists = "[...document.querySelectorAll('.told')].filter(e => e.getBoundingClientRect().width > 1).length";
        let (pictures, lists) = (browser.eval(pictures).as_u64(), browser.eval(lists).as_u64());
        let is_narrow = window == TELEPHONE;
        assert_eq!((pictures > Some(0), lists > Some(0)), (!is_narrow, is_narrow), "{window:?}");
        for facet in ["layer", "account", "service", "caller"] {
            unfold(&mut browser, facet);
            let width = browser.eval("document.documentElement.scrollWidth");
            assert_eq!(width, json!(window.0), "{window:?} with {facet}");
        }
    }
    // Each call is there, with its end.
    let said = browser.eval("document.querySelector('.told').innerText");
    assert!(said.as_str().unwrap().contains("ec2:"), "{said}");
}

#[test]
fn one_to_three_incidents_are_read_without_tools() {
    let Some(mut browser) = Browser::start() else { return };
    for count in [1, 2, 3] {
        visit(&mut browser, &page("few", &many(count), Language::En), DESK);
        let tools = "document.querySelectorAll('.finder, dialog, .back').length";
        assert_eq!(browser.eval(tools), 0, "{count}");
        if count == 1 {
            // What failed, which layer, how sure, who changed what, what to do: on the first screen.
            for place in ["h2", ".answer", ".confidence", ".because .facts"] {
                let bottom = format!(
                    "document.querySelector('article {place}').getBoundingClientRect().bottom"
                );
                assert!(browser.eval(&bottom).as_f64().unwrap() < 900.0, "{place}");
            }
        }
    }
}

#[test]
fn a_hundred_and_thirty_incidents_open_at_once() {
    let Some(mut browser) = Browser::start() else { return };
    let url = page("hundred", &many(130), Language::En);
    let bytes = fs::metadata(url.strip_prefix("file://").unwrap()).unwrap().len();
    visit(&mut browser, &url, DESK);
    let ready = browser.eval("performance.getEntriesByType('navigation')[0].domInteractive");
    // A second on a machine of its own; here others work too.
    assert!(ready.as_f64().unwrap() < 5_000.0, "{ready} ms of {bytes} bytes");
    assert_eq!(browser.eval("document.querySelectorAll('article').length"), 130);
}

#[test]
fn links_leave_only_for_the_console_and_say_so() {
    let Some(mut browser) = Browser::start() else { return };
    visit(&mut browser, &super::sample_page("1-ebs-source-ip", Language::En), DESK);
    let links = "[...document.querySelectorAll('a:not([href^=\"#\"])')].map(a => ({
        host: a.hostname, rel: a.rel, text: a.textContent, target: a.target }))";
    let links = browser.eval(links);
    let links = links.as_array().unwrap();
    assert!(links.len() > 3, "{links:?}");
    for link in links {
        let expected = json!({
            "host": "console.aws.amazon.com", "rel": "noopener noreferrer",
            "text": "console ↗", "target": "_blank",
        });
        assert_eq!(*link, expected);
    }
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn what_strangers_wrote_stays_text_in_the_tools() {
    let Some(mut browser) = Browser::start() else { return };
    let mut report = hostile();
    let incident = report.incidents[0].clone();
    report.incidents = vec![incident; 6];
    let markup = "<img src=x onerror=\"document.title='owned'\">";
    for (number, incident) in report.incidents.iter_mut().enumerate() {
        incident.id =
            ["inc-1", "inc-1", "find", "\"><script>", "inc-2?x=y", "__proto__"][number].into();
        incident.related = vec!["inc-1".into(), "inc-<b>".into()];
        if let Some(root) = &mut incident.root {
            root.region = Some(["toString", "__proto__", markup][number % 3].to_owned());
            root.account_id = Some(format!("{markup}{number}"));
        }
    }
    let url = page("tools", &report, Language::En);
    let hash = "region=__proto__&account=%3Cimg%20src%3Dx%3E&find=%3Cscript%3E&sort=constructor";
    for address in [url.clone(), format!("{url}#?{hash}"), format!("{url}#inc-1?{hash}")] {
        visit(&mut browser, &address, DESK);
        browser.press("Escape", 27);
        browser.eval("document.querySelector('#clear').click()");
        unfold(&mut browser, "region");
        let chips = "[...document.querySelectorAll('[data-facet=region] .chip')]
            .map(chip => [chip.firstChild.data, chip.lastChild.textContent])";
        let chips = browser.eval(chips);
        for (name, count) in [("toString", "2"), ("__proto__", "2"), (markup, "2")] {
            assert!(chips.as_array().unwrap().contains(&json!([name, count])), "{chips}");
        }
        browser.click("[data-facet=region] .chip");
        let elements =
            "document.querySelectorAll('img, iframe, [onerror], script:not(body > script)').length";
        assert_eq!(browser.eval(elements), 0);
        assert!(!browser.eval("document.title").as_str().unwrap().contains("owned"));
        let ids = "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
            return ids.filter((id, i) => ids.indexOf(id) !== i); })()";
        assert_eq!(browser.eval(ids), json!([]), "ids that come twice");
        assert_eq!(browser.complaints(), [""; 0]);
    }
    for window in WINDOWS {
        visit(&mut browser, &url, window);
        let width = browser.eval("document.documentElement.scrollWidth");
        assert_eq!(width, json!(window.0), "{window:?}");
    }
}
