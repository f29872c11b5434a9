//! Colours that a log brings along (`ESC [ … m`): the text between the sequences, and how it is to look. Of all escape
//! sequences these alone are understood, and none is passed on.

use ratatui::style::{Color, Modifier, Style};
use std::ops::Range;

/// The text of a message without its colour sequences, each stretch with its look; `None` if there are none.
pub(crate) fn stretches(bytes: &[u8]) -> Option<Vec<(Range<usize>, Style)>> {
    memchr::memchr(0x1b, bytes)?;
    let mut stretches = Vec::new();
    let (mut style, mut at, mut look) = (Style::new(), 0, 0);
    while let Some(escape) = memchr::memchr(0x1b, &bytes[look..]).map(|found| look + found) {
        let len = sequence_len(&bytes[escape..]);
        if len == 0 {
            look = escape + 1;
            continue;
        }
        if at < escape {
            stretches.push((at..escape, style));
        }
        apply(&bytes[escape + 2..escape + len - 1], &mut style);
        (at, look) = (escape + len, escape + len);
    }
    if at < bytes.len() {
        stretches.push((at..bytes.len(), style));
    }
    Some(stretches)
}

/// The length of a colour sequence at the start, or 0.
pub(crate) fn sequence_len(bytes: &[u8]) -> usize {
    if !bytes.starts_with(b"\x1b[") {
        return 0;
    }
    let body = bytes[2..].iter().take_while(|byte| matches!(byte, b'0'..=b'?' | b' '..=b'/')).count();
    if bytes.get(2 + body) == Some(&b'm') { body + 3 } else { 0 }
}

fn apply(parameters: &[u8], style: &mut Style) {
    let mut numbers = parameters
        .split(|byte| matches!(byte, b';' | b':'))
        .map(|text| std::str::from_utf8(text).ok().and_then(|text| text.parse::<u8>().ok()).unwrap_or(0));
    while let Some(number) = numbers.next() {
        *style = match number {
            0 => Style::new(),
            1 => style.add_modifier(Modifier::BOLD),
            2 => style.add_modifier(Modifier::DIM),
            3 => style.add_modifier(Modifier::ITALIC),
            4 => style.add_modifier(Modifier::UNDERLINED),
            7 => style.add_modifier(Modifier::REVERSED),
            9 => style.add_modifier(Modifier::CROSSED_OUT),
            22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
            23 => style.remove_modifier(Modifier::ITALIC),
            24 => style.remove_modifier(Modifier::UNDERLINED),
            27 => style.remove_modifier(Modifier::REVERSED),
            29 => style.remove_modifier(Modifier::CROSSED_OUT),
            30..=37 => style.fg(Color::Indexed(number - 30)),
            38 => more(&mut numbers).map_or(*style, |color| style.fg(color)),
            39 => Style { fg: None, ..*style },
            40..=47 => style.bg(Color::Indexed(number - 40)),
            48 => more(&mut numbers).map_or(*style, |color| style.bg(color)),
            49 => Style { bg: None, ..*style },
            90..=97 => style.fg(Color::Indexed(number - 82)),
            100..=107 => style.bg(Color::Indexed(number - 92)),
            _ => *style,
        };
    }
}

/// One of 256 colours, or a true one.
fn more(numbers: &mut impl Iterator<Item = u8>) -> Option<Color> {
    match numbers.next()? {
        5 => numbers.next().map(Color::Indexed),
        2 => Some(Color::Rgb(numbers.next()?, numbers.next()?, numbers.next()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colours_become_styles_and_other_sequences_stay_text() {
        let text = b"a\x1b[1;31mred\x1b[0m \x1b[38;5;208morange\x1b[39;48;2;1;2;3mx\x1b[2J";
        let found = stretches(text).unwrap();
        let plain = Style::new();
        let wanted = [
            ("a", plain),
            ("red", plain.add_modifier(Modifier::BOLD).fg(Color::Indexed(1))),
            (" ", plain),
            ("orange", plain.fg(Color::Indexed(208))),
            ("x\x1b[2J", plain.bg(Color::Rgb(1, 2, 3))),
        ];
        let found: Vec<_> = found
            .into_iter()
            .map(|(range, style)| (std::str::from_utf8(&text[range]).unwrap(), style))
            .collect();
        assert_eq!(found, wanted);
        assert!(stretches(b"no colours").is_none());
    }

    proptest! {
        #[test]
        fn only_colour_sequences_are_left_out(parts in proptest::collection::vec("(\\x1b\\[[0-9;:]{0,12}m?|[a-z\\x1b]{0,5}|[0-9;m\\[]{0,4})", 0..20)) {
            let text = parts.concat();
            if let Some(found) = stretches(text.as_bytes()) {
                let mut at = 0;
                for (range, _) in &found {
                    prop_assert!(range.start >= at && range.start < range.end);
                    while at < range.start {
                        let len = sequence_len(&text.as_bytes()[at..]);
                        prop_assert!(len > 0);
                        at += len;
                    }
                    at = range.end;
                }
                prop_assert!(found.iter().all(|(range, _)| memchr::memchr_iter(0x1b, &text.as_bytes()[range.clone()])
                    .all(|escape| sequence_len(&text.as_bytes()[range.start + escape..]) == 0)));
            }
        }
    }
}
