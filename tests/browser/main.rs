//! The HTML report in a real browser: it opens without a word in the console and without asking
//! the network, fits narrow and wide windows, folds, copies, keeps texts apart, and lets nothing
//! that a log says become anything but text. Without Chromium the tests pass over, but not in CI.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected fails"
)]

mod chromium;
mod finding;

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trailwhy::report::Report;
use trailwhy::report::html::{self, RawEvents};
use trailwhy::report::zone::Zone;
use trailwhy::wording::{Language, Wording};

use self::chromium::Browser;

const WINDOWS: [(u32, u32); 3] = [(390, 844), (820, 1180), (1440, 900)];

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/html")
}

fn sample(name: &str) -> Report {
    serde_json::from_str(&fs::read_to_string(data().join(name)).unwrap()).unwrap()
}

/// All honest samples as one report.
fn all_incidents() -> Report {
    let mut names: Vec<String> = fs::read_dir(data())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "hostile.json")
        .collect();
    names.sort();
    let mut report = sample(&names[0]);
    report.incidents = names.iter().flat_map(|name| sample(name).incidents).collect();
    report
}

/// The hostile sample, with a user agent of a megabyte among its factors.
fn hostile() -> Report {
    let mut report = sample("hostile.json");
    let agent = format!("{}{}", "<b onclick=x>".repeat(40_000), "a b ".repeat(125_000));
    report.incidents[0].comparison.factors[0].value = agent;
    report
}

/// Records that a stranger wrote.
struct HostileRecords;

impl RawEvents for HostileRecords {
    fn record(&self, event_id: &str) -> Option<Cow<'_, str>> {
        let record = json!({
            "eventID": event_id,
            "userAgent": "</pre></details><script>document.title='owned'</script>\u{202e}",
            "responseElements": { "credentials": { "sessionToken": "SECRET" } },
        });
        Some(record.to_string().into())
    }
}

/// Writes the page where the browser can open it.
fn page(name: &str, report: &Report, language: Language) -> String {
    let text = html::render(report, &Wording::new(language), &Zone::utc(), Some(&HostileRecords));
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{}.html", language.tag()));
    fs::write(&path, text).unwrap();
    Browser::file(&path)
}

/// The page that the program makes of a sample.
fn sample_page(name: &str, language: Language) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name);
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{}.html", language.tag()));
    let mut command = assert_cmd::Command::cargo_bin("trailwhy").unwrap();
    command.current_dir(folder).args(["analyze", "logs", "--policies", "policies", "--quiet"]);
    command.args(["--lang", language.tag(), "-o"]).arg(&path).assert().code(1);
    Browser::file(&path)
}

fn pages() -> Vec<String> {
    let mut urls = vec![
        sample_page("1-ebs-source-ip", Language::En),
        sample_page("3-backup-vault-key", Language::Ja),
        sample_page("6-auto-scaling-other-account-key", Language::En),
    ];
    for language in Language::ALL {
        urls.push(page("all", &all_incidents(), language));
        urls.push(page("hostile", &hostile(), language));
        let mut nothing = all_incidents();
        nothing.incidents.clear();
        urls.push(page("nothing", &nothing, language));
    }
    urls
}

#[test]
fn opens_in_silence_and_fits_every_window() {
    let Some(mut browser) = Browser::start() else { return };
    for url in pages() {
        for window in WINDOWS {
            for colours in ["light", "dark"] {
                let scheme = json!([{ "name": "prefers-color-scheme", "value": colours }]);
                browser.call("Emulation.setEmulatedMedia", json!({ "features": scheme }));
                browser.open(&url, window);
                browser.eval("document.querySelectorAll('details').forEach(d => d.open = true)");
                let width = browser.eval("document.documentElement.scrollWidth");
                assert_eq!(width, json!(window.0), "{url} overflows a window of {window:?}");
                assert_eq!(browser.eval(SQUEEZED_TEXTS), json!([]), "{url} at {window:?}");
                assert_eq!(browser.complaints(), [""; 0], "{url} at {window:?} in {colours}");
            }
        }
    }
}

/// Texts that are squeezed into a column of a letter or two.
const SQUEEZED_TEXTS: &str = "[...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim().length > 16))
    .filter(e => !e.closest('svg, .unseen, script, thead, [hidden]'))
    .filter(e => e.getBoundingClientRect().width > 0 && e.getBoundingClientRect().width < 60)
    .map(e => e.outerHTML.slice(0, 120))";

/// Pairs of texts in one picture whose boxes meet, and texts that leave their picture. A text that
/// is clipped counts with what is seen of it.
const TEXTS_THAT_TOUCH: &str = "(() => {
    const touching = [];
    for (const picture of document.querySelectorAll('svg.timeline')) {
        const frame = picture.getBoundingClientRect();
        if (frame.width === 0) continue;
        const boxes = [...picture.querySelectorAll('text')].map(text => {
            const own = text.getBoundingClientRect();
            const clip = text.ownerSVGElement.getBoundingClientRect();
            const inner = text.ownerSVGElement !== picture;
            return {
                text: text.textContent,
                left: inner ? Math.max(own.left, clip.left) : own.left,
                right: inner ? Math.min(own.right, clip.right) : own.right,
                top: own.top, bottom: own.bottom,
            };
        });
        boxes.forEach((a, i) => {
            if (a.right > frame.right + 1 || a.left < frame.left - 1) {
                touching.push([a.text, 'edge', a.left - frame.left, a.right - frame.right, frame.width]);
            }
            boxes.slice(i + 1).forEach(b => {
                if (a.left < b.right - 0.5 && b.left < a.right - 0.5
                    && a.top < b.bottom - 2 && b.top < a.bottom - 2) touching.push([a.text, b.text]);
            });
        });
    }
    return touching;
})()";

#[test]
fn no_text_in_a_picture_touches_another() {
    let Some(mut browser) = Browser::start() else { return };
    for url in pages() {
        for window in WINDOWS {
            browser.open(&url, window);
            let drawn = browser.eval("document.querySelectorAll('svg.timeline').length");
            assert!(url.contains("nothing") || drawn.as_u64() > Some(0), "{url} has no picture");
            assert_eq!(browser.eval(TEXTS_THAT_TOUCH), json!([]), "{url} at {window:?}");
        }
    }
}

#[test]
fn folds_by_pointer_and_by_key() {
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&page("folding", &all_incidents(), Language::En), WINDOWS[2]);
    let open = "document.querySelector('#calls-1').open";
    assert_eq!(browser.eval(open), json!(false));
    browser.click("#calls-1 > summary");
    assert_eq!(browser.eval(open), json!(true));
    browser.eval("document.querySelector('#calls-1 > summary').focus()");
    browser.press("Enter", 13);
    assert_eq!(browser.eval(open), json!(false));
    // A link to a call opens the table that it is in.
    browser.click("td.events a");
    assert_eq!(browser.eval("!!document.querySelector('tr:target')"), json!(true));
}

/// A promise that an expression of the page comes to a value.
fn comes_to(expression: &str, value: &str) -> String {
    format!(
        "new Promise(done => {{ const look = () =>
            ({expression}) === {value:?} ? done(true) : setTimeout(look, 20); look(); }})"
    )
}

#[test]
fn copies_the_fix_with_and_without_a_clipboard_of_its_own() {
    let Some(mut browser) = Browser::start() else { return };
    let report = sample("ebs_source_ip.json");
    let url = page("copying", &report, Language::En);
    let expected = report.incidents[0].fixes[0].document.clone().unwrap();
    let button = "section.fix .copy";
    let label = format!("document.querySelector({button:?}).textContent");
    browser.allow(&["clipboardReadWrite", "clipboardSanitizedWrite"]);
    for clipboard in ["its own", "none of its own"] {
        browser.open(&url, WINDOWS[2]);
        browser.eval("navigator.clipboard.writeText('before')");
        assert_eq!(browser.eval("document.querySelectorAll('.copy[hidden]').length"), json!(0));
        if clipboard == "none of its own" {
            browser.eval("delete Navigator.prototype.clipboard");
            assert_eq!(browser.eval("typeof navigator.clipboard"), json!("undefined"));
        }
        browser.click(button);
        assert_eq!(browser.eval(&comes_to(&label, "Copied")), json!(true), "{clipboard}");
        assert_eq!(browser.eval("document.querySelector('#said').textContent"), json!("Copied"));
        assert_eq!(browser.eval("document.activeElement.className"), json!("copy"));
        browser.open(&url, WINDOWS[2]);
        let text = browser.eval("navigator.clipboard.readText()");
        let copied: Value = serde_json::from_str(text.as_str().unwrap())
            .unwrap_or_else(|error| panic!("{clipboard}: {text} was copied: {error}"));
        assert_eq!(copied, expected, "{clipboard}");
    }
}

#[test]
fn what_strangers_wrote_stays_text() {
    let Some(mut browser) = Browser::start() else { return };
    for language in Language::ALL {
        browser.open(&page("strangers", &hostile(), language), WINDOWS[2]);
        let title = browser.eval("document.title");
        assert!(!title.as_str().unwrap().contains("owned"), "{title}");
        let count = |what: &str| format!("document.querySelectorAll({what:?}).length");
        assert_eq!(browser.eval(&count("script")), json!(1), "only the page's own script");
        assert_eq!(
            browser.eval(&count("img, iframe, object, embed, form, base, [style]")),
            json!(0)
        );
        let handlers = "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes])
            .filter(a => a.name.startsWith('on')
                || (/^(href|src|action)$/.test(a.name) && !/^(#|data:,$)/.test(a.value)
                    && !/^https:\\/\\/console\\.(aws\\.amazon\\.com|amazonaws\\.cn|amazonaws-us-gov\\.com)\\/[\\w?=#\\/%.~-]+$/.test(a.value)))
            .map(a => a.name + '=' + a.value)";
        assert_eq!(browser.eval(handlers), json!([]));
        let hidden = "(document.documentElement.outerHTML
            .match(/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f]/g)
            || []).length";
        assert_eq!(browser.eval(hidden), json!(0));
        let text = browser.eval("document.body.textContent");
        let text = text.as_str().unwrap();
        for shown in ["<script>document.title='owned'</script>", "‹U+202E›", "‹U+001B›[31;1mred"]
        {
            assert!(text.contains(shown), "{shown} is not shown");
        }
        assert!(!text.contains("SECRET"), "a session token is shown");
        assert_eq!(browser.eval("document.body.click(); document.title"), title);
    }
}

#[test]
fn reads_without_script() {
    let Some(mut browser) = Browser::start() else { return };
    let url = page("scriptless", &all_incidents(), Language::En);
    browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&url, WINDOWS[2]);
    // Buttons that could do nothing are not shown.
    let shown =
        browser.eval("[...document.querySelectorAll('.copy')].filter(b => !b.hidden).length");
    assert_eq!(shown, json!(0));
    assert_eq!(browser.eval("document.querySelectorAll('article').length"), json!(6));
    assert_eq!(browser.complaints(), [""; 0]);
}

/// Contrast of every text with what is behind it, by the Web Content Accessibility Guidelines 2.2
/// (1.4.3): 4.5, or 3 for large text. Gives those below.
const FAINT_TEXTS: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = colour => {
        canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = rgba(getComputedStyle(e).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255, 255];
    };
    const faint = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || element.closest('script, title')) continue;
        const style = getComputedStyle(element);
        const colour = rgba(element.closest('svg') ? style.fill : style.color);
        const [a, b] = [light(colour), light(behind(element))].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < (large ? 3 : 4.5)) faint.add(element.className + ' ' + contrast.toFixed(2));
    }
    return [...faint];
})()";

/// Headings that skip a level, ids that come twice, references to nothing, and pictures, buttons
/// or tables without a name.
const HARD_TO_HEAR: &str = "(() => {
    const found = [];
    let level = 0;
    for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5')) {
        const own = Number(heading.tagName[1]);
        if (own > level + 1) found.push('level skipped: ' + heading.textContent);
        if (!heading.textContent.trim()) found.push('empty heading');
        level = own;
    }
    const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
    ids.filter((id, i) => ids.indexOf(id) !== i).forEach(id => found.push('twice: ' + id));
    for (const name of ['aria-labelledby', 'aria-describedby'])
        for (const e of document.querySelectorAll('[' + name + ']'))
            if (!document.getElementById(e.getAttribute(name))) found.push(name + ' of nothing');
    for (const e of document.querySelectorAll('a[href^=\"#\"]'))
        if (!document.getElementById(e.getAttribute('href').slice(1))) found.push('link to nothing');
    for (const e of document.querySelectorAll('svg[role=img]'))
        if (!e.hasAttribute('aria-label') && !e.hasAttribute('aria-labelledby')) found.push('no name');
    for (const e of document.querySelectorAll('th')) if (!e.scope) found.push('th without scope');
    for (const tag of ['main', 'header', 'footer', 'h1'])
        if (!document.querySelector(tag)) found.push('no ' + tag);
    if (document.querySelectorAll('h1').length !== 1) found.push('more than one h1');
    return found;
})()";

#[test]
fn everyone_can_read_it() {
    let Some(mut browser) = Browser::start() else { return };
    for url in pages() {
        for colours in ["light", "dark"] {
            let scheme = json!([{ "name": "prefers-color-scheme", "value": colours }]);
            browser.call("Emulation.setEmulatedMedia", json!({ "features": scheme }));
            browser.open(&url, WINDOWS[2]);
            browser.eval("document.querySelectorAll('details').forEach(d => d.open = true)");
            assert_eq!(browser.eval(FAINT_TEXTS), json!([]), "{url} in {colours}");
        }
        assert_eq!(browser.eval(HARD_TO_HEAR), json!([]), "{url}");
    }
}

#[test]
fn prints_on_paper() {
    let Some(mut browser) = Browser::start() else { return };
    browser.open(&page("printed", &all_incidents(), Language::En), WINDOWS[2]);
    let paper = json!({ "preferCSSPageSize": true, "printBackground": true });
    let document = browser.call("Page.printToPDF", paper);
    // Base64 of `%PDF-`.
    assert!(document["data"].as_str().unwrap().starts_with("JVBERi0"));
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    let shown = "getComputedStyle(document.querySelector('.copy')).display";
    assert_eq!(browser.eval(shown), json!("none"), "a button on paper");
}
